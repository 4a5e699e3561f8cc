// Lets a chooser choose and digests the class of what it chose. Takes part in a sample of the
// iterations that is a function of the iteration and the pilot alone, since it costs more than
// choosing does.
#pragma once
#include <algorithm>
#include <bit>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/relation/fingerprint.h"

namespace lockstep {

class Sampler final : public Chooser {
 public:
  explicit Sampler(const System& system) : system_(system) {}

  // The first thousand, then every 16th, thinner from a million on: memory grows with the
  // logarithm. Of executions longer than 64 decisions in the pilot, fewer in proportion, so that
  // the sample costs a twentieth of the run whatever the length.
  static bool wants(uint64_t i, uint32_t pilot_steps) {
    const uint64_t length = std::max<uint64_t>(1, pilot_steps / 64);
    return i < 1024 / length || i % std::max<uint64_t>(16 * length, std::bit_floor(i) >> 16) == 0;
  }

  void begin(Chooser& inner) {
    inner_ = &inner;
    at_rest_ = inner.at_rest();
    sites_ = inner.sites();
    fingerprint_.begin();
    keys_.clear();
  }
  size_t choose(const ChoicePoint& point) override {
    const size_t pick = inner_->choose(point);
    if (pick == kStop) return pick;
    if (point.data)
      fingerprint_.observe_data(point.last, key(point.last), static_cast<uint32_t>(pick));
    else
      fingerprint_.observe(point.alternatives[pick], key(point.alternatives[pick].actor));
    return pick;
  }
  Chooser& fair() override {
    inner_ = &inner_->fair();
    return *this;
  }
  uint64_t value() const { return fingerprint_.value(); }

 private:
  uint64_t key(ActorId actor) {
    if (actor >= keys_.size()) keys_.resize(actor + 1);
    if (!keys_[actor]) keys_[actor] = system_.actor_key(actor);
    return keys_[actor];
  }
  const System& system_;
  Chooser* inner_ = nullptr;
  ClassFingerprint fingerprint_;
  std::vector<uint64_t> keys_;
};

}  // namespace lockstep
