// One priority for the pending event of each actor, as POS and its relatives need it.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/choice.h"
#include "engine/prng.h"

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

 private:
  std::vector<uint64_t> of_;
};

// A random number that is a function of (key, x): drawn once for each x without storing it.
inline uint64_t keyed_draw(uint64_t key, uint64_t x) {
  uint64_t state = key + x * 0xd1342543de82ef95ull;
  return splitmix64(state);
}

}  // namespace lockstep
