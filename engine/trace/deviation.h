// A schedule as keyed deviations from a default scheduler (D12): what shrinking, bounded search and
// the explanation of a failure work on.
//
// 1. The default scheduler D is a function of what it has seen of the execution so far.
// 2. A moment, (key of the actor that made the last decision, number of decisions that actor has
// made), names at most
//    one choice point of an execution, since every decision raises the count of its own actor.
// 3. So an execution is one set of deviations and a set of deviations is one execution; a deviation
// whose moment never
//    comes, or whose `instead` cannot go then, is skipped, hence every subset is a schedule too.
// Source: the representation is ours; Choi and Zeller, "Isolating Failure-Inducing Thread
// Schedules" (ISSTA 2002) shrink differences between schedules with the same effect.
#pragma once
#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/boundary/choice.h"
#include "engine/boundary/outcome.h"
#include "engine/boundary/system.h"

namespace lockstep {

// "After `actor` has made `own` decisions since it was created, `instead` goes next" in place of
// what D would do.
struct Deviation {
  uint64_t actor = 0;    // key of the actor that made the last decision; 0 at the very beginning
  uint32_t own = 0;      // decisions it had made
  uint64_t instead = 0;  // key of the actor that goes; for data: the value
  AltKind kind = AltKind::step;
  friend auto operator<=>(const Deviation&,
                          const Deviation&) = default;  // NOLINT(modernize-use-nullptr): its <
};

// What a reader has to follow. A switch is a step of another process than that of the step before;
// it is a preemption if the process before could have gone on, and not only ended.
struct ShrinkSize {
  uint32_t steps = 0, deviations = 0, switches = 0, preemptions = 0, processes = 0, faults = 0;
};

// D: keeps running the same process while it can, and until it yields; else takes the oldest
// enabled process (after a yield the next one in order of age, so that loops that poll and yield
// come to an end), then the oldest signal, then the earliest timer, a fault only if there is
// nothing else; a choice takes its first value.
class DefaultScheduler {
 public:
  void begin() { current_ = kNoActor, yielded_ = false; }
  size_t pick(const ChoicePoint& point) const;
  void took(const ChoicePoint& point, size_t index);

 private:
  ActorId current_ = kNoActor;  // the process that stepped last
  bool yielded_ = false;
};

// System::actor_key remembered for one execution. kNoActor has key 0; an actor without a key gets
// one from its number.
class ActorKeys {
 public:
  void begin(const System& system) { system_ = &system, keys_.clear(); }
  uint64_t operator()(ActorId actor);

 private:
  const System* system_ = nullptr;
  std::vector<uint64_t> keys_;  // by actor; 0: not asked yet
};

// Follows an execution and writes it down as deviations, with its size.
class DeviationEncoder {
 public:
  void begin(const System& system);
  size_t default_pick(const ChoicePoint& point) const { return scheduler_.pick(point); }
  Deviation moment(const ChoicePoint& point);  // actor and own are set
  // What a deviation to this alternative (or value) would be.
  Deviation deviation(const ChoicePoint& point, size_t index);
  void took(const ChoicePoint& point, size_t index, size_t default_index);

  const std::vector<Deviation>& deviations() const {
    return deviations_;
  }                                                        // in the order they happened
  const std::vector<uint32_t>& at() const { return at_; }  // the decision (0-based) of each
  const ShrinkSize& size() const { return size_; }
  ActorKeys& keys() { return keys_; }

 private:
  bool could_go_on(const ChoicePoint& point) const;
  DefaultScheduler scheduler_;
  ActorKeys keys_;
  std::vector<uint32_t> own_;  // decisions made, by actor
  std::vector<bool> seen_;     // processes that stepped
  ActorId stepped_ = kNoActor;
  std::vector<Deviation> deviations_;
  std::vector<uint32_t> at_;
  ShrinkSize size_;
};

// A deviation that could have been taken but was not.
struct Untaken {
  Deviation deviation;
  uint32_t step = 0;  // the decision (0-based) at which it would come
};

// What was executed, with a copy of all its footprints.
struct Executed {
  ActorId actor = kNoActor;
  AltKind kind = AltKind::step;
  OpKind op = OpKind::none;
  std::vector<Footprint> footprints;
};

// What a chooser notes down about an execution for a search that goes on from it.
struct Branches {
  std::vector<Untaken> untaken;  // after the last deviation of the set was taken, in order of step
  std::vector<Executed> executed;  // every decision
  bool complete = true;            // false: a choice had too many values to list them all
};

// D with a set of deviations.
class DeviationChooser : public Chooser {
 public:
  // `set` sorted; copied.
  void begin(const System& system, std::span<const Deviation> set, Branches* branches = nullptr);
  size_t choose(const ChoicePoint& point) override;
  DeviationEncoder& encoder() { return encoder_; }

 private:
  size_t find(const ChoicePoint& point);
  void note(const ChoicePoint& point, size_t usual, size_t pick);
  DeviationEncoder encoder_;
  std::vector<Deviation> set_;
  Branches* branches_ = nullptr;
};

// One execution and its encoding.
struct Encoding {
  std::vector<Deviation> deviations;  // in the order they happened
  std::vector<uint32_t> at;           // the decision (0-based) of each
  std::vector<uint64_t> keys;         // of each decision's actor
  ShrinkSize size;
  Outcome outcome;
  bool followed = false;  // encode: every decision could be taken, and no more were asked for
};

// Runs the schedule and writes it down as deviations. Stops where it cannot be followed.
Encoding encode_schedule(System& system, uint64_t seed, uint64_t iteration,
                         std::span<const Decision> schedule);

// Runs D with the deviations, in any order; the encoding lists those that took effect.
// System::decisions() holds the execution until the next begin().
Encoding run_deviations(System& system, uint64_t seed, uint64_t iteration,
                        std::span<const Deviation> set, Branches* branches = nullptr);

}  // namespace lockstep
