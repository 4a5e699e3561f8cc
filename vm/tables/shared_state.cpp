#include "vm/tables/shared_state.h"

#include "engine/base/digest.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {

uint64_t shared_state_digest(const Machine& m) {
  return mix64(ets_digest(m), mix64(atomics_digest(m), persistent_term_digest(m)));
}

std::string shared_object_name(const Machine& m, ObjectId object) {
  switch (object_class(object)) {
    case ObjectClass::ets:
    case ObjectClass::ets_name:
      return ets_object_name(m, object);
    case ObjectClass::atomics:
      return atomics_object_name(m, object);
    case ObjectClass::persistent_term:
      return persistent_term_object_name(m, object);
    default:
      return {};
  }
}

}  // namespace lockstep::vm
