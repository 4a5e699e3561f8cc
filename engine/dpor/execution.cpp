#include "engine/dpor/execution.h"

#include <algorithm>

namespace lockstep {

DporNode& DporExecution::enter(const ChoicePoint& point) {
  for (auto actor = static_cast<ActorId>(keys_.size()); actor < point.actors; actor++) {
    keys_.push_back(key(actor));
    creator_.push_back(static_cast<uint32_t>(before_values(depth_)));
  }
  if (path_.size() == depth_) path_.emplace_back();
  DporNode& node = path_[depth_];
  node.reset();
  node.data = point.data;
  node.count = point.count;
  node.actors = static_cast<uint32_t>(keys_.size());
  if (depth_ > 0) {
    node.crash = path_[depth_ - 1].crash;
    node.sleep = path_[depth_ - 1].sleep;
    node.sleep.wake(step(depth_ - 1), relation_);
    node.sleep.inherited = node.sleep.steps.size();
  }
  if (point.data) {
    node.tried.assign(point.count, false);
    node.asker = key(point.last);
  }
  return node;
}

void DporExecution::take(size_t at) {
  DporNode& node = path_[at];
  Pending next{node.tree.front().step};
  if (node.data) {
    node.chosen = next.step->value;
    node.tried[node.chosen] = true;
  } else {
    next = *node.find(next.step->actor_key);
    node.chosen = next.index;
  }
  Taken& taken = steps_.set(at, Taken(next));
  append_to_path(at);
  if (const size_t before = latest(at, taken.actor_key)) {
    taken.before = static_cast<uint32_t>(before);
    taken.nth = steps_[before - 1].nth + 1;
  }
  for (const size_t early : found_) races_.emplace_back(early, at);
}

DporExecution DporExecution::prefix(size_t at, DporNode last) const {
  DporExecution e(reduce_, relation_);
  for (size_t i = 0; i < at; i++) e.path_.push_back(path_[i].bare());
  for (size_t i = 0; i < at; i++) e.steps_.set(i, steps_[i]);
  e.keys_.assign(keys_.begin(), keys_.begin() + last.actors);
  e.creator_.assign(creator_.begin(), creator_.begin() + last.actors);
  e.path_.push_back(std::move(last));
  e.depth_ = at + 1;
  return e;
}

void DporExecution::order_prefix() {
  for (size_t i = 0; i + 1 < depth_; i++) append_to_path(i);
}

uint64_t DporExecution::key(ActorId actor) const {
  if (actor < keys_.size()) return keys_[actor];
  const uint64_t k = system_->actor_key(actor);
  return k ? k : actor + 1;
}

// Direct causes: the actor's step before, its creation, the message.
void DporExecution::causes_of(size_t at, const Taken& taken) {
  direct_.clear();
  if (taken.cause > 0 && taken.cause <= at) direct_.push_back(taken.cause - 1);
  if (const size_t before = latest(at, taken.actor_key)) return direct_.push_back(before - 1);
  size_t created = 0;  // 1 + the decision
  for (size_t actor = 0; actor < keys_.size(); actor++)
    if (keys_[actor] == taken.actor_key) created = creator_[actor];
  // A value that it asks for as it starts, before anybody is told that it is there.
  if (created == 0 && taken.step->kind == AltKind::data) created = before_values(at);
  if (created > 0) direct_.push_back(created - 1);
}

void DporExecution::append_to_path(size_t at) {
  meets_by_mail_ = false;
  while (!unordered_.empty() && unordered_.back().second >= at) unordered_.pop_back();
  found_.clear();
  append(at, at, steps_[at], true, found_);
  path_[at].by_mail = meets_by_mail_ || (at > 0 && path_[at - 1].by_mail);
}

// As the step numbered `at`, after the first `count` steps.
void DporExecution::append(size_t at, size_t count, const Taken& taken, bool came,
                           std::vector<size_t>& races) {
  causes_of(count, taken);
  const Step& step = *taken.step;
  order_.append(
      at, count, taken, direct_, steps_,
      [this, at, came](size_t i, const Step& late) {
        if (!depends(i, late)) return came ? unordered(unordered_, i, at) : conflicts(i, late);
        if (reduce_.unobserved_sends && !meets_by_mail_)
          meets_by_mail_ = only_mailbox(*steps_[i].step, late) != 0;
        return true;
      },
      races);
  leave_out_declarations(step, races);
}

// The first declaration of a kind of fault only makes it possible: that is no race.
void DporExecution::leave_out_declarations(const Step& step, std::vector<size_t>& races) const {
  if (step.kind != AltKind::fault) return;
  std::erase_if(races, [&](size_t early) {
    const auto meets = [&](size_t i) { return meet_in_a_fault(*steps_[i].step, step); };
    if (steps_[early].step->kind == AltKind::fault || !meets(early)) return false;
    while (early > 0 && !meets(early - 1)) early--;
    return early == 0;
  });
}

const std::vector<size_t>& DporExecution::order_disabled(const Taken& taken, size_t count) {
  found_.clear();
  if (by_mail_)
    append_observed(depth_, count, taken, found_);
  else
    append(depth_, count, taken, false, found_);
  return found_;
}

size_t DporExecution::order_without(size_t early, const Taken& taken, size_t late, size_t count) {
  const size_t row = depth_ + 1;
  causes_of(std::min(late, count), taken);
  order().restart(row, direct_);
  for (size_t i = early + 1; i < depth_; i++)
    if (i != late && !order().before(early, i) && depends(i, *taken.step)) order().add(row, i);
  return row;
}

// A class is its steps and what comes before what (Mazurkiewicz, "Trace theory", 1987).
uint64_t DporExecution::class_digest() const {
  uint64_t digest = 0;
  for (size_t late = 0; late < depth_; late++) {
    uint64_t names = 0;
    for (size_t early = 0; early < late; early++)
      if (order().before(early, late)) names += name(early);
    const Step& s = step(late);
    digest +=
        mix64(mix64(name(late), uint64_t{s.value} << 8 | static_cast<uint64_t>(s.kind)), names);
  }
  return digest ? digest : 1;
}

}  // namespace lockstep
