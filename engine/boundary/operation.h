// What an actor is about to do, and what it announces to touch by that. When two such things do not
// commute is said in dependence.h.
#pragma once
#include <cstdint>

namespace lockstep {

// An actor is anything that can take a step: a process, a queue of signals in flight, a timer, a
// fault. Dense numbers in order of creation within one execution, so equal in all executions that
// share the prefix.
using ActorId = uint32_t;
inline constexpr ActorId kNoActor = 0xffffffff;

// On disk in traces: append only, do not renumber.
enum class OpKind : uint8_t {
  none = 0,
  spawn = 1,
  exit = 2,  // the process ends: names, tables, links and monitors go
  send = 3,
  receive = 4,
  link = 5,
  unlink = 6,
  monitor = 7,
  demonitor = 8,
  flag = 9,          // process_flag
  exit_signal = 10,  // exit/2
  alive = 11,
  register_name = 12,
  unregister_name = 13,
  whereis = 14,
  timer_start = 15,
  timer_cancel = 16,
  timer_read = 17,
  timer_fire = 18,
  deliver = 19,  // a signal in flight arrives, or one that is not a message is handled
  yield = 20,
  choose = 21,
  ets = 22,
  atomics = 23,
  persistent_term = 24,
  process_info = 25,
  node = 26,  // partition, heal, stop, start, connection lost
  fault = 27,
  history = 28,
  sleep = 29,
  monitor_state = 30,  // liveness monitors, cover goals
  user = 31,           // toy systems in tests
  now = 32,            // the clock is read
  wait = 33,           // of older traces: a receive with a time limit begins
  kCount
};
const char* op_name(OpKind kind);

// How an operation touches one object. On disk in traces: append only.
enum class Access : uint8_t {
  none = 0,
  read = 1,
  write = 2,
  add = 3,     // an update whose result nobody sees and that commutes with its like (counter add)
  append = 4,  // a message enters a mailbox
  take = 5,    // a message that is there is taken; waits for it without a time limit
  poll = 6,    // a receive that may also time out: sees the absence of a message
};

// class (8 bits) | container (24) | element (32). Element 0 is the whole container, and overlaps
// all of its elements. The same in every execution that shares the prefix; a hash collision of
// elements only makes two operations dependent that are not, which is safe.
using ObjectId = uint64_t;
enum class ObjectClass : uint8_t {
  none = 0,
  mailbox = 1,   // container: the receiver
  process = 2,   // liveness, links, flags of a process
  name = 3,      // a registered name; container: node
  ets = 4,       // container: table; element: hash of the key
  ets_name = 5,  // a named table's name
  atomics = 6,   // container: array; element: slot
  persistent_term = 7,
  timer = 8,
  node = 9,
  history = 10,
  clock = 11,
  fault = 12,
  user = 13,
  channel =
      14,  // signals from one process to another; container: the receiver, element: the sender
  monitor = 15,  // a monitor or an alias; container: the process whose it is
  // Objects that stand for an order alone (dependence.h); no operation announces them itself.
  everything = 16,  // overlaps every object
  steps = 17,       // the steps of a process; container: the process
  quiescence = 18,  // that nothing else can happen
};
constexpr ObjectId make_object(ObjectClass cls, uint32_t container, uint32_t element = 0) {
  return static_cast<uint64_t>(cls) << 56 | static_cast<uint64_t>(container & 0xffffff) << 32 |
         element;
}
constexpr ObjectClass object_class(ObjectId id) { return static_cast<ObjectClass>(id >> 56); }
constexpr uint32_t object_container(ObjectId id) {
  return static_cast<uint32_t>(id >> 32) & 0xffffff;
}
constexpr uint32_t object_element(ObjectId id) { return static_cast<uint32_t>(id); }
constexpr bool overlap(ObjectId a, ObjectId b) {
  return (((a ^ b) >> 32) == 0) &
         ((a == b) | (static_cast<uint32_t>(a) == 0) | (static_cast<uint32_t>(b) == 0));
}

struct Footprint {
  ObjectId object = 0;
  Access access = Access::none;
};

// Operation::flags: what of the dependence relation has no object of its own in the announcement.
// The first three are footprints in a short form (each_footprint), the others say what a step makes
// possible or impossible (dependence.h).
inline constexpr uint8_t kAtQuiescence =
    1;  // possible only because nothing else was: a timer when time stands still
inline constexpr uint8_t kGlobal = 8;  // conflicts with every other operation (a node stops)
// Conflicts with each step of the process that is its object: may end it, or asks how far it has
// come.
inline constexpr uint8_t kAgainstSteps = 16;
// Takes a lock: possible only while there are permits (System::permits). Other writes of the object
// are releases, each of which gives one back.
inline constexpr uint8_t kAcquire = 2;
inline constexpr uint8_t kUsesUp =
    64;  // takes the last of an object of class `fault`: its like cannot follow

// Value type; `extra` points into memory of the System that stays valid until its next step.
struct Operation {
  OpKind kind = OpKind::none;
  Access access = Access::none;
  uint8_t extra_count = 0;  // further objects, in `extra`
  uint8_t flags = 0;
  uint32_t site =
      0;  // static source place (System::site), 0 unknown; only when the chooser wants sites
  ObjectId object = 0;  // the main object; 0 none: touches nothing that another actor can see
  uint64_t value = 0;   // digest of what is sent, or written without looking: two such operations
                        // of one kind with equal values have equal effects and results. 0: unknown
  const Footprint* extra = nullptr;
};

}  // namespace lockstep
