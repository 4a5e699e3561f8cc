// Dynamic partial-order reduction with source sets and wakeup sequences: each class once.
// Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014 (source
// sets, sleep sets, wakeup trees), and "Source sets: a foundation for optimal dynamic partial order
// reduction", JACM 2017.
//
// Guarantee: when it runs out, every class of executions that differ only in the order of
// independent steps was executed to its end, exactly once. An execution may end half-way, sleep-set
// blocked (`blocked`): all that can go sleeps. It takes on trust the relation (dependent() of
// steps.h) and that what makes a step impossible, or gives it another footprint, conflicts
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
// 1. Nodes 0 .. depth() of the execution are its decisions; tree[0] of each is the branch being
// explored.
// 2. A sleeping step's classes are all explored, or will be by other parts; a step is put to sleep
// when its branch is done or given away.
// 3. A step is named by who takes it (System::actor_key), never by a number that another order of
// creation would change.
#include "engine/base/error.h"
#include "engine/dpor/dpor.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {

bool Dpor::begin(uint64_t iteration, System& system) {
  system_ = &system;
  execution_.run_on(system);
  steps_.begin();
  images_.stay();
  at_rest_ = false;
  blocked_ = redundant_ = false;
  at_ = 0;
  const bool again = iteration == iteration_;
  if (!again && gave_up()) return false;
  if (!again && !trunk_ && due()) begin_anew();
  const bool first = iteration_ == kNever;
  iteration_ = iteration;
  if (again) return true;
  execution_.forget_races();
  if (start_)
    start();
  else if (!first && !backtrack()) {
    if (trunk_ || lessons_->empty()) return false;
    begin_anew();
    iteration_ = iteration;
  }
  at_ = images_.go_back(system, fresh_, static_cast<uint32_t>(fresh_));
  at_rest_ = images_.at_rest();
  return true;
}

// The deepest node that has a branch left takes its next one.
bool Dpor::backtrack() {
  for (; execution_.depth() > base_; execution_.leave()) {
    const size_t at = execution_.depth() - 1;
    DporNode& node = execution_.node(at);
    node.finish(execution_.step(at), steps_.pool());
    if (!node.settle()) continue;
    execution_.forget_actors();
    fresh_ = at;
    take(at);
    return true;
  }
  return false;
}

// Follows the first branch of the node's tree.
void Dpor::take(size_t at) {
  DporNode& node = execution_.node(at);
  execution_.take(at);
  wakeup_ = std::exchange(node.tree.front().rest, {});
  // Timers of one deadline race all the same: with what the first one leads to before it, the other
  // is no neighbour.
  const Step& taken = execution_.step(at);
  if (node.data || !at_quiescence(taken.op)) return;
  for (const Pending& p : node.pending)
    if (at_quiescence(p.step->op) && p.step->actor_key != taken.actor_key) saw_before(at, *p.step);
}

// Every branch of a node counts alike, those not found yet not at all.
double Dpor::share() const {
  double done = 0, part = 1;
  const size_t depth = execution_.depth();
  for (size_t i = base_; i < depth; i++) {
    const DporNode& node = execution_.node(i);
    const double all = node.branches();
    done += part * node.done / all;
    part /= all;
  }
  return depth && !start_ ? done + part : 0;
}

size_t Dpor::choose(const ChoicePoint& point) {
  const size_t depth = execution_.depth();
  if (at_ < depth) {
    const DporNode& node = execution_.node(at_);
    LOCKSTEP_ASSERT(node.count == point.count && node.data == point.data);
    images_.passing(*system_, at_++);
    return node.chosen;
  }
  DporNode& node = enter(point);
  if (!node.settle() && !node.pick_first(steps_.pool())) {
    blocked_ = true;
    return kStop;
  }
  node.add_timers();
  node.add_without_crash();
  take(depth);
  execution_.advance();
  at_ = depth + 1;
  return node.chosen;
}

DporNode& Dpor::enter(const ChoicePoint& point) {
  DporNode& node = execution_.enter(point);
  if (!wakeup_.empty()) {
    const Step* next = wakeup_.back();
    wakeup_.pop_back();
    node.tree.push_back({next, std::move(wakeup_)});
    wakeup_.clear();
  }
  if (point.data) {
    node.add_below_value(steps_.pool());
    return node;
  }
  for (uint32_t i = 0; i < point.count; i++) {
    const Alternative& a = point.alternatives[i];
    const Pending p = steps_.pending(a, i, execution_.key(a.actor), *system_);
    if (ends_all(a) && point.count > 1)
      node.root_end = p;
    else
      node.pending.push_back(p);
    node.crash |= is_crash(*p.step);
  }
  return node;
}

// A sleep-set blocked execution is looked at like any other: the executions that its sleep sets
// stand for need not have these races, nor have kept the same from coming.
void Dpor::put_in_order(const Outcome& outcome, System& system) {
  execution_.look_at_mail();
  disabled_.find(execution_, steps_, system, outcome, fresh_, blocked_);
  ending_ = blocked_ ? kNever : ending(outcome);
  if (execution_.by_mail()) execution_.order_by_mail();
}

// Nothing sleeps in the first execution, so with what is learnt from it that is put in order again.
// True: it was.
bool Dpor::learn() {
  const ToldApart told = execution_.told_apart(disabled_.all());
  if (told.empty()) return false;
  if (counted_ > 0 || trunk_) {
    lessons_->add(told);
    return false;
  }
  execution_.tell_apart(told);
  disabled_ = {};
  return true;
}

// The relation with what was learnt.
Relation Dpor::learnt() {
  auto told = std::make_shared<ToldApart>(*execution_.relation().told);
  told->add(lessons_->take());
  return {execution_.relation().equal_writes, execution_.relation().only_equal, std::move(told)};
}

// As if nothing had been executed yet, but with what was learnt.
void Dpor::begin_anew() {
  execution_ = DporExecution(reduce_, learnt());
  execution_.run_on(*system_);
  disabled_ = {};
  wakeup_ = {};
  images_.forget();
  iteration_ = kNever;
  fresh_ = 0;
  ending_ = kNever;
  discarded_ += counted_;
  patience_ = std::max(patience_, counted_) * 2;
  counted_ = 0;
}

std::unique_ptr<Subtree> Dpor::anew(uint64_t executions, bool last) {
  if (!trunk_ || lessons_->empty() || !(last || executions >= patience_)) return nullptr;
  auto whole =
      std::make_unique<Dpor>(reduce_, steps_.pool(), fair_spins_, DporExecution(reduce_, learnt()));
  whole->patience_ = std::max(patience_, executions) * 2;
  return whole;
}

std::vector<uint64_t> Dpor::learnt() const {
  if (!execution_.relation().told) return {};
  ToldApart all = *execution_.relation().told;
  lessons_->add_to(all);
  return all.sorted();
}

std::unique_ptr<Subtree> Dpor::afresh(const std::vector<uint64_t>& learnt) const {
  Relation relation = DporExecution(reduce_).relation();
  if (relation.told) relation.told = std::make_shared<const ToldApart>(learnt);
  return std::make_unique<Dpor>(reduce_, steps_.pool(), fair_spins_,
                                DporExecution(reduce_, std::move(relation)));
}

void Dpor::end(const Outcome& outcome, System& system) {
  if (execution_.depth() == 0) return;
  do put_in_order(outcome, system);
  while (!execution_.cut_off() && learn());
  if (execution_.cut_off()) return;
  redundant_ = !blocked_ && execution_.by_mail() && execution_.repeats();
  class_digest_ = !blocked_ && execution_.may_crash() ? execution_.class_digest() : 0;
  counted_ += !blocked_ && !redundant_;
  for (const auto& [early, late] : execution_.races())
    seen_.saw(execution_.name(early), execution_.name(late));
  reverse_races();
  reverse_disabled();
  if (execution_.cut_off()) return;
  if (ending_ != kNever) add_before_end(ending_);
}

// The step that ended the execution while others could have gone on: each of them has to be tried
// before it, and so has the root's end, which they would have come before. kNever: there is none.
size_t Dpor::ending(const Outcome& outcome) const {
  if (outcome.verdict == Verdict::deadlock || outcome.verdict == Verdict::stopped) return kNever;
  if (disabled_.crash_waits()) return kNever;
  size_t at = execution_.depth();
  while (at > 0 && execution_.node(at - 1).data) at--;
  if (at-- == 0) return kNever;  // only values were chosen
  const DporNode& last = execution_.node(at);
  const Step* root_end = last.root_end.step;
  // It was in the wakeup tree here, as they were.
  if (root_end && execution_[at].actor_key == root_end->actor_key) return kNever;
  return last.pending.size() < 2 && !root_end ? kNever : at;
}

void Dpor::add_before_end(size_t at) {
  DporNode& last = execution_.node(at);
  const uint64_t ended_by = execution_[at].actor_key;
  for (const Pending& p : last.pending)
    if (p.step->actor_key != ended_by && execution_.depends(at, *p.step)) saw_before(at, *p.step);
  execution_.put(at, steps_.pool().finished(execution_.step(at)));
  const auto add = [&](const Step& step) {
    if (step.actor_key == ended_by || last.asleep(step)) return;
    Sequence v = sequence();
    v.push(step, execution_.depth());
    add_wakeup(at, v);
  };
  for (const Pending& p : last.pending) add(*p.step);
  const Step*& root_end = last.root_end.step;
  if (root_end) add(*(root_end = steps_.pool().finished(*root_end)));
}

const StrategyInfo kDporInfo = {
    "dpor",
    "one execution for each class of equivalent schedules",
    "when it runs out, every class was executed, each once (engine/search/README.md)",
    "Abdulla, Aronis, Jonsson, Sagonas: Optimal dynamic partial order reduction (2014)",
    {.exhaustive = true,
     .takes = kTakesReduce | kTakesSpins,
     .tree = true,
     .saves = true,
     .splits = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Dpor>(options);
    }};

}  // namespace lockstep
