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
}

WakeupTree& Branch::below() {
  if (!rest.empty()) unfold(next);
  return next;
}

bool Branch::repeats(std::vector<Sleeper> sleep, bool equal_writes) {
  const auto takes = [&](const Step& next) {
    for (size_t i = 0; i < sleep.size();) {
      const Step& s = *sleep[i].step;
      if (s.who == next.who) return s.kind == next.kind;
      if (dependent(s, next, equal_writes))
        sleep.erase(sleep.begin() + static_cast<std::ptrdiff_t>(i));
      else
        i++;
    }
    return false;
  };
  if (takes(*step)) return true;
  for (size_t i = rest.size(); i-- > 0 && !sleep.empty();)
    if (takes(*rest[i])) return true;
  if (next.empty())
    return alone &&
           std::any_of(sleep.begin(), sleep.end(), [](const Sleeper& s) { return !s.open; });
  std::erase_if(next, [&](Branch& branch) { return branch.repeats(sleep, equal_writes); });
  return next.empty();
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

void Sequence::drop(uint64_t who) {
  if (other_ && other_->who == who) other_ = nullptr;
  for (size_t k = 0; k < steps_.size(); k++)
    if (steps_[k].step->who == who) {
      steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(k));
      return;
    }
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

void Sequence::insert_into(WakeupTree& tree, size_t from) {
  WakeupTree* level = &tree;
  for (size_t i = from; i < level->size();) {
    Branch& branch = (*level)[i];
    if (!may_start_with(*branch.step)) {
      i++;
      continue;
    }
    drop(branch.step->who);
    if (branch.leaf()) {  // that sequence will be executed and leads here
      branch.alone = branch.alone && alone_ && steps_.empty();
      return;
    }
    if (steps_.empty()) return;
    level = &branch.below();
    i = 0;
  }
  Branch& branch = level->emplace_back();
  branch.step = steps_.front().step;
  branch.rest.reserve(steps_.size() - 1);
  branch.alone = alone_ && !unsure_ && !other_;
  for (size_t i = steps_.size(); i-- > 1;) branch.rest.push_back(steps_[i].step);
}

}  // namespace lockstep
