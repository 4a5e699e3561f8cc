#include "engine/contrast/step_ids.h"

#include "engine/base/digest.h"

namespace lockstep {
namespace {

// An object by its class and element; its container only where that has a name of its own. Tables
// are numbered as they are created, which an unrelated table shifts.
uint64_t object_tag(const System& system, ObjectId object) {
  const ObjectId stable = system.stable_object(object);
  switch (object_class(object)) {
    case ObjectClass::mailbox:
    case ObjectClass::process:
    case ObjectClass::timer:
    case ObjectClass::monitor:
    case ObjectClass::steps:
      return mix64(static_cast<uint64_t>(object_class(object)), object_container(stable));
    case ObjectClass::channel:
      return static_cast<uint64_t>(object_class(object));  // the actor's key has both ends
    case ObjectClass::user:
      return stable;
    default:
      return mix64(static_cast<uint64_t>(object_class(object)), object_element(stable));
  }
}

}  // namespace

void StepIds::begin(const System& system) {
  system_ = &system;
  keys_.begin(system);
  counts_.clear();
}

uint64_t StepIds::base(const Alternative& a) {
  const uint64_t what = static_cast<uint64_t>(a.kind) << 16 |
                        static_cast<uint64_t>(a.op.kind) << 8 | static_cast<uint64_t>(a.op.access);
  return mix64(mix64(keys_(a.actor), what), object_tag(*system_, a.op.object));
}

uint64_t StepIds::base_of_choice(ActorId asker) {
  return mix64(keys_(asker), static_cast<uint64_t>(AltKind::data) << 16);
}

}  // namespace lockstep
