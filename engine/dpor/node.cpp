#include "engine/dpor/node.h"

#include <utility>

namespace lockstep {

void DporNode::reset() {
  data = expanded = last = crash = false;
  count = chosen = actors = done = 0;
  pending.clear();
  root_end = {};
  impossible.clear();
  tree.clear();
}

DporNode DporNode::bare() const {
  DporNode n;
  n.data = data;
  n.crash = crash;
  n.count = count;
  n.chosen = chosen;
  n.actors = actors;
  n.done = done;
  n.pending = pending;
  n.root_end = root_end;
  n.sleep = sleep;
  n.impossible = impossible;
  n.tried = tried;
  n.asker = asker;
  return n;
}

const Pending* DporNode::find(uint64_t actor_key) const {
  const auto it = std::find_if(pending.begin(), pending.end(), [actor_key](const Pending& p) {
    return p.step->actor_key == actor_key;
  });
  if (it != pending.end()) return &*it;
  return root_end.step && root_end.step->actor_key == actor_key ? &root_end : nullptr;
}

bool DporNode::in_wakeup_tree(const Step& step) const {
  return std::any_of(tree.begin(), tree.end(),
                     [&](const Branch& b) { return b.step->actor_key == step.actor_key; });
}

// But for the root's end, which is not among what could go.
bool DporNode::explores_all(const Sequence& v) const {
  return !impossible.empty() && !(root_end.step && v.starts_with(*root_end.step));
}

uint32_t DporNode::untried() const {
  return static_cast<uint32_t>(std::find(tried.begin(), tried.end(), false) - tried.begin());
}

void DporNode::add(const Step& step) {
  if (!asleep(step) && !in_wakeup_tree(step)) tree.push_back({&step, {}});
}

// Where a step of the wakeup tree cannot go, the system did not tell what makes it possible:
// everything that can go is added instead, which loses no class but may execute some more than
// once.
bool DporNode::settle() {
  while (!data && !tree.empty()) {
    const uint64_t actor_key = tree.front().step->actor_key;
    if (sleep.has(actor_key)) {  // on a way to start, or since it was added
      tree.erase(tree.begin());
      continue;
    }
    if (find(actor_key)) break;
    impossible.push_back(tree.front().step);
    tree.erase(tree.begin());
    for (const Pending& p : pending) add(*p.step);
  }
  return !tree.empty();
}

// A crash only if there is nothing else: time never waits for it, so no race would ask for time to
// pass before it.
const Step* DporNode::first_awake() const {
  const Step* step = nullptr;
  for (size_t i = 0; i < pending.size() && (!step || is_crash(*step)); i++) {
    const Step* here = pending[i].step;
    if (!asleep(*here) && (!step || !is_crash(*here))) step = here;
  }
  return step;
}

bool DporNode::pick_first(StepPool& pool) {
  const Step* step = data ? pool.data(asker, 0) : first_awake();
  if (step) tree.push_back({step, {}});
  return step != nullptr;
}

// A wakeup sequence may begin with a crash. What is executed without it has no race with it: a
// crash never has to come.
void DporNode::add_without_crash() {
  const auto crash = [](const Branch& b) { return is_crash(*b.step); };
  if (data || !std::all_of(tree.begin(), tree.end(), crash)) return;
  const Step* step = first_awake();
  if (step && !is_crash(*step)) tree.push_back({step, {}});
}

void DporNode::finish(const Step& step, StepPool& pool) {
  done++;
  if (!data) sleep.add(last ? pool.at_last(step) : &step);
  last = false;
  tree.erase(tree.begin());
  if (!data || !tree.empty()) return;
  if (const uint32_t value = untried(); value < count)
    tree.push_back({pool.data(asker, value), {}});
}

void DporNode::add_below_value(StepPool& pool) {
  if (tree.empty() || tree.front().step->kind == AltKind::data) return;
  Branch& branch = tree.front();
  branch.rest.push_back(std::exchange(branch.step, pool.data(asker, 0)));
}

// Timers of one deadline fire when nothing else can go (but faults), so all that comes before is
// before each of them, and no race would ask for another order: every one of them is added as a
// first step.
void DporNode::add_timers() {
  if (data) return;
  const Step& first = *tree.front().step;
  if (!at_quiescence(first.op) && first.kind != AltKind::fault) return;
  for (const Pending& p : pending)
    if (at_quiescence(p.step->op)) add(*p.step);
}

}  // namespace lockstep
