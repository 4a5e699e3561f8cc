#include "engine/schedule/fairness.h"

#include <algorithm>

namespace lockstep {
namespace {

bool has(const std::vector<uint64_t>& set, ActorId actor) {
  return actor / 64 < set.size() && (set[actor / 64] >> (actor % 64) & 1);
}
void add(std::vector<uint64_t>& set, ActorId actor) {
  if (actor / 64 >= set.size()) set.resize(actor / 64 + 1);
  set[actor / 64] |= uint64_t{1} << (actor % 64);
}
void drop(std::vector<uint64_t>& set, ActorId actor) {
  if (actor / 64 < set.size()) set[actor / 64] &= ~(uint64_t{1} << (actor % 64));
}

bool only_looks(const Operation& op) {
  return op.access == Access::read || op.access == Access::poll || op.kind == OpKind::yield;
}

}  // namespace

void Fairness::start() {
  started_ = true;
  own_.clear();
  tracked_.clear();
  asked_ = check_ = 0;
  age_ = kAge;
  hidden_ = 0;
}

size_t Fairness::choose(const ChoicePoint& point) {
  if (point.data) return inner_->choose(point);
  if (!started_) start();
  if (own_.size() < point.actors) own_.resize(point.actors);
  follow(point);
  const ActorId only = ++asked_ >= check_ ? overdue(point) : kNoActor;
  bool all = only == kNoActor && hidden_ == 0;
  for (size_t i = 0; all && i < tracked_.size(); i++) {
    const ActorId actor = tracked_[i];
    if (point.has(actor)) all = !restricted(point, point.alternatives[point.position[actor]]);
  }
  if (!all) return choose_among_allowed(point, only);
  const size_t pick = inner_->choose(point);
  return pick == kStop ? pick : took(point, pick);
}

// What has happened since it was last asked.
void Fairness::follow(const ChoicePoint& point) {
  const auto closes = [&](ActorId actor, bool ran) {
    own_[actor].since = asked_;
    for (const ActorId t : tracked_) {
      drop(own_[t].open, actor);
      if (ran) drop(own_[t].below, actor);
    }
  };
  if (point.last < own_.size()) {
    closes(point.last, true);
    if (point.yielded || own_[point.last].idle > kIdle) yielded(point, point.last);
  }
  for (const ActorId actor : point.woken) closes(actor, false);
}

void Fairness::yielded(const ChoicePoint& point, ActorId actor) {
  Own& own = own_[actor];
  if (!own.tracked) tracked_.push_back(actor);
  own.tracked = true;
  const bool now = ++own.yields > kPatience;
  Set open;
  for (const Alternative& a : point.alternatives) {
    if (a.actor == actor || a.kind == AltKind::fault) continue;
    if (now && has(own.open, a.actor)) add(own.below, a.actor);
    add(open, a.actor);
  }
  own.open = std::move(open);
}

bool Fairness::restricted(const ChoicePoint& point, const Alternative& a) const {
  const Set& below = own_[a.actor].below;
  for (size_t word = 0; word < below.size(); word++)
    for (uint64_t left = below[word]; left; left &= left - 1) {
      const auto other =
          static_cast<ActorId>(word * 64 + static_cast<size_t>(__builtin_ctzll(left)));
      if (point.has(other)) return true;
    }
  return false;
}

ActorId Fairness::overdue(const ChoicePoint& point) {
  ActorId oldest = kNoActor;
  for (const Alternative& a : point.alternatives) {
    if (a.kind == AltKind::fault) continue;
    const uint32_t since = own_[a.actor].since;
    if (asked_ - since <= age_) continue;
    if (oldest == kNoActor || since < own_[oldest].since ||
        (since == own_[oldest].since && a.actor < oldest))
      oldest = a.actor;
  }
  if (oldest != kNoActor) age_ = std::max<uint32_t>(age_ / 2, 1);
  check_ = asked_ + std::min<uint32_t>(age_, 64);
  return oldest;
}

// The strategy must see a world in which those that are not allowed have gone, and are told to it
// as woken when they are back.
size_t Fairness::choose_among_allowed(const ChoicePoint& point, ActorId only) {
  const auto set_absent = [&](ActorId actor, bool absent) {
    if (own_[actor].absent == absent) return;
    own_[actor].absent = absent;
    absent ? hidden_++ : hidden_--;
  };
  for (const ActorId actor : point.woken) set_absent(actor, true);  // it has not heard of them yet
  for (int everybody = 0; everybody < 2; everybody++) {
    allowed_.clear();
    index_.clear();
    for (size_t i = 0; i < point.alternatives.size(); i++) {
      const Alternative& a = point.alternatives[i];
      if (!everybody && (only != kNoActor ? a.actor != only : restricted(point, a))) {
        set_absent(a.actor, true);
        continue;
      }
      allowed_.push_back(a);
      index_.push_back(i);
    }
    if (!allowed_.empty()) break;
  }
  if (allowed_.size() == 1 && inner_->skip_forced()) return took(point, index_[0]);
  position_.assign(point.actors, ChoicePoint::kAbsent);
  told_.clear();
  for (size_t i = 0; i < allowed_.size(); i++) {
    const ActorId actor = allowed_[i].actor;
    position_[actor] = static_cast<uint32_t>(i);
    if (own_[actor].absent) told_.push_back(actor);
    set_absent(actor, false);
  }
  for (ActorId actor = 0; hidden_ && actor < own_.size(); actor++)  // those that are gone for good
    if (own_[actor].absent && !point.has(actor)) set_absent(actor, false);
  ChoicePoint shown = point;
  shown.alternatives = allowed_;
  shown.count = static_cast<uint32_t>(allowed_.size());
  shown.woken = told_;
  shown.position = position_.data();
  const size_t pick = inner_->choose(shown);
  return pick == kStop ? pick : took(point, index_[pick]);
}

size_t Fairness::took(const ChoicePoint& point, size_t pick) {
  const Alternative& a = point.alternatives[pick];
  if (a.kind == AltKind::step) {
    Own& own = own_[a.actor];
    own.idle = only_looks(a.op) ? own.idle + 1 : 0;
  }
  return pick;
}

}  // namespace lockstep
