// The dependence relation: which steps have to keep their order, and which need not.
//
// Everybody who asks "does the order of these two matter?" asks here: reduction (dpor, sleep,
// cache, bounded), class fingerprints, samplers, happens-before, races, slices, the explanation of
// a failure, the detection of waits that spin. The same question is asked of what is pending
// (Alternative), of what was executed (Step) and of what was recorded (Event); each of them has the
// same footprints.
//
// Invariants
// 1. Complete: steps of different actors are dependent if and only if a footprint of the one
//    conflicts with a footprint of the other. each_footprint() lists all of an alternative's.
// 2. Sound: of two pending alternatives that are independent neither disables the other or changes
//    what it touches, and from the state in which both are pending both orders lead to one state,
//    with equal results. (`--audit` executes both orders; audit.h)
// 3. Stable: what pending alternatives announce changes only by steps that they are dependent on.
// 4. Symmetric, and reflexive for steps of one actor, whose order is its program.
// 5. Closed: executing a step touches no more than it has announced.
//
// What one step makes possible or impossible for another is no conflict, but decides which
// conflicts can be reversed. It is declared here too, below; each rule says who reads it.
//
// Source: Mazurkiewicz, "Trace theory" (1987) for independence; Godefroid, "Partial-Order Methods
// for the Verification of Concurrent Systems" (1996), for what it has to promise (2, 3).
#pragma once
#include <span>

#include "engine/boundary/choice.h"
#include "engine/boundary/event.h"

namespace lockstep {

// ---- conflicts ----

// Row a, column b: eight bits for each access of a. Two reads commute, and two adds. A receive that
// waits for a message commutes with later arrivals; that the message was sent first is a cause, not
// a race.
constexpr uint64_t kConflicts = 0x7e'6e'5e'76'7e'7c'00;
constexpr bool conflicting(Access a, Access b) {
  return kConflicts >> (static_cast<unsigned>(a) * 8 + static_cast<unsigned>(b)) & 1;
}

inline constexpr ObjectId kEverything = make_object(ObjectClass::everything, 0);

constexpr bool conflicting(const Footprint& a, const Footprint& b) {
  return a.object != 0 && b.object != 0 &&
         (overlap(a.object, b.object) || a.object == kEverything || b.object == kEverything) &&
         conflicting(a.access, b.access);
}
inline bool conflicting(std::span<const Footprint> a, std::span<const Footprint> b) {
  for (const Footprint& f : a)
    for (const Footprint& g : b)
      if (conflicting(f, g)) return true;
  return false;
}

// Objects that stand for an order and for nothing that one could look at.
constexpr bool is_order_alone(ObjectId object) {
  return object_class(object) >= ObjectClass::everything;
}

// ---- footprints ----

constexpr ObjectId steps_of(uint32_t process) { return make_object(ObjectClass::steps, process); }

// Time passes, and the root ends all else, when nothing else can happen; but a crash may come
// before time passes or after that. It may still come after the last step that could go.
inline constexpr ObjectId kTimePasses = make_object(ObjectClass::quiescence, 1);
inline constexpr ObjectId kRootEnds = make_object(ObjectClass::quiescence, 1, 1);
inline constexpr ObjectId kCrashComes = make_object(ObjectClass::quiescence, 1, 2);
inline constexpr ObjectId kLastStep = make_object(ObjectClass::quiescence, 2);

// What the root's end touches where it ends all else. With drain it is an end like every other, and
// touches what those do.
inline constexpr ObjectId kAllElse = make_object(ObjectClass::user, 0xffffff, 1);

// The root's end where it ends all else and shows nothing that is not seen if it comes last. Where
// something may be owed at the end it conflicts with all.
inline bool ends_all(const Alternative& a) {
  return a.process == 0 && a.op.object == kAllElse && a.op.kind == OpKind::exit &&
         a.kind == AltKind::step && !(a.op.flags & kGlobal);
}

// The root's end after which others go on (drain).
inline bool outlived(const Alternative& a) {
  return a.process == 0 && a.kind == AltKind::step && a.op.kind == OpKind::exit &&
         object_class(a.op.object) == ObjectClass::process;
}

// A fault that may come at any time: of a process or a node, not of a message on its way.
inline bool is_crash(const Alternative& a) { return a.kind == AltKind::fault && a.cause == 0; }

// The access to Operation::object: a receive whose message nobody names may take any that arrives.
inline Footprint main_footprint(const Alternative& a) {
  const bool any = a.op.access == Access::take && a.cause == 0;
  return {a.op.object, any ? Access::poll : a.op.access};
}

// Does it touch no more than its main object, and the steps of its own process?
inline bool touches_one_object(const Alternative& a) {
  return a.op.extra_count == 0 && !(a.op.flags & (kGlobal | kAgainstSteps | kAtQuiescence)) &&
         a.kind != AltKind::fault;
}

// All that it touches; the main object first.
template <class F>
void each_footprint(const Alternative& a, const F& f) {
  if (a.op.object != 0) f(main_footprint(a));
  for (int i = 0; i < a.op.extra_count; i++) f(a.op.extra[i]);
  if (a.op.flags & kAgainstSteps)
    f(Footprint{steps_of(object_container(a.op.object)), Access::add});
  if (a.op.flags & kGlobal) f(Footprint{kEverything, Access::write});
  if (a.op.flags & kAtQuiescence) f(Footprint{kTimePasses, Access::write});
  if (ends_all(a)) f(Footprint{kRootEnds, Access::write});
  if (is_crash(a)) {
    f(Footprint{kCrashComes, Access::read});
    f(Footprint{kLastStep, Access::read});
  }
  if (a.kind == AltKind::step || a.kind == AltKind::data)
    f(Footprint{steps_of(a.process), Access::read});
}

// May the order of the two, which are of different actors and both pending, matter?
bool dependent_slow(const Alternative& a, const Alternative& b);
inline bool dependent(const Alternative& a, const Alternative& b) {
  if (!touches_one_object(a) | !touches_one_object(b)) [[unlikely]]
    return dependent_slow(a, b);
  const Footprint x = main_footprint(a), y = main_footprint(b);
  return (int{x.object != 0} & int{y.object != 0} & int{overlap(x.object, y.object)} &
          int{conflicting(x.access, y.access)}) != 0;
}

// ... in an object that both touch, and not by what stands for an order alone? What samplers ask: a
// kill or a crash that raced anew with each step of its victim would nearly always come early.
bool share_an_object_slow(const Alternative& a, const Alternative& b);
inline bool share_an_object(const Alternative& a, const Alternative& b) {
  if (!touches_one_object(a) | !touches_one_object(b)) [[unlikely]]
    return share_an_object_slow(a, b);
  return dependent(a, b);
}

// Does it ask how far a process has come? What it is told may be that one's own doing: where it is,
// its dictionary, whom it monitors; and whether it is alive may hang on signals that are handled
// first.
inline bool asks(const Event& e) {
  return e.kind == AltKind::step && (e.op == OpKind::process_info || e.op == OpKind::alive);
}
// May it have ended a process?
bool may_end(const Event& e);
bool conflicts_with_all(const Event& e);

// ---- equal values ----

// Two writes of one value to one object, and two equal messages to one mailbox: either order leaves
// the same behind. Operation::value is a digest of what is written, 0 if that is not known. Steps
// that conflict in that object alone commute so (Reduce::equal_writes), and if no receive has to
// wait for one of the two (Reduce::equal_messages). Both are executed in both orders by audit.h.
inline bool same_value(const Operation& a, const Operation& b, Access access) {
  return a.access == access && b.access == access && a.object == b.object && a.value == b.value &&
         a.value != 0 && a.kind == b.kind;
}
inline bool same_write(const Operation& a, const Operation& b) {
  return same_value(a, b, Access::write);
}
inline bool same_message(const Operation& a, const Operation& b) {
  return same_value(a, b, Access::append);
}

// Are the two dependent because of that object alone?
bool only_equal(const Alternative& a, const Alternative& b);

// ---- what a step makes possible or impossible ----

// Possible when nothing else is, but faults: whatever came before led to it, so happens-before puts
// all of it before (HappensBefore, ClassFingerprint), and only steps of its own kind race with it
// (DporNode::add_timers, immediate_races by Event::at_quiescence).
inline bool at_quiescence(const Operation& op) {
  return op.kind == OpKind::timer_fire && op.flags & kAtQuiescence;
}

// kAcquire is possible only while there are permits. So what it races with is the latest operation
// on the lock that it could come before (HappensBefore, race_of_takes of explain.cpp), and not the
// releases after that one, which only make it possible.

}  // namespace lockstep
