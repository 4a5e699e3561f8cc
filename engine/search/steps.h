// The steps of a search, in terms that mean the same in every execution, each kept once.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/relation/dependence.h"
#include "engine/search/told_apart.h"

namespace lockstep {

// A step, executed or pending. Kept by a StepPool, so that two are equal if they are at one place.
struct Step {
  uint64_t actor_key = 0;  // System::actor_key
  Operation op;            // without `extra`, which is in `footprints`
  AltKind kind = AltKind::step;
  bool final = false;  // ended its execution while others could go on: conflicts with everything
  // Only the access to op.object can matter to others (touches_one_object).
  bool simple = true;
  // Makes nothing impossible: whoever could go, or would come to something that conflicts with it,
  // still can or does after it.
  bool harmless = false;
  bool last = false;     // after it nothing but a crash could come, which never comes last
  bool caused = false;   // Alternative::cause is known
  uint32_t value = 0;    // of a data choice
  int64_t permits = 0;   // of an acquire: System::permits of its lock
  uint64_t touched = 0;  // a bit for each container; steps without a common one are independent
  std::span<const Footprint> footprints;  // each_footprint(), with names that mean the same in
                                          // every execution; the main object first
};

// The mailbox that alone makes the two dependent, by messages that enter it or are looked for in
// it. 0: they are independent, or something else makes them dependent too.
ObjectId only_mailbox(const Step& a, const Step& b);

// They meet in a mailbox alone, in which nobody has told them apart.
inline bool untold(const Step& a, const Step& b, const Relation& relation) {
  if (!relation.told || (relation.only_equal && !same_message(a.op, b.op))) return false;
  const ObjectId mailbox = only_mailbox(a, b);
  return mailbox != 0 && !relation.told->has(a, b);
}

// May the order of the two matter, as far as the search knows? Symmetric.
bool dependent_slow(const Step& a, const Step& b, const Relation& relation);
inline bool dependent(const Step& a, const Step& b, const Relation& relation) {
  if (a.actor_key == b.actor_key) return true;
  if (!(a.touched & b.touched)) return false;
  if (!(a.simple & b.simple)) return dependent_slow(a, b, relation);
  return a.op.object != 0 && b.op.object != 0 && overlap(a.op.object, b.op.object) &&
         conflicting(a.op.access, b.op.access) &&
         !(relation.equal_writes && same_write(a.op, b.op)) &&
         (object_class(a.op.object) != ObjectClass::mailbox || !untold(a, b, relation));
}

// is_crash() of an alternative.
inline bool is_crash(const Step& s) { return s.kind == AltKind::fault && !s.caused; }

// Is there a kind of fault of which each declares or uses up some?
bool meet_in_a_fault(const Step& a, const Step& b);

// Would both use up the same, the last of what there is?
bool use_up_the_same(const Step& a, const Step& b);
// Do both take the first message of one channel?
bool take_from_one_channel(const Step& a, const Step& b);

// Do the two meet in what decides over what an operation on processes touches?
bool may_change(const Step& early, const Step& late);

// Where steps are kept, until the search ends: there are about as many as the program has places
// where it can touch something, times the objects that it touches there. What its copies keep, they
// share: parts of one search may be at work on different threads, each with a copy of its own.
class StepPool {
 public:
  // `values`: what is written tells steps apart (dependent() with Relation::equal_writes). `bytes`:
  // the most that steps may take, but for those of the round of the search that comes to it.
  explicit StepPool(bool values, uint64_t bytes = UINT64_MAX);

  const Step* step(const Alternative& alternative, uint64_t actor_key, const System& system);
  const Step* data(uint64_t actor_key, uint32_t value);
  const Step* finished(const Step& step);  // the same as one that is final
  const Step* at_last(const Step& step);   // ... that is last
  const Step* keep(const Step& step);      // the same, kept here; its footprints are copied

  // Looks at how much the steps take. Only while no part of the search is at work, and then what
  // comes of it is a function of the parts alone.
  // Where values are written that tell the whole past there is no end of them. So from half of the
  // memory on a step with a value that was never seen counts as one whose value is not known, which
  // no other equals. What was known stays what it is: each step has one name all the time.
  void measure();
  bool full() const;  // all of the memory is used up: the search cannot go on

 private:
  struct Store;
  const Step* marked(const Step& step, bool Step::*mark, ObjectId with);
  std::shared_ptr<Store> store_;
  bool values_;
  std::vector<const Step*> recent_;  // by hash: found without a lock
  std::vector<Footprint> footprints_;
};

// What could be done next: a step as one execution has it.
struct Pending {
  const Step* step = nullptr;
  uint32_t cause = 0;  // Alternative::cause
  uint32_t index = 0;  // among the alternatives of its choice point
};

// The steps of what can go: most of that could go a step ago.
class PendingSteps {
 public:
  explicit PendingSteps(StepPool pool) : pool_(std::move(pool)) {}
  void begin() { executions_++; }  // of an execution, in which objects have other names
  Pending pending(const Alternative& a, uint32_t index, uint64_t actor_key, const System& system);
  StepPool& pool() { return pool_; }
  const StepPool& pool() const { return pool_; }

 private:
  // What an actor could do when it was last asked about in this execution.
  struct Known {
    uint64_t execution = 0;
    Alternative of;
    std::vector<Footprint> extra;
    const Step* step = nullptr;
  };
  StepPool pool_;
  uint64_t executions_ = 0;
  std::vector<Known> known_;  // by actor
};

}  // namespace lockstep
