// Parts of the reduction. A part explores what is below one branch of a node that it shares with
// others. Within it everything is as in strategy_dpor.cpp; a race that has to be reversed at a node
// above is handed to the trunk, where it becomes a part of its own unless it is redundant by the
// sleep set: by a branch given away before. Every class is executed once.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/dpor/dpor.h"

namespace lockstep {

// Below `first`, taken at node `at` of this path.
std::unique_ptr<Dpor> Dpor::part(const std::shared_ptr<Trunk>& trunk, size_t at, Branch&& first) {
  DporNode last = trunk->node.bare();
  last.tree.push_back(std::move(first));
  auto p = std::make_unique<Dpor>(reduce_, steps_.pool(), fair_spins_,
                                  execution_.prefix(at, std::move(last)));
  p->base_ = at + 1;
  p->trunk_ = trunk;
  p->start_ = true;
  p->weight = trunk->weight;
  p->lessons_ = lessons_;
  p->patience_ = patience_;
  return p;
}

// The part's first execution: its prefix is that of others, its last step is new.
void Dpor::start() {
  start_ = false;
  execution_.order_prefix();
  fresh_ = execution_.depth() - 1;
  take(fresh_);
}

// A branch given away sleeps in all other parts. Whether its step comes last somewhere will be
// known when they have begun.
const Step* Dpor::given_away(const DporNode& node, const Step& step) {
  return node.crash ? steps_.pool().at_last(step) : &step;
}

Subtree::Parts Dpor::split() {
  Parts out;
  size_t at = base_;
  const size_t depth = execution_.depth();
  while (at < depth && !execution_.node(at).has_more()) at++;
  if (start_ || at == depth) return out;
  for (size_t i = base_; i <= at; i++) {
    DporNode& node = execution_.node(i);
    out.done += weight * node.done / node.branches();
    weight /= node.branches();
    trunk_ = std::make_shared<Trunk>(Trunk{trunk_, node.bare(), weight});
    const Step& taken = execution_.step(i);
    if (!node.data) trunk_->node.sleep.add(given_away(trunk_->node, taken));
  }
  base_ = at + 1;
  DporNode& node = execution_.node(at);
  DporNode& shared = trunk_->node;
  const auto give_away = [&](Branch&& first) {
    if (!node.data && shared.sleep.has(first.step->actor_key)) {
      out.done += weight;
      return;
    }
    const Step* step = first.step;
    out.parts.push_back(part(trunk_, at, std::move(first)));
    if (!node.data) shared.sleep.add(given_away(shared, *step));
  };
  for (size_t i = 1; i < node.tree.size(); i++) {
    Branch& branch = node.tree[i];
    if (node.data) {
      shared.tried[branch.step->value] = true;
      give_away(std::move(branch));
    } else if (const Pending* p = node.find(branch.step->actor_key)) {
      branch.step = p->step;
      give_away(std::move(branch));
    } else {
      shared.impossible.push_back(branch.step);
      for (const Pending& p : shared.pending)
        if (!shared.asleep(*p.step)) give_away({p.step, {}});
    }
  }
  if (node.data)
    for (uint32_t value = 0; value < node.count; value++)
      if (!shared.tried[value]) {
        shared.tried[value] = true;
        give_away({steps_.pool().data(node.asker, value), {}});
      }
  node.tree.resize(1);
  return out;
}

// A race that is to be reversed at one of these nodes is redundant then, since what would come
// first is asleep there: but for the root's end and for crashes, which nobody has to wait for.
// Whoever finds that such a part is needed has it, and it may be several.
Subtree::Parts Dpor::fan_out() {
  for (size_t at = base_; at < execution_.depth(); at++) {
    DporNode& node = execution_.node(at);
    for (const Pending& p : node.pending)
      if (!is_crash(*p.step)) node.add(*p.step);
    if (node.has_more()) break;
  }
  return split();
}

std::shared_ptr<Dpor::Trunk> Dpor::trunk_at(size_t at) const {
  std::shared_ptr<Trunk> trunk = trunk_;
  for (size_t depth = base_ - 1; depth > at; depth--) trunk = trunk->above;
  return trunk;
}

void Dpor::add_wakeup_above(size_t depth, const Sequence& v) {
  const Step& taken = execution_.step(depth);
  const Step* marked = taken.final ? &taken : nullptr;
  // The trunk does not change while parts are at work.
  if (!marked && v.redundant_by(trunk_at(depth)->node.sleep)) return;
  above_.push({depth, v.steps(), v.order(), v.unsure(), false, marked}, v.digest());
}

// The same race is often met again.
void WakeupsAbove::push(WakeupSequence wakeup, uint64_t of_steps) {
  const uint64_t digest = mix64(of_steps, wakeup.depth);
  const auto [from, to] = by_digest_.equal_range(digest);
  if (std::any_of(from, to, [&](const auto& known) { return all_[known.second] == wakeup; }))
    return;
  by_digest_.emplace(digest, all_.size());
  all_.push_back(std::move(wakeup));
}

std::vector<WakeupSequence> WakeupsAbove::take() {
  by_digest_.clear();
  return std::exchange(all_, {});
}

void Dpor::give(const WakeupSequence& wakeup, std::vector<std::unique_ptr<Subtree>>& parts) {
  const std::shared_ptr<Trunk> trunk = trunk_at(wakeup.depth);
  DporNode& node = trunk->node;
  if (wakeup.marked)
    for (const Step*& s : node.sleep.steps)
      if (s->actor_key == wakeup.marked->actor_key) s = given_away(node, *wakeup.marked);
  HappensBefore order;
  Sequence v(order, execution_.relation(), buffer_);
  for (size_t i = 0; i < wakeup.steps.size(); i++) {
    order.restart(i, {});
    v.push(*wakeup.steps[i], i);
  }
  for (const auto& [early, late] : wakeup.order) order.add(late, early);
  if (wakeup.unsure) v.be_unsure();
  if (node.sleep.has(wakeup.steps.front()->actor_key)) return;
  if (!wakeup.whole && v.redundant_by(node.sleep)) return;
  if (node.explores_all(v)) return;
  const Step* first = wakeup.steps.front();
  const Pending* found = node.find(first->actor_key);
  if (!found) {
    node.impossible.push_back(first);
    for (const Pending& p : node.pending)
      if (!node.asleep(*p.step)) {
        parts.push_back(part(trunk, wakeup.depth, {p.step, {}}));
        node.sleep.add(given_away(node, *p.step));
      }
    return;
  }
  const Step* given = found->step;
  parts.push_back(
      part(trunk, wakeup.depth, {given, {wakeup.steps.rbegin(), wakeup.steps.rend() - 1}}));
  node.sleep.add(given_away(node, *given));
}

std::vector<std::unique_ptr<Subtree>> Dpor::surrender() {
  steps_.pool().measure();
  std::vector<std::unique_ptr<Subtree>> parts;
  for (const WakeupSequence& wakeup : above_.take()) give(wakeup, parts);
  return parts;
}

void Dpor::witness(Evidence& evidence) {
  evidence.races.merge(seen_);
  seen_ = {};
}

}  // namespace lockstep
