// Races turned round: what has to be executed so that the later step of each comes first.
#include <algorithm>

#include "engine/dpor.h"

namespace lockstep {

void Dpor::reverse_races() {
  for (const auto& [early, late] : races_) {
    reverse_race(early, late);
    note_change(early, late);
  }
}

void Dpor::reverse_race(size_t early, size_t late) {
  covered_by_ = nullptr;
  reverse(early, late, steps_[late], depth_);
  if (covered_by_ && !reduce_.needs_mail()) covered_.push_back({early, late, covered_by_});
}

// Is there a step, new in this execution and not after `early`, that conflicts with `step`?
bool Dpor::anything_new(size_t early, const Step& step) const {
  for (size_t i = fresh_; i < depth_; i++)
    if (!order_.before(early, i) && depends(i, step)) return true;
  return false;
}

// Races of the executions before that seemed to be explored with a step that sleeps: not with what
// follows them here, if that has to come after the step.
void Dpor::reverse_covered() {
  size_t kept = 0;
  const size_t before = covered_.size();
  for (size_t i = 0; i < before; i++) {
    const Covered race = covered_[i];
    if (anything_new(race.early, *race.by))
      reverse_race(race.early, race.late);
    else
      covered_[kept++] = race;
  }
  const auto at = [this](size_t i) { return covered_.begin() + static_cast<std::ptrdiff_t>(i); };
  covered_.erase(at(kept), at(before));
}

void Dpor::note_change(size_t early, size_t late) {
  const Pending* here = find(path_[early], steps_[late].who);
  if (here && here->step != steps_[late].step) changed_.emplace_back(early, late);
}

// Races of the executions before whose later step touches something else without the earlier one:
// what is new may have to come before it then.
void Dpor::reverse_changed() {
  if (reduce_.needs_mail()) return changed_.clear();  // all races are looked at each time
  for (const auto& [early, late] : changed_) {
    const Step& here = *find(path_[early], steps_[late].who)->step;
    if (anything_new(early, here)) reverse(early, late, steps_[late], depth_);
  }
}

// The race (early, late) the other way round: from the state before `early`, everything that does
// not come after it, then `late`. Where that follows only the first `count` steps, it may come
// before or after others that depend on it, and both are owed: with `early` asleep, the race of
// `late` and such a step would seem to be turned round already.
//
// First without the crashes that `late` has not to do with, so that time may pass before them; but
// what that leads to may all be covered by what such a crash would keep from happening.
void Dpor::reverse(size_t early, size_t late, const Taken& last, size_t count) {
  if (!reverse(early, late, last, count, false)) return;
  inexact_ = true;
  reverse(early, late, last, count, true);
}

// True: crashes were left out, unless they were to stay.
bool Dpor::reverse(size_t early, size_t late, const Taken& last, size_t count, bool crashes) {
  const Step& late_step = *last.step;
  const auto behind = [this](const std::vector<size_t>& list, size_t i) {
    return std::any_of(list.begin(), list.end(), [&](size_t k) { return order().before(k, i); });
  };
  std::vector<size_t> needless;  // with what follows them
  Sequence v(order(), reduce_.equal_writes, room_);
  // Those that come after it by that, and among them those that it could not follow.
  std::vector<size_t> after, never;
  bool both = false;
  // Who sleeps while others are at work has to be first in what leads to `late`, whatever follows.
  const bool leads = path_[early].sleep.open && late < depth_ && !reduce_.needs_mail();
  const size_t end = leads ? late : depth_;
  for (size_t i = early + 1; i < end; i++) {
    if (i == late || order().before(early, i)) continue;
    if (!crashes &&
        ((is_crash(*steps_[i].step) && !order().before(i, late)) || behind(needless, i))) {
      needless.push_back(i);
      continue;
    }
    if (i >= count && (behind(after, i) || depends(i, late_step))) {
      after.push_back(i);
      if (behind(never, i) || rules_out(steps_[i], last))
        never.push_back(i);
      else
        both = both || depends(i, late_step);
      continue;
    }
    v.push(*steps_[i].step, i);
  }
  turn(v, early, late, last, count);
  if (!both) return !needless.empty();
  inexact_ = true;
  Sequence whole(order(), reduce_.equal_writes, room_);
  order().restart(depth_ + 1, {late});
  for (size_t i = early + 1; i < depth_; i++) {
    if (i == late || order().before(early, i) ||
        std::find(needless.begin(), needless.end(), i) != needless.end() ||
        std::find(never.begin(), never.end(), i) != never.end())
      continue;
    whole.push(*steps_[i].step, i);
    if (i >= count && depends(i, late_step)) order().add(depth_ + 1, i);
  }
  turn(whole, early, depth_ + 1, last, count);
  return !needless.empty();
}

// Can `late`, which was possible before, not come after `early`?
bool Dpor::rules_out(const Taken& early, const Taken& late) {
  return use_up_the_same(*early.step, *late.step) ||
         (early.cause == late.cause && take_from_one_channel(*early.step, *late.step));
}

// From the state before `early`: `v`, and then `late`, which follows the first `count` steps.
void Dpor::turn(Sequence& v, size_t early, size_t late, const Taken& last, size_t count) {
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
  const Pending* here = find(node, late_step.who);
  const bool first = here && !v.has(late_step.who);
  const bool unknown = !first && may_change(*steps_[early].step, late_step);
  inexact_ = inexact_ || unknown || (first && here->step != &late_step);
  if (first && here->step != &late_step) {
    order().restart(depth_ + 2, {});
    if (v.order_before(*here->step, order(), depth_ + 2)) {
      v.order_before(late_step, order(), depth_ + 2);
      v.touches_too(late_step);
    }
    v.push(*here->step, late, depth_ + 2);
  } else {
    size_t row = late;
    if (unknown) {
      order().restart(row = depth_ + 2, {});
      v.order_all(order(), row);
    }
    v.push(late_step, late, row);
  }
  if (!v.unsure() && !v.other()) v.advance_last();  // it cannot be moved without knowing it
  if (reduce_.needs_mail() && late < depth_) show_to_observer(v, early, late);
  if (const Step* by = v.covered_by(node.sleep)) {  // done already
    covered_by_ = by;
    return;
  }
  for (const Step* s : node.impossible)
    if (v.may_start_with(*s)) return;
  if (early < base_)
    owe(early, v);
  else
    v.alone(), v.insert_into(node.tree, 1, node.sleep, inexact_);
}

}  // namespace lockstep
