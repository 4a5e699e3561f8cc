// The contrast (D16): the smallest set of orders, faults and choices such that executions that keep
// it fail, and that pass when one of them is reversed.
//
// Found by counterexamples: every passing execution breaks some of the failing one's conditions
// (condition.h), and the answer has to meet each of these sets (hitting_set.h). The candidate is
// tried by executions that keep it and are random otherwise (keeper.h); one that passes is the next
// counterexample. Where the classes of schedules are few, all of them are executed instead. This is
// delta debugging over orders (Choi and Zeller, "Isolating Failure-Inducing Thread Schedules",
// ISSTA 2002), with the search for differences turned into implicit hitting sets (Davies and
// Bacchus, CP 2011), so that the answer is smallest for what was seen and not only one that cannot
// be cut. Deterministic; bounded by executions, not by a clock.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/contrast/condition.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct ContrastOptions {
  uint64_t max_executions = 3000;
  uint64_t max_decisions = 150'000;  // in all of them: what bounds the time
  uint64_t max_classes = 400;        // executed all, if there are no more
  uint32_t most_parts = 6;
  const std::atomic<bool>* interrupted = nullptr;
};

struct ContrastPart {
  Condition condition;
  Event first, second;  // as recorded; `second` of another execution where this never comes to it
  std::string message;  // `first` is an arrival: of this, from there; or empty
  std::string second_message;  // ... `second`
  // Executions that keep all the others and not this one: it is reversed, or does not happen.
  uint64_t broken = 0, passed = 0, failed = 0;
};

struct Contrast {
  enum Kind : uint8_t {
    found,
    always,    // nothing that was tried passes
    not_told,  // too long, no small set, or the budget ended: `reason`
  } kind = not_told;
  std::string reason;               // not_told: one line
  std::vector<ContrastPart> parts;  // faults and choices first, then in order of steps
  // Every execution tried that fails in the same way keeps all parts: it fails exactly then.
  bool exact = false;
  bool all_classes = false;     // one execution of each class of schedules was made
  uint64_t executions = 0;      // in all, those that could not keep what was asked not counted
  uint64_t kept = 0;            // of these, those that keep all parts
  uint64_t kept_failed = 0;     // ... and fail in the same way
  uint64_t kept_otherwise = 0;  // ... fail otherwise
  uint64_t exceptions = 0;      // ... pass
  uint64_t failed = 0;          // in all, in the same way
  uint64_t passed = 0;
};

// `failing` as record_schedule() gives it, best after shrinking.
Contrast contrast(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                  const ContrastOptions& options = {});

// Of what shrink() gave: asked of all that happened, told of the schedule that is shown.
Contrast contrast_of_shrunk(System& system, uint64_t seed, uint64_t iteration,
                            const Recording& shown, const Recording& whole,
                            const ContrastOptions& options = {});

}  // namespace lockstep
