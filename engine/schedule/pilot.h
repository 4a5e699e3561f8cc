// The pilot (D13): iteration 0 as a random walk, and what it tells the strategies.
#pragma once
#include <array>
#include <map>
#include <vector>

#include "engine/schedule/strategy.h"

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
    Touched() { by.fill(kNoActor); }
    bool contended() const;
    void add(const Touched& other);       // who, not how often
    std::array<ActorId, 8> by;            // who does so, by access; acquires under none
    std::map<uint64_t, uint32_t> counts;  // by actor key
  };
  void count(ActorId actor, const Operation& op);
  void count(ActorId actor, Footprint footprint, bool acquire);
  void meet(const ChoicePoint& point);

  Chooser* inner_;
  const System& system_;
  Pilot pilot_;
  std::vector<bool> processes_;
  std::map<ObjectId, Touched> objects_;
};

}  // namespace lockstep
