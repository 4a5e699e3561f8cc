// What comes of a state if everything after it is left to chance: random walks from its image.
#pragma once
#include <cstdint>

#include "engine/base/interval.h"
#include "engine/base/prng.h"
#include "engine/boundary/system.h"
#include "engine/schedule/fairness.h"

namespace lockstep {

struct Tally {
  uint64_t tried = 0;      // that came to an end
  uint64_t failed = 0;     // ... with the failure that was asked about
  uint64_t otherwise = 0;  // ... with another one, or at a bound
  uint64_t passed() const { return tried - failed - otherwise; }
  double share() const {
    return tried ? static_cast<double>(failed) / static_cast<double>(tried) : 0;
  }
  Interval interval() const { return wilson(failed, tried); }  // of the share, 95 %
};

// Uniform random walks, fair by the rule of all samplers (fairness.h). Each is a function of the
// state and its number.
class Continuations {
 public:
  // Failures count as `failed` if they are like `failing`; any failure does if that is none.
  Continuations(System& system, Outcome failing, uint64_t seed);

  // Number `number` from the state. Adds it to `tally`; returns how it ended (Verdict::stopped: it
  // was cut off, and does not count). System::decisions() has all of it.
  Outcome from(const Mark& mark, uint64_t number, Tally* tally);
  bool counts(const Outcome& outcome) const;

 private:
  class Walk final : public Chooser {
   public:
    Walk() { skip_forced_ = true; }
    size_t choose(const ChoicePoint& point) override {
      return point.count == 1 ? 0 : rng.below(point.count);
    }
    Prng rng;
  };

  System& system_;
  const Outcome failing_;
  const uint64_t seed_;
  Walk walk_;
  Fairness fairness_;
};

}  // namespace lockstep
