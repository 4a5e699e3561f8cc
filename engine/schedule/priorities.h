// One priority for the pending event of each actor, as POS and its relatives need it.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/base/prng.h"
#include "engine/boundary/choice.h"

namespace lockstep {

class Priorities {
 public:
  void clear() { of_.clear(); }
  // Forgets those whose pending event is another one now: of the actor that went last and of those
  // that woke. To be called whenever the chooser is asked, since each waking is told once.
  void refresh(const ChoicePoint& point) {
    if (of_.size() < point.actors) of_.resize(point.actors);
    if (point.last < of_.size()) of_[point.last] = 0;
    for (const ActorId actor : point.woken) {
      if (actor >= of_.size()) of_.resize(actor + 1);
      of_[actor] = 0;
    }
  }
  uint64_t& operator[](ActorId actor) { return of_[actor]; }  // 0: to be drawn
  uint64_t* data() { return of_.data(); }

 private:
  std::vector<uint64_t> of_;
};

// A random number that is a function of (key, x): drawn once for each x without storing it.
inline uint64_t keyed_draw(uint64_t key, uint64_t x) {
  uint64_t state = key + x * 0xd1342543de82ef95ull;
  return splitmix64(state);
}

// Draws on demand without a branch: the draw is made always, but counts only where it was needed.
// (Whether an event must draw again is as good as random, and a wrong guess of the processor costs
// more than three draws.)
// The generator is wyrand (Wang Yi, 2019), which needs nothing but a counter.
class DrawOnDemand {
 public:
  explicit DrawOnDemand(uint64_t state = 0) : state_(state) {}
  uint64_t operator()(uint64_t& priority) {
    constexpr uint64_t kStep = 0xa0761d6478bd642full;
    const uint64_t needed = -static_cast<uint64_t>(priority == 0);
    const uint64_t next = state_ + kStep;
    const auto product = static_cast<unsigned __int128>(next) * (next ^ 0xe7037ed1a0b428dbull);
    state_ += kStep & needed;
    return priority |=
           ((static_cast<uint64_t>(product >> 64) ^ static_cast<uint64_t>(product)) | 1) & needed;
  }

 private:
  uint64_t state_;
};

}  // namespace lockstep
