// How likely the failure is after each step of a failing execution, if all that follows is left to
// chance: where it becomes likely, and from where it cannot be avoided any more.
//
// P(failure | the first n steps) is estimated by random walks from the state after them, which an
// image gives back; between two steps at which something else could have gone it does not change.
// As FoundationDB and Antithesis look for the moment when a bug became inevitable, there by running
// again with other seeds. Deterministic: bounded by executions and their steps, not by a clock.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/explain/continuations.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct CurveOptions {
  uint64_t max_decisions = 400'000;  // in all continuations: what bounds the time
  uint32_t tries = 40;               // at each state that is looked at
  uint32_t sure = 200;  // at those that the answer is about: the beginning, on both sides of the
                        // greatest rise, and where all are said to fail
  const std::atomic<bool>* interrupted = nullptr;
};

struct CurvePoint {
  uint32_t step = 0;  // the state after so many steps; 0: the beginning
  Tally tally;
  bool forced = false;  // nothing is left to choose from here on: what happens is certain
  double share() const { return forced ? 1 : tally.share(); }
  Interval interval() const { return forced ? Interval{1, 1} : tally.interval(); }
  bool always() const { return forced || (tally.tried > 0 && tally.failed == tally.tried); }
};

struct Curve {
  std::string reason;              // why there are no points; one line
  std::vector<CurvePoint> points;  // by step; the last one is forced
  // Indices of points. The greatest rise is from `rise` - 1 to `rise`, by one step, unless the
  // budget ended; none where nothing rises. From `no_return` on every continuation fails in the
  // same way.
  std::optional<size_t> rise;
  size_t no_return = 0;
  // The rise is by one step, both its states were tried often enough, and the two intervals have
  // nothing in common; else it may be one of many.
  bool clear = false;
  uint64_t executions = 0;    // continuations
  bool budget_ended = false;  // some states have fewer tries than were asked for, or none
  bool cut = false;           // interrupted, or the time was up: as far as it came
};

// `failing` as record_schedule() gives it, best after shrinking.
Curve failure_curve(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                    const CurveOptions& options = {});

}  // namespace lockstep
