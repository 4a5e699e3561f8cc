// Steps that end more than themselves: what they conflict with goes beyond what they touch.
#pragma once
#include "engine/choice.h"

namespace lockstep {

// The root's end where it ends all else. With drain it is an end like every other, which frees what
// it owns and tells who is linked.
inline bool ends_all(const Alternative& a) {
  return a.process == 0 && a.kind == AltKind::step && a.op.kind == OpKind::exit &&
         object_class(a.op.object) != ObjectClass::process;
}

// The process on whose every step the operation depends, whatever the two touch (dependent() does
// not know whose steps they are); 0 if none. A signal that is handled may end it. What somebody is
// told of it may be its own doing: where it is, its dictionary, whom it monitors; and whether it is
// alive may hang on signals that are handled first.
inline ObjectId struck_by(const Operation& op) {
  if (object_class(op.object) != ObjectClass::process) return 0;
  const bool asks =
      op.kind == OpKind::process_info || (op.kind == OpKind::alive && op.access == Access::write);
  if (!(op.flags & kStrikes) && !asks) return 0;
  return make_object(ObjectClass::process, object_container(op.object));
}

}  // namespace lockstep
