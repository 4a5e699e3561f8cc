// Dynamic partial-order reduction with source sets and wakeup sequences: each class once.
// Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014 (source
// sets, sleep sets, wakeup trees), and "Source sets: a foundation for optimal dynamic partial order
// reduction", JACM 2017.
//
// Guarantee: when it runs out, every class of executions that differ only in the order of
// independent steps was executed to its end, exactly once. An execution may end half-way, sleep-set
// blocked (`blocked`): all that can go sleeps. It takes on trust the relation (dependent() of
// dpor_steps.h) and that what makes a step impossible, or gives it another footprint, conflicts
// with it; strategy_sleep.cpp takes on trust the relation alone, and the tests compare the two.
//
// Where it is not the paper's optimal algorithm, and why:
// - The sequence that reverses a race is redundant by a step that has slept since a node above only
// if that is an initial of it. The paper lets it be a weak initial, and looks at all races of all
// executions again; looking once is cheaper, and the price is executions that are sleep-set
// blocked.
// - What a step touches may be changed by one that it conflicts with: who is told of an end, what a
// monitor finds. What would follow it in another order cannot be told then, so everything that can
// go there is added to the wakeup tree (Dpor::expand).
// - Values of lockstep.choose are branches of their process, all executed. An acquire of a lock
// races with the latest operation on it that it could come before, not with the releases after
// that, which only make it possible (Trail::latest_coenabled_acquire). What a process still waits
// for at the end counts as a step that never came, or deadlocks would be missed, and so does what a
// step makes impossible. A step that ends the execution while others could go on depends on all of
// them, and the end of the root process is put off until nothing else can go, or such a step would
// come.
//
// Invariants
// 1. path_[0 .. depth_) are the decisions of the current execution; path_[i].tree[0] is the branch
// being explored.
// 2. A sleeping step's classes are all explored, or will be by other parts; a step is put to sleep
// when its branch is done or given away.
// 3. A step is named by who takes it (System::actor_key), never by a number that another order of
// creation would change.
#include <algorithm>
#include <iterator>

#include "engine/base/error.h"
#include "engine/schedule/strategy_list.h"
#include "engine/search/dpor.h"

namespace lockstep {

bool Dpor::begin(uint64_t iteration, System& system) {
  system_ = &system;
  images_.stay();
  at_rest_ = false;
  blocked_ = redundant_ = false;
  at_ = 0;
  executions_++;
  const bool again = iteration == iteration_, first = iteration_ == kNever;
  iteration_ = iteration;
  if (again) return true;
  races_.clear();
  if (start_)
    start();
  else if (!first && !backtrack())
    return false;
  at_ = images_.go_back(system, fresh_, static_cast<uint32_t>(fresh_));
  at_rest_ = images_.at_rest();
  return true;
}

// The deepest node that has a branch left takes its next one.
bool Dpor::backtrack() {
  for (; depth_ > base_; depth_--) {
    Node& node = path_[depth_ - 1];
    node.done++;
    const Step* done = steps_[depth_ - 1].step;
    if (!node.data) node.sleep.add(node.last ? pool_.at_last(*done) : done);
    node.last = false;
    node.tree.erase(node.tree.begin());
    if (node.data && node.tree.empty()) {
      const auto it = std::find(node.tried.begin(), node.tried.end(), false);
      if (it == node.tried.end()) continue;
      node.tree.push_back(
          {pool_.data(node.asker, static_cast<uint32_t>(it - node.tried.begin())), {}, {}});
    }
    if (!settle(node)) continue;
    keys_.resize(node.actors);
    creator_.resize(node.actors);
    fresh_ = depth_ - 1;
    take(node, depth_ - 1);
    return true;
  }
  return false;
}

// Follows the first branch of the node's tree.
void Dpor::take(Node& node, size_t at) {
  Pending next{node.tree.front().step};
  if (node.data) {
    node.chosen = next.step->value;
    node.tried[node.chosen] = true;
  } else {
    next = *find(node, next.step->actor_key);
    node.chosen = next.index;
  }
  Taken& taken = steps_.set(at, Taken(next));
  if (next.step->op.flags & kInTurn) taken.since = possible_since(at, next.step->actor_key);
  wakeup_.follow(node.tree.front());
  found_.clear();
  append_to_path(at);
  if (const size_t before = latest(at, taken.actor_key)) {
    taken.before = static_cast<uint32_t>(before);
    taken.nth = steps_[before - 1].nth + 1;
  }
  see_timers(node, at);
  for (const size_t early : found_) races_.emplace_back(early, at);
}

// The first of the decisions up to `at` since which the actor could go.
uint32_t Dpor::possible_since(size_t at, uint64_t actor_key) const {
  while (at > 0 && (path_[at - 1].data || find(path_[at - 1], actor_key))) at--;
  return static_cast<uint32_t>(at);
}

// Every branch of a node counts alike, those not found yet not at all.
double Dpor::share() const {
  double done = 0, part = 1;
  for (size_t i = base_; i < depth_; i++) {
    const double all = path_[i].branches();
    done += part * path_[i].done / all;
    part /= all;
  }
  return depth_ && !start_ ? done + part : 0;
}

const Pending* Dpor::find(const Node& node, uint64_t actor_key) {
  const auto it =
      std::find_if(node.pending.begin(), node.pending.end(),
                   [actor_key](const Pending& p) { return p.step->actor_key == actor_key; });
  if (it != node.pending.end()) return &*it;
  return node.root_end.step && node.root_end.step->actor_key == actor_key ? &node.root_end
                                                                          : nullptr;
}

// False if nothing is left to execute. Where a step of the wakeup tree cannot go, the system did
// not tell what makes it possible: everything that can go is added instead, which loses no class
// but may execute some more than once.
bool Dpor::settle(Node& node) {
  while (!node.data && !node.tree.empty()) {
    const uint64_t actor_key = node.tree.front().step->actor_key;
    if (node.sleep.has(actor_key)) {  // on a way to start, or since it was added
      node.tree.erase(node.tree.begin());
      continue;
    }
    if (find(node, actor_key)) break;
    node.impossible.push_back(node.tree.front().step);
    node.tree.erase(node.tree.begin());
    for (const Pending& p : node.pending)
      if (!asleep(node, *p.step) && !in_wakeup_tree(node, *p.step))
        node.tree.push_back({p.step, {}, {}});
  }
  return !node.tree.empty();
}

size_t Dpor::choose(const ChoicePoint& point) {
  if (at_ < depth_) {
    LOCKSTEP_ASSERT(path_[at_].count == point.count && path_[at_].data == point.data);
    images_.passing(*system_, at_);
    return path_[at_++].chosen;
  }
  if (path_.size() == depth_) path_.emplace_back();
  Node& node = path_[depth_];
  enter(node, depth_, point);
  if (!settle(node) && !pick_first(node)) {
    blocked_ = true;
    return kStop;
  }
  add_timers(node);
  take(node, depth_);
  at_ = ++depth_;
  return node.chosen;
}

void Dpor::enter(Node& node, size_t at, const ChoicePoint& point) {
  for (auto actor = static_cast<ActorId>(keys_.size()); actor < point.actors; actor++) {
    const uint64_t k = system_->actor_key(actor);
    keys_.push_back(k ? k : actor + 1);
    creator_.push_back(static_cast<uint32_t>(at));
  }
  node.data = point.data;
  node.done = 0;
  node.last = node.expanded = false;
  node.count = point.count;
  node.actors = static_cast<uint32_t>(keys_.size());
  node.tree.clear();
  wakeup_.unfold(node.tree);
  if (at > 0) {
    node.sleep = path_[at - 1].sleep;
    node.sleep.wake(*steps_[at - 1].step, reduce_.equal_writes);
    node.sleep.inherited = node.sleep.steps.size();
  }
  node.impossible.clear();
  node.pending.clear();
  node.root_end.step = nullptr;
  if (point.data) {
    node.tried.assign(point.count, false);
    node.asker = key(point.last);
    add_below_value(node);
    return;
  }
  for (uint32_t i = 0; i < point.count; i++) {
    const Alternative& a = point.alternatives[i];
    if (ends_all(a) && point.count > 1)
      node.root_end = pending(a, i);
    else
      node.pending.push_back(pending(a, i));
  }
}

// Wakeup sequences of who did not know of a choice of data here go below one of its values.
void Dpor::add_below_value(Node& node) {
  WakeupTree& tree = node.tree;
  const auto others = std::stable_partition(
      tree.begin(), tree.end(), [](const Branch& b) { return b.step->kind == AltKind::data; });
  if (others == tree.end()) return;
  WakeupTree below(std::make_move_iterator(others), std::make_move_iterator(tree.end()));
  tree.erase(others, tree.end());
  if (tree.empty()) tree.push_back({pool_.data(node.asker, 0), {}, {}});
  WakeupTree& next = tree.front().below();
  std::move(below.begin(), below.end(), std::back_inserter(next));
}

// Most of what is pending was pending a step ago.
Pending Dpor::pending(const Alternative& a, uint32_t index) {
  if (known_.size() <= a.actor) known_.resize(a.actor + 1);
  Known& known = known_[a.actor];
  const Operation &x = known.of.op, &y = a.op;
  const auto equal = [](const Footprint& f, const Footprint& g) {
    return f.object == g.object && f.access == g.access;
  };
  const bool same = known.execution == executions_ && known.of.kind == a.kind &&
                    known.of.process == a.process && !known.of.cause == !a.cause &&
                    x.kind == y.kind && x.access == y.access && x.flags == y.flags &&
                    x.object == y.object && x.value == y.value && x.extra_count == y.extra_count &&
                    std::equal(known.extra.begin(), known.extra.end(), y.extra, equal);
  if (!same) {
    known.execution = executions_;
    known.of = a;
    known.extra.assign(y.extra, y.extra + y.extra_count);
    known.step = pool_.step(a, key(a.actor), *system_);
  }
  return {known.step, a.cause, index};
}

// The wakeup tree is empty: anything will do that is not asleep. A crash only if there is nothing
// else: time never waits for it, so no race would ask for time to pass before it.
bool Dpor::pick_first(Node& node) {
  const Step* step = node.data ? pool_.data(node.asker, 0) : nullptr;
  for (size_t i = 0; i < node.pending.size() && (!step || is_crash(*step)); i++) {
    const Step* here = node.pending[i].step;
    if (!asleep(node, *here) && (!step || !is_crash(*here))) step = here;
  }
  if (step) node.tree.push_back({step, {}, {}});
  return step != nullptr;
}

// Timers of one deadline fire when nothing else can go (but faults), so all that comes before is
// before each of them, and no race would ask for another order: every one of them is added as a
// first step.
void Dpor::add_timers(Node& node) {
  if (node.data) return;
  const Step& first = *node.tree.front().step;
  if (!at_quiescence(first.op) && first.kind != AltKind::fault) return;
  for (const Pending& p : node.pending)
    if (at_quiescence(p.step->op) && !asleep(node, *p.step) && !in_wakeup_tree(node, *p.step))
      node.tree.push_back({p.step, {}, {}});
}

// They race all the same: with what the first one leads to before it, the other is no neighbour.
void Dpor::see_timers(const Node& node, size_t at) {
  if (node.data || !at_quiescence(steps_[at].step->op)) return;
  for (const Pending& p : node.pending)
    if (at_quiescence(p.step->op) && p.step->actor_key != steps_[at].actor_key)
      saw_before(at, *p.step);
}

bool Dpor::in_wakeup_tree(const Node& node, const Step& step) {
  return std::any_of(node.tree.begin(), node.tree.end(),
                     [&](const Branch& b) { return b.step->actor_key == step.actor_key; });
}

// Direct causes: the actor's step before, its creation, the message.
void Dpor::causes_of(size_t at, const Taken& taken) {
  direct_.clear();
  if (taken.cause > 0 && taken.cause <= at) direct_.push_back(taken.cause - 1);
  if (const size_t before = latest(at, taken.actor_key)) return direct_.push_back(before - 1);
  for (size_t actor = 0; actor < keys_.size(); actor++)
    if (keys_[actor] == taken.actor_key && creator_[actor] > 0)
      direct_.push_back(creator_[actor] - 1);
}

// 1 + the last decision of the actor among the first `at`; 0: there is none.
size_t Dpor::latest(size_t at, uint64_t actor_key) const {
  while (at > 0 && steps_[at - 1].actor_key != actor_key) at--;
  return at;
}

void Dpor::append_to_path(size_t at) {
  meets_by_mail_ = false;
  append(at, at, steps_[at], found_);
  path_[at].by_mail = meets_by_mail_ || (at > 0 && path_[at - 1].by_mail);
}

// As the step numbered `at`, after the first `count` steps.
void Dpor::append(size_t at, size_t count, const Taken& taken, std::vector<size_t>& races) {
  causes_of(count, taken);
  const Step& step = *taken.step;
  order_.append(
      at, count, taken, direct_, steps_,
      [this](size_t i, const Step& late) {
        if (!depends(i, late)) return false;
        if (reduce_.needs_mail() && !meets_by_mail_)
          meets_by_mail_ = only_mailbox(*steps_[i].step, late) != 0;
        return true;
      },
      races);
  leave_out_declarations(step, races);
}

// The first declaration of a kind of fault only makes it possible: that is no race.
void Dpor::leave_out_declarations(const Step& step, std::vector<size_t>& races) const {
  if (step.kind != AltKind::fault) return;
  std::erase_if(races, [&](size_t early) {
    const auto meets = [&](size_t i) { return meet_in_a_fault(*steps_[i].step, step); };
    if (steps_[early].step->kind == AltKind::fault || !meets(early)) return false;
    while (early > 0 && !meets(early - 1)) early--;
    return early == 0;
  });
}

void Dpor::end(const Outcome& outcome, System&) {
  settled_ = std::min(settled_, fresh_);
  if (depth_ == 0) return;
  by_mail_ = reduce_.needs_mail() && path_[depth_ - 1].by_mail;
  // A sleep-set blocked execution is looked at like any other: the executions that its sleep sets
  // stand for need not have these races, nor have kept the same from coming.
  ending_ = kNever;
  find_disabled(outcome);
  if (!blocked_) ending_ = ending(outcome);
  if (by_mail_)
    look_back();
  else
    see_races();
  redundant_ = redundant_ && !blocked_;
  reverse_races();
  reverse_disabled();
  if (ending_ == kNever) return;
  const size_t at = ending_;
  Node& last = path_[at];
  const Step*& root_end = last.root_end.step;
  for (const Pending& p : last.pending)
    if (p.step->actor_key != steps_[at].actor_key && depends(at, *p.step)) saw_before(at, *p.step);
  steps_.put(at, pool_.finished(*steps_[at].step));
  const auto add_before_end = [&](const Step& step) {
    if (step.actor_key == steps_[at].actor_key || asleep(last, step)) return;
    Sequence v(order(), reduce_.equal_writes, buffer_);
    v.push(step, depth_);
    add_wakeup(at, v);
  };
  for (const Pending& p : last.pending) add_before_end(*p.step);
  if (root_end) add_before_end(*(root_end = pool_.finished(*root_end)));
}

// The step that ended the execution while others could have gone on: each of them has to be tried
// before it, and so has the root's end, which they would have come before. kNever: there is none.
size_t Dpor::ending(const Outcome& outcome) const {
  if (outcome.verdict == Verdict::deadlock || outcome.verdict == Verdict::stopped) return kNever;
  if (crash_waits()) return kNever;
  size_t at = depth_;
  while (at > 0 && path_[at - 1].data) at--;
  if (at-- == 0) return kNever;  // only values were chosen
  const Node& last = path_[at];
  const Step* root_end = last.root_end.step;
  // It was in the wakeup tree here, as they were.
  if (root_end && steps_[at].actor_key == root_end->actor_key) return kNever;
  return last.pending.size() < 2 && !root_end ? kNever : at;
}

void Dpor::see_races() {
  for (const auto& [early, late] : races_) seen_.saw(name(early), name(late));
}

uint64_t Dpor::key(ActorId actor) {
  if (actor < keys_.size()) return keys_[actor];
  const uint64_t k = system_->actor_key(actor);
  return k ? k : actor + 1;
}

const StrategyInfo kDporInfo = {
    "dpor",
    "one execution for each class of equivalent schedules",
    "when it runs out, every class was executed, each once (engine/search/README.md)",
    "Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic partial order reduction (2014)",
    {.exhaustive = true, .takes = kTakesReduce | kTakesSpins, .tree = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Dpor>(options);
    }};

}  // namespace lockstep
