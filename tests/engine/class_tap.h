// Lets a strategy choose and takes the class fingerprint of what it chose.
#pragma once
#include <vector>

#include "engine/relation/fingerprint.h"
#include "engine/schedule/strategy.h"

namespace lockstep {

class ClassTap final : public Chooser {
 public:
  ClassTap(Strategy& inner, const System& system) : inner_(inner), system_(system) {}
  // Before each execution, when the strategy has begun it: what it wants may change.
  void begin() {
    at_rest_ = inner_.at_rest();
    fair_spins_ = inner_.fair_spins();
    goes_back_ = inner_.resumed();
    if (goes_back_) return;
    fingerprint_.begin();
    before_.clear();
  }
  size_t choose(const ChoicePoint& p) override {
    // Where the strategy goes back to a saved state, so does the fingerprint; states are saved only
    // at rest.
    if (goes_back_) {
      fingerprint_ = before_.at(p.step);
      before_.resize(p.step + 1);
      goes_back_ = false;
    } else if (at_rest_) {
      before_.push_back(fingerprint_);
    }
    const size_t pick = inner_.choose(p);
    if (pick == kStop) return pick;
    if (p.data)
      fingerprint_.observe_data(p.last, system_.actor_key(p.last), static_cast<uint32_t>(pick));
    else
      fingerprint_.observe(p.alternatives[pick], system_.actor_key(p.alternatives[pick].actor));
    return pick;
  }
  uint64_t value() const { return fingerprint_.value(); }

 private:
  Strategy& inner_;
  const System& system_;
  ClassFingerprint fingerprint_;
  std::vector<ClassFingerprint> before_;  // the decisions up to the last saved state, or further
  bool goes_back_ = false;
};

}  // namespace lockstep
