// Steps that end more than themselves, or come when others rest: what they conflict with goes
// beyond what they touch.
#pragma once
#include "engine/choice.h"
#include "engine/event.h"

namespace lockstep {

// The root's end where it ends all else and shows nothing that is not seen if it comes last. With
// drain it is an end like every other, which frees what it owns and tells who is linked; where
// something may be owed at the end it conflicts with all.
inline bool ends_all(const Alternative& a) {
  return a.process == 0 && a.kind == AltKind::step && a.op.kind == OpKind::exit &&
         object_class(a.op.object) != ObjectClass::process && !(a.op.flags & kAgainstAll);
}

// A fault that may come at any time: of a process or a node, not of a message on its way.
inline bool is_crash(const Alternative& a) { return a.kind == AltKind::fault && a.cause == 0; }

// A timer that fires when nothing else can happen, but faults.
inline bool waits_for_the_rest(const Operation& op) {
  return op.kind == OpKind::timer_fire && op.flags & kAfterAll;
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

// The same of what was recorded: whom a signal or a fault may have ended, of whom a question told.
inline bool asks_after(const Event& e) {
  return !e.footprint.empty() && object_class(e.footprint[0].object) == ObjectClass::process &&
         (e.op == OpKind::process_info ||
          (e.op == OpKind::alive && e.footprint[0].access == Access::write));
}
inline ObjectId struck_by(const Event& e) {
  if (e.footprint.empty()) return 0;
  const auto [object, access] = e.footprint[0];
  if (object_class(object) != ObjectClass::process) return 0;
  const bool ends = (e.kind == AltKind::deliver || e.kind == AltKind::fault) &&
                    object_element(object) == 0 && access == Access::write;
  return ends || asks_after(e) ? make_object(ObjectClass::process, object_container(object)) : 0;
}
// Is `b` a step of that process?
inline bool strikes(const Event& a, const Event& b) {
  if (b.kind != AltKind::step) return false;
  const ObjectId process = struck_by(a);
  return process != 0 && object_container(process) == b.process;
}

}  // namespace lockstep
