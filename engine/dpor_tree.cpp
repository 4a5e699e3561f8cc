#include "engine/dpor_tree.h"

namespace lockstep {

void Branch::unfold(WakeupTree& tree) {
  if (rest.empty()) return tree.swap(next);
  Branch& branch = tree.emplace_back();
  branch.step = std::move(rest.back());
  rest.pop_back();
  branch.rest.swap(rest);
}

WakeupTree& Branch::below() {
  if (!rest.empty()) unfold(next);
  return next;
}

bool Sequence::may_start_with(const Step& first) const {
  for (size_t k = 0; k < steps_.size(); k++) {
    if (steps_[k].step->who != first.who) continue;
    if (steps_[k].step->kind != first.kind || steps_[k].step->value != first.value) return false;
    for (size_t i = 0; i < k; i++)
      if (before(i, k)) return false;
    return true;
  }
  for (const Item& item : steps_)
    if (dependent(*item.step, first, equal_writes_)) return false;
  return true;
}

bool Sequence::starts_with(const Step& first) const {
  for (const Item& item : steps_)
    if (item.step->who == first.who) return may_start_with(first);
  return false;
}

void Sequence::drop(uint64_t who) {
  for (size_t k = 0; k < steps_.size(); k++)
    if (steps_[k].step->who == who) {
      steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(k));
      return;
    }
}

void Sequence::copy_to(std::vector<Step>& steps, std::vector<std::vector<size_t>>& rows) const {
  for (size_t i = 0; i < steps_.size(); i++) {
    steps.push_back(*steps_[i].step);
    auto& row = rows.emplace_back();
    for (size_t k = 0; k < i; k++)
      if (before(k, i)) row.push_back(k);
  }
}

void Sequence::insert_into(WakeupTree& tree, size_t from) {
  WakeupTree* level = &tree;
  for (size_t i = from; i < level->size();) {
    Branch& branch = (*level)[i];
    if (!may_start_with(branch.step)) {
      i++;
      continue;
    }
    if (branch.leaf()) return;  // that sequence will be executed and leads here
    drop(branch.step.who);
    if (steps_.empty()) return;
    level = &branch.below();
    i = 0;
  }
  Branch& branch = level->emplace_back();
  branch.step = *steps_.front().step;
  branch.rest.reserve(steps_.size() - 1);
  for (size_t i = steps_.size(); i-- > 1;) branch.rest.push_back(*steps_[i].step);
}

}  // namespace lockstep
