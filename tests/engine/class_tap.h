// Lets a strategy choose and takes the class fingerprint of what it chose.
#pragma once
#include "engine/fingerprint.h"
#include "engine/strategy.h"

namespace lockstep {

class ClassTap final : public Chooser {
 public:
  ClassTap(Strategy& inner, const System& system) : inner_(inner), system_(system) {
    at_rest_ = inner.at_rest();
  }
  // Before each execution.
  void begin() { fingerprint_.begin(); }
  size_t choose(const ChoicePoint& p) override {
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
};

}  // namespace lockstep
