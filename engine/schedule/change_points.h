// How far from the start of an execution the places are drawn at which a strategy changes its mind.
#pragma once
#include <algorithm>
#include <cstdint>

#include "engine/schedule/strategy.h"

namespace lockstep {

// The execution's own length, k, as the pilot saw it. But the pilot may be a short one, and what
// lies beyond would never be reached: one schedule in eight draws over 2 to 64 times as many
// places.
class Stretch {
 public:
  static constexpr double kPlain = 7.0 / 8;  // share of the schedules that keep to k

  explicit Stretch(const Pilot* pilot) : length_(pilot ? std::max(pilot->choice_points, 1u) : 1) {}
  // From 1 to this.
  uint32_t draw(Prng& rng) const {
    const uint32_t coin = rng.below(48);
    return coin < 6 ? std::min(length_, 1u << 24) << (1 + coin) : length_;
  }

 private:
  uint32_t length_;
};

}  // namespace lockstep
