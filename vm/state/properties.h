// Shared by the files that watch properties: properties.cpp and lasso.cpp.
#pragma once
#include <unordered_map>

#include "vm/machine/machine.h"

namespace lockstep::vm {

// Containers of ObjectClass::user that stand for what predicates see, and for temporal monitors.
inline constexpr uint32_t kWatchedContainer = 0xfffffe, kTemporalContainer = 0xfffffd;
// What predicates may see shares this object, that a reduction tries both orders of such writes.
constexpr ObjectId watched_object() { return make_object(ObjectClass::user, kWatchedContainer); }

// Steps for which something is owed before the first state is remembered; doubled each time.
inline constexpr uint32_t kFirstAnchor = 16;

// The steps since something is owed, while recording.
struct Machine::Trail {
  struct Step {
    uint32_t step = 0;
    uint64_t state = 0;
    ActorId actor = kNoActor;      // who went
    std::vector<ActorId> enabled;  // who could go then
  };
  std::vector<Step> steps;
};

}  // namespace lockstep::vm
