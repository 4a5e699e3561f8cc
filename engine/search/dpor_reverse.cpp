// Races reversed: what has to be executed so that the later step of each comes first.
//
// A race is looked at once, in the first execution that has it. From the state before its earlier
// step, all that follows up to the later one and does not come after the earlier one can be
// executed again, and then the later one: that sequence is added to the wakeup tree there, unless
// one of its initials is explored or in the tree already. Initials are steps of the sequence
// (source sets), never steps that merely commute with it: what follows the sequence is not known,
// and may not commute with those.
#include <algorithm>

#include "engine/search/dpor.h"

namespace lockstep {

void Dpor::reverse_races() {
  for (const auto& [early, late] : races_) reverse(early, late, steps_[late], late);
}

// Reverses the race (early, last). `last` follows the first `count` steps, and is number `late`
// among those before which it has a row in order().
void Dpor::reverse(size_t early, size_t late, const Taken& last, size_t count) {
  Sequence v(order(), reduce_.equal_writes, buffer_);
  // Who notices may come after it, so that all counts. And a crash waits for nothing, so what
  // follows it and commutes with it is a way to it as well: else it would be executed before and
  // after that. What ended the execution while others could go on comes after all.
  const size_t end = by_mail_ || is_crash(*last.step) ? depth_ : count;
  for (size_t i = early + 1; i < end; i++)
    if (i != late && i != ending_ && !order().before(early, i) &&
        (i < count || !(order().before(late, i) || depends(i, *last.step))))
      v.push(*steps_[i].step, i);
  Node& node = path_[early];
  const Step& late_step = *last.step;
  if (late_step.op.flags & (kAcquire | kInTurn)) {
    // Without `early` its release is gone too, and with it what came before `late` only through
    // that.
    causes_of(std::min(late, count), last);
    order().restart(depth_ + 1, direct_);
    for (size_t i = early + 1; i < depth_; i++)
      if (i != late && !order().before(early, i) && depends(i, late_step))
        order().add(depth_ + 1, i);
    late = depth_ + 1;
  }
  // What it touches may have been changed by `early`; and what goes before it here may change that.
  const Pending* here = find(node, late_step.actor_key);
  const bool first = here && !v.has(late_step.actor_key);
  if (first ? here->step != &late_step : may_change(*steps_[early].step, late_step)) expand(early);
  if (first && here->step != &late_step) {
    order().restart(depth_ + 2, {});
    if (v.order_before(*here->step, order(), depth_ + 2)) {
      v.order_before(late_step, order(), depth_ + 2);
      v.be_unsure();
    }
    v.push(*here->step, late, depth_ + 2);
  } else if (!first && may_change(*steps_[early].step, late_step)) {
    order().restart(depth_ + 2, {});
    v.order_all(order(), depth_ + 2);
    v.push(late_step, late, depth_ + 2);
  } else {
    v.push(late_step, late, late);
    v.advance_last();
  }
  if (by_mail_ && late < depth_) show_to_observer(v, early, late);
  add_wakeup(early, v);
}

// What goes on from there cannot be told from what was executed: everything that can go is added to
// the wakeup tree.
void Dpor::expand(size_t at) {
  Node& node = path_[at];
  if (node.expanded) return;
  node.expanded = true;
  for (const Pending& p : node.pending) {
    if (asleep(node, *p.step) || in_wakeup_tree(node, *p.step)) continue;
    if (at >= base_) {
      node.tree.push_back({p.step, {}, {}});
    } else {
      Sequence v(order(), reduce_.equal_writes, buffer_);
      v.push(*p.step, depth_);
      above_.push_back({.depth = at, .steps = v.steps(), .whole = true});
    }
  }
}

// Unless something is explored, in the tree or given away that starts what it leads to.
void Dpor::add_wakeup(size_t at, Sequence& v) {
  Node& node = path_[at];
  if (at < base_) return add_wakeup_above(at, v);
  if (v.redundant_by(node.sleep)) return;
  if (!node.impossible.empty()) return;  // everything that can go is explored
  v.insert_into(node.tree, 1);
}

}  // namespace lockstep
