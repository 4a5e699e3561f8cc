// Class fingerprint (D14): a commutative digest of the happens-before order of an execution,
// computed from what the chooser sees. Two executions have equal digests if and only if, but for
// collisions of 64 bits, `dpor` without reductions takes them for one class: this is tested over
// all executions of small programs. Executions of one class that differ only in how far actors got
// by the end that nobody heard of again have equal digests too.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/base/flat_map.h"
#include "engine/boundary/choice.h"

namespace lockstep {

class ClassFingerprint {
 public:
  void begin();
  // Each executed alternative, in order.
  void observe(const Alternative& executed, uint64_t actor_key);
  void observe_data(ActorId actor, uint64_t actor_key, uint32_t value);
  uint64_t value() const;

 private:
  static constexpr size_t kAccesses = 7;
  // By access: lists in members_ of those that may not count yet (1 + the index of the latest; 0:
  // none), and the sum of the names of all.
  struct Object {
    uint32_t members[kAccesses] = {};
    uint64_t names[kAccesses] = {};
  };
  struct Steps {
    uint32_t generation = 0;  // of an older one: nothing yet
    Object object;
  };
  struct Place {
    ActorId actor = kNoActor;
    uint32_t n = 0;  // its n-th event, from 1
  };
  struct Event {
    uint64_t name;
    Place place;
  };
  struct Own {
    std::vector<uint64_t> sums{0};  // of the digests of its first n events
    uint32_t counted = 0;           // so many are in sum_
  };
  struct Member {
    Place place;
    uint32_t next;
  };
  void add(const Alternative& executed, uint64_t actor_key);
  void settle();
  Event event(ActorId actor, uint64_t actor_key);
  uint64_t enter(Footprint footprint, Event event);
  uint64_t before(Object& object, Access access, ActorId actor);
  void remember(Object& object, Access access, Event event);
  uint64_t conflict_with_all(Event event);
  void count(Place place);
  void count_all();
  void count_others(uint32_t& list, ActorId actor);
  Object& object(ObjectId id);

  Alternative ending_;  // the root's end, until something follows it; no actor: none
  uint64_t ending_key_ = 0;
  bool drained_ = false;  // the root has ended, and the execution goes on
  std::vector<Footprint> ending_extra_;
  uint64_t sum_ = 0;
  uint64_t names_ = 0;            // sum of the names of all events
  uint64_t global_ = 0;           // of those that conflict with every other
  std::vector<Place> wide_;       // of these, those that may not count yet
  std::vector<Own> own_;          // by actor
  std::vector<Place> decisions_;  // who decided what
  std::vector<Steps> steps_;      // ObjectClass::steps, by process
  std::vector<Member> members_;   // lists of the events that objects remember
  FlatMap<Object> objects_;       // all others
  uint32_t generation_ = 0;
};

}  // namespace lockstep
