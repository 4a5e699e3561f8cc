// The pilot (D13): iteration 0 as a random walk, and what it tells the strategies.
#pragma once
#include <map>
#include <vector>

#include "engine/strategy.h"

namespace lockstep {

// Passes every question on to a strategy and keeps the summary.
class PilotWalk final : public Chooser {
 public:
  PilotWalk(Chooser& inner, const System& system) : inner_(&inner), system_(system) {}
  size_t choose(const ChoicePoint& point) override;
  Chooser& fair() override {
    inner_ = &inner_->fair();
    return *this;
  }
  Pilot summary() const;

 private:
  struct Touched {
    bool written = false;
    std::map<uint64_t, uint32_t> counts;  // by actor key
  };
  void count(ActorId actor, const Operation& op);
  void count(ActorId actor, Footprint footprint);
  void meet(const ChoicePoint& point);

  Chooser* inner_;
  const System& system_;
  Pilot pilot_;
  std::vector<bool> processes_;
  std::map<ObjectId, Touched> objects_;
};

}  // namespace lockstep
