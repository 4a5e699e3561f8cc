#include "engine/dpor/tree.h"

#include <algorithm>

#include "engine/base/digest.h"

namespace lockstep {

void Sleepers::wake(const Step& next, const Relation& relation) {
  std::erase_if(steps, [&](const Step* s) { return dependent(*s, next, relation); });
}

bool Sequence::starts_with(const Step& first) const {
  if (first.last && crash_) return false;  // it may be what that is to come before
  if (!(actors_ & actor_bit(first.actor_key))) return false;
  for (size_t k = 0; k < steps_.size(); k++) {
    const Step& step = *steps_[k].step;
    if (step.actor_key != first.actor_key) continue;
    if (step.kind != first.kind || step.value != first.value) return false;
    for (size_t i = 0; i < k; i++)
      if (before(i, k)) return false;
    return true;
  }
  return false;
}

bool Sequence::may_start_with(const Step& first) const {
  if (has(first.actor_key)) return starts_with(first);
  if (unsure_ || !first.harmless || (first.last && crash_)) return false;
  return !(touched_ & first.touched) ||
         std::none_of(steps_.begin(), steps_.end(),
                      [&](const Item& item) { return dependent(*item.step, first, relation_); });
}

bool Sequence::redundant_by(const Sleepers& sleeping) const {
  for (size_t i = 0; i < sleeping.steps.size(); i++) {
    const Step& s = *sleeping.steps[i];
    if (i < sleeping.inherited ? starts_with(s) : may_start_with(s)) return true;
  }
  return false;
}

bool Sequence::has(uint64_t actor_key) const {
  return (actors_ & actor_bit(actor_key)) &&
         std::any_of(steps_.begin(), steps_.end(),
                     [actor_key](const Item& item) { return item.step->actor_key == actor_key; });
}

bool Sequence::order_before(const Step& step, HappensBefore& order, size_t row) const {
  bool any = false;
  for (const Item& item : steps_)
    if (dependent(*item.step, step, relation_)) {
      order.add(row, item.index);
      any = true;
    }
  return any;
}

void Sequence::advance_last() {
  const size_t last = steps_.size() - 1;
  size_t to = last;
  while (to > 0 && !before(to - 1, last) &&
         steps_[to - 1].step->actor_key != steps_[last].step->actor_key)
    to--;
  while (to < last && steps_[to].step->kind == AltKind::data) to++;  // comes at once
  const auto at = [this](size_t i) { return steps_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::rotate(at(to), at(last), steps_.end());
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

uint64_t digest_of_steps(const std::vector<const Step*>& steps) {
  uint64_t h = steps.size();
  for (const Step* step : steps) h = mix64(h, reinterpret_cast<uintptr_t>(step));
  return h;
}

void Sequence::insert_into(Branches& branches, size_t from) const {
  for (size_t i = from; i < branches.size(); i++)
    if (may_start_with(*branches[i].step)) return;
  Branch& branch = branches.emplace_back();
  branch.step = steps_.front().step;
  branch.rest.reserve(steps_.size() - 1);
  for (size_t i = steps_.size(); i-- > 1;) branch.rest.push_back(steps_[i].step);
}

}  // namespace lockstep
