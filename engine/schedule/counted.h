// How much each actor still has to do, by the pilot's counts. What the pilot has not seen counts 1.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "engine/schedule/strategy.h"

namespace lockstep {

class Counted {
 public:
  explicit Counted(const Pilot* pilot) : pilot_(pilot) {
    if (!pilot_) return;
    for (size_t i = 0; i < pilot_->per_actor.size(); i++)
      index_.emplace(pilot_->per_actor[i].key, i);
  }

  size_t size() const { return pilot_ ? pilot_->per_actor.size() : 0; }
  // Index of an actor of the pilot; size() if there is none of that name. Most often the number is
  // the same.
  size_t index(uint64_t key, ActorId guess) const {
    if (guess < size() && pilot_->per_actor[guess].key == key) return guess;
    const auto it = index_.find(key);
    return it == index_.end() ? size() : it->second;
  }
  // Adds to each actor's own count those of everybody whom it creates.
  void include_descendants(std::vector<uint32_t>& counts) const {
    for (size_t i = counts.size(); i-- > 0;) {
      const ActorId parent = pilot_->per_actor[i].parent;
      if (parent < i) counts[parent] += counts[i];
    }
  }
  const Pilot* pilot() const { return pilot_; }

 private:
  const Pilot* pilot_;
  std::map<uint64_t, size_t> index_;  // by actor key
};

// The counts of one execution. A new actor takes its share from the one that created it.
class Remaining {
 public:
  void begin(const Counted& counted, const std::vector<uint32_t>* totals, System& system,
             uint32_t unknown) {
    counted_ = &counted;
    totals_ = totals;
    system_ = &system;
    unknown_ = unknown;
    left_.clear();
  }
  // To be called whenever the chooser is asked. `born(child, parent, before)` is told of each actor
  // created by a step, with what its parent had left before.
  template <class Born>
  void meet(const ChoicePoint& point, Born born) {
    while (left_.size() < point.actors) {
      const auto actor = static_cast<ActorId>(left_.size());
      const size_t i = counted_->index(system_->actor_key(actor), actor);
      const uint32_t share = i < totals_->size() ? (*totals_)[i] : unknown_;
      left_.push_back(share);
      if (point.last >= actor) continue;
      const uint32_t before = left_[point.last];
      left_[point.last] = before > share ? before - share : 0;
      born(actor, point.last, before);
    }
  }
  void meet(const ChoicePoint& point) {
    meet(point, [](ActorId, ActorId, uint32_t) {});
  }
  uint32_t operator[](ActorId actor) const { return left_[actor]; }
  void step(ActorId actor) {
    if (left_[actor] > 0) left_[actor]--;
  }

 private:
  const Counted* counted_ = nullptr;
  const std::vector<uint32_t>* totals_ = nullptr;
  System* system_ = nullptr;
  uint32_t unknown_ = 1;
  std::vector<uint32_t> left_;  // by actor
};

}  // namespace lockstep
