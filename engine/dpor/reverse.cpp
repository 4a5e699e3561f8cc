// Races reversed: what has to be executed so that the later step of each comes first.
//
// A race is looked at once, in the first execution that has it. From the state before its earlier
// step, all that follows up to the later one and does not come after the earlier one can be
// executed again, and then the later one: that sequence is added to the wakeup tree there, unless
// one of its initials is explored or in the tree already. Initials are steps of the sequence
// (source sets), never steps that merely commute with it: what follows the sequence is not known,
// and may not commute with those.
#include <algorithm>

#include "engine/dpor/dpor.h"

namespace lockstep {

void Dpor::reverse_races() {
  for (const auto& [early, late] : execution_.races()) {
    if (execution_.cut_off()) return;
    reverse(early, late, execution_[late], late);
  }
}

// Reverses the race (early, last). `last` follows the first `count` steps, and is number `late`
// among those before which it has a row in order.
void Dpor::reverse(size_t early, size_t late, const Taken& last, size_t count) {
  HappensBefore& order = execution_.order();
  const size_t depth = execution_.depth();
  Sequence v = sequence();
  // Who notices may come after it, so that all counts. And a crash waits for nothing, so what
  // follows it and commutes with it is a way to it as well: else it would be executed before and
  // after that. What ended the execution while others could go on comes after all.
  const size_t end = execution_.by_mail() || is_crash(*last.step) ? depth : count;
  for (size_t i = early + 1; i < end; i++)
    if (i != late && i != ending_ && !order.before(early, i) &&
        (i < count || !(order.before(late, i) || execution_.depends(i, *last.step))))
      v.push(execution_.step(i), i);
  DporNode& node = execution_.node(early);
  const Step& late_step = *last.step;
  // Without `early` its release is gone too, and with it what came before `late` only through that.
  if (late_step.op.flags & kAcquire) late = execution_.order_without(early, last, late, count);
  // What it touches may have been changed by `early`; and what goes before it here may change that.
  const Pending* here = node.find(late_step.actor_key);
  const bool first = here && !v.has(late_step.actor_key);
  if (first ? here->step != &late_step : may_change(execution_.step(early), late_step))
    expand(early);
  if (first && here->step != &late_step) {
    order.restart(depth + 2, {});
    if (v.order_before(*here->step, order, depth + 2)) {
      v.order_before(late_step, order, depth + 2);
      v.be_unsure();
    }
    v.push(*here->step, late, depth + 2);
  } else if (!first && may_change(execution_.step(early), late_step)) {
    order.restart(depth + 2, {});
    v.order_all(order, depth + 2);
    v.push(late_step, late, depth + 2);
  } else {
    v.push(late_step, late, late);
    v.advance_last();
  }
  if (execution_.by_mail() && late < depth) execution_.show_to_observer(v, early, late);
  add_wakeup(early, v);
}

// What follows the step that made `taken` impossible and does not come after it could have come
// before both. If `taken` depends on some of that, this is another way to it, which nobody finds
// who only tries it at once.
void Dpor::reverse_late(size_t early, const Taken& taken) {
  const size_t depth = execution_.depth();
  bool any = false;
  for (size_t i = early + 1; i < depth && !any; i++)
    any = !execution_.order().before(early, i) && execution_.conflicts(i, *taken.step);
  if (!any) return;
  execution_.order_disabled(taken, depth);
  reverse(early, depth, taken, depth);
}

void Dpor::reverse_disabled() {
  const size_t depth = execution_.depth();
  for (size_t k = 0; k < disabled_.all().size() && !execution_.cut_off(); k++) {
    const auto& [taken, count, known, prevented] = disabled_.all()[k];
    // What follows the step that made it impossible is another thing in each execution.
    if (!disabled_.is_new(k) && !execution_.by_mail()) {
      if (prevented) reverse_late(count - 1, taken);
      continue;
    }
    std::vector<size_t> races = execution_.order_disabled(taken, count);
    // After the step that made it impossible it cannot come, so only that race can be reversed;
    // those with what came before are found where it does come.
    if (prevented && std::find(races.begin(), races.end(), count - 1) != races.end()) {
      races.assign(1, count - 1);
      saw_before(count - 1, *taken.step);
    }
    for (const size_t i : races) reverse(i, depth, taken, count);
    if (prevented) reverse_late(count - 1, taken);
    if (is_crash(*taken.step) && !prevented) add_crash(taken, count);
  }
}

// A crash never comes last, so what it follows only is executed with a step that it does not follow
// after it. No other step follows that one.
void Dpor::add_crash(const Taken& crash, size_t count) {
  execution_.order_disabled(crash, count);
  const size_t depth = execution_.depth();
  size_t at = depth;
  while (at > 0 && (execution_.node(at - 1).data || execution_.order().before(at - 1, depth))) at--;
  if (at == 0) return;
  execution_.node(at - 1).last = true;
  reverse(at - 1, depth, crash, count);
}

// What goes on from there cannot be told from what was executed: everything that can go is added to
// the wakeup tree.
void Dpor::expand(size_t at) {
  DporNode& node = execution_.node(at);
  if (node.expanded) return;
  node.expanded = true;
  for (const Pending& p : node.pending) {
    if (at >= base_) {
      node.add(*p.step);
    } else if (!node.asleep(*p.step) && !node.in_wakeup_tree(*p.step)) {
      Sequence v = sequence();
      v.push(*p.step, execution_.depth());
      above_.push({.depth = at, .steps = v.steps(), .whole = true});
    }
  }
}

// Unless something is explored, in the tree or given away that starts what it leads to.
void Dpor::add_wakeup(size_t at, Sequence& v) {
  DporNode& node = execution_.node(at);
  if (at < base_) return add_wakeup_above(at, v);
  if (v.redundant_by(node.sleep)) return;
  if (node.explores_all(v)) return;
  v.insert_into(node.tree, 1);
}

}  // namespace lockstep
