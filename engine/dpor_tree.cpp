#include "engine/dpor_tree.h"

#include <algorithm>

#include "engine/digest.h"

namespace lockstep {

void Branch::unfold(WakeupTree& tree) {
  if (rest.empty()) return tree.swap(next);
  Branch& branch = tree.emplace_back();
  branch.step = rest.back();
  rest.pop_back();
  branch.rest.swap(rest);
  branch.alone = alone;
  branch.unsure = unsure;
  unsure = false;
}

WakeupTree& Branch::below() {
  if (!rest.empty()) unfold(next);
  return next;
}

void Sleepers::wake(const Step& next, bool equal_writes) {
  std::erase_if(steps, [&](const Step* s) { return dependent(*s, next, equal_writes); });
  open = open && !steps.empty();
}

bool Branch::repeats(Sleepers sleep, bool equal_writes) {
  const auto takes = [&](const Step& taken) {
    const auto same = [&](const Step* s) { return s->who == taken.who && s->kind == taken.kind; };
    if (std::any_of(sleep.steps.begin(), sleep.steps.end(), same)) return true;
    sleep.wake(taken, equal_writes);
    return false;
  };
  if (takes(*step)) return true;
  for (size_t i = rest.size(); i-- > 0 && !sleep.steps.empty();)
    if (takes(*rest[i])) return true;
  if (unsure) return false;  // it may wake all of them
  if (!next.empty()) {
    std::erase_if(next, [&](Branch& branch) {
      if (!branch.repeats(sleep, equal_writes)) return false;
      // A step that is explored elsewhere covers what it takes part in, not what had joined it.
      asked = asked || (sleep.open && branch.joined);
      return true;
    });
    if (!next.empty()) return false;
    if (!asked) return true;
  }
  return alone && !sleep.open && !sleep.steps.empty();
}

bool Sequence::may_start_with(const Step& first) const {
  const bool takes_part = actors_ & actor_bit(first.who);
  if (!takes_part && !(touched_ & first.touched) && touched_ != UINT64_MAX) return true;
  for (size_t k = 0; k < steps_.size() && takes_part; k++) {
    if (steps_[k].step->who != first.who) continue;
    if (steps_[k].step->kind != first.kind || steps_[k].step->value != first.value) return false;
    for (size_t i = 0; i < k; i++)
      if (before(i, k)) return false;
    return true;
  }
  for (const Item& item : steps_)
    if (dependent(*item.step, first, equal_writes_)) return false;
  return !unsure_ && (!other_ || !dependent(*other_, first, equal_writes_));
}

bool Sequence::starts_with(const Step& first) const {
  if (!(actors_ & actor_bit(first.who))) return false;
  for (const Item& item : steps_)
    if (item.step->who == first.who) return may_start_with(first);
  return false;
}

const Step* Sequence::covered_by(const Sleepers& sleeping) const {
  for (const Step* s : sleeping.steps)
    if (sleeping.open ? starts_with(*s) : may_start_with(*s)) return s;
  return nullptr;
}

bool Sequence::has(uint64_t who) const {
  return (actors_ & actor_bit(who)) &&
         std::any_of(steps_.begin(), steps_.end(),
                     [who](const Item& item) { return item.step->who == who; });
}

bool Sequence::order_before(const Step& step, HappensBefore& order, size_t row) const {
  bool any = false;
  for (const Item& item : steps_)
    if (dependent(*item.step, step, equal_writes_)) {
      order.add(row, item.index);
      any = true;
    }
  return any;
}

bool Sequence::crash_follows(uint64_t who) const {
  const size_t next = !steps_.empty() && steps_[0].step->who == who ? 1 : 0;
  return next < steps_.size() && is_crash(*steps_[next].step);
}

void Sequence::advance_last() {
  const size_t last = steps_.size() - 1;
  size_t to = last;
  while (to > 0 && !before(to - 1, last) && steps_[to - 1].step->who != steps_[last].step->who)
    to--;
  while (to < last && steps_[to].step->kind == AltKind::data) to++;  // comes at once
  const auto at = [this](size_t i) { return steps_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::rotate(at(to), at(last), steps_.end());
}

void Sequence::drop(uint64_t who) {
  if (other_ && other_->who == who) other_ = nullptr;
  const auto is_its = [who](const Item& item) { return item.step->who == who; };
  const auto first = std::find_if(steps_.begin(), steps_.end(), is_its);
  if (first == steps_.end()) return;
  const auto at = first - steps_.begin();
  steps_.erase(first);
  const auto next = std::find_if(steps_.begin() + at, steps_.end(), is_its);
  if (next != steps_.end() && next->step->kind == AltKind::data)
    std::rotate(steps_.begin(), next, next + 1);
}

std::vector<const Step*> Sequence::steps() const {
  std::vector<const Step*> steps;
  steps.reserve(steps_.size());
  for (const Item& item : steps_) steps.push_back(item.step);
  return steps;
}

std::vector<std::pair<uint32_t, uint32_t>> Sequence::order() const {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (size_t i = 0; i < steps_.size(); i++)
    for (size_t k = 0; k < i; k++)
      if (before(k, i)) pairs.emplace_back(k, i);
  return pairs;
}

uint64_t Sequence::digest() const {
  uint64_t h = steps_.size();
  for (const Item& item : steps_) h = mix64(h, reinterpret_cast<uintptr_t>(item.step));
  return h;
}

void Sequence::insert_into(WakeupTree& tree, size_t from, const Sleepers& sleep, bool wholly) {
  WakeupTree* level = &tree;
  Sleepers idle;  // open, could come first, take no part
  const auto will_sleep = [&](const Step* step) {
    if (sleep.open && may_start_with(*step)) idle.add(step);
  };
  for (const Step* s : sleep.steps) will_sleep(s);
  for (size_t i = from; i < level->size();) {
    Branch& branch = (*level)[i];
    const bool known = !branch.unsure || !branch.rest.empty();
    if (!(known && idle.steps.empty() ? may_start_with(*branch.step) : starts_with(*branch.step))) {
      will_sleep(branch.step);
      i++;
      continue;
    }
    // What follows a leaf goes on without crashes for as long as it can (Dpor::pick_first).
    if (branch.leaf() && crash_follows(branch.step->who)) {
      will_sleep(branch.step);
      i++;
      continue;
    }
    branch.joined = branch.joined || !has(branch.step->who);
    drop(branch.step->who);
    if (branch.leaf()) {  // that sequence will be executed and leads here
      if (!wholly || steps_.empty()) {
        branch.alone = branch.alone && alone_ && steps_.empty();
        return;
      }
      branch.asked = true;
    }
    if (steps_.empty()) return;
    idle.wake(*branch.step, equal_writes_);
    level = &branch.below();
    i = 0;
  }
  Branch& branch = level->emplace_back();
  branch.step = steps_.front().step;
  branch.rest.reserve(steps_.size() - 1);
  branch.unsure = unsure_ || other_;
  branch.alone = alone_;
  for (size_t i = steps_.size(); i-- > 1;) branch.rest.push_back(steps_[i].step);
}

}  // namespace lockstep
