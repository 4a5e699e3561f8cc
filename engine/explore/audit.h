// The dependence relation against the system itself (dependence.h, invariants 2, 3 and 5): at the
// states along random executions, each pair of pending steps that the relation calls independent is
// executed in both orders from the saved state, and what they lead to is compared; so is each pair
// that a reduction lets commute since they write or send the same (only_equal). And of each step
// on the way, what it changed of what others can see (System::contents) has to be announced.
//
// Every proof, slice and explanation rests on the relation, so a disagreement is a bug of
// lockstep, not of the program that runs on it.
//
// Compared are the state and its digest, who can go then and what each is about to do, and how the
// execution ended if it did. Not compared: steps of which one ends the execution, by the root's end
// or a failure (every search lets the others go before), or a bound or a liveness check, which look
// at the way; and the states where both steps create a process or a table, since guests hold the
// numbers that these get in the order of their creation.
//
// Cost: for each pair two restores and four steps, for each pair that conflicts two and two.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/schedule/strategy.h"

namespace lockstep {

struct AuditOptions {
  uint64_t states = 1000;    // different states, of which no two have one System::state()
  uint64_t seed = 1;         // of the walks, and of the system
  uint64_t stream = 0;       // System::begin
  uint64_t max_found = 1;    // disagreements
  Reduce reduce;             // by which pairs of equal writes or messages commute too
  uint64_t max_steps = 400;  // of one walk
  double seconds = 0;        // 0: no limit
  const std::atomic<bool>* interrupted = nullptr;
};

struct Disagreement {
  std::string first, second;  // what the two would do, with all that they touch
  std::string what;           // the difference, a line each
  std::string path;           // what came before, a line each
  // Both orders as executions: to the end, by the default scheduler, where that was reached. Empty
  // if the second could not go, or if it is of one step alone, which then is the first.
  std::vector<Decision> orders[2];
};

struct AuditReport {
  uint64_t states = 0;
  uint64_t pairs = 0;      // that are independent, executed in both orders
  uint64_t equal = 0;      // that conflict, but write or send the same: executed in both orders too
  uint64_t conflicts = 0;  // that are dependent: one is executed, and the other is looked at then
  uint64_t steps = 0;      // of which it was compared what they changed and what they announced
  bool all = false;        // no more states were met in many walks
  std::vector<Disagreement> found;
};

AuditReport audit(System& system, const AuditOptions& options);

}  // namespace lockstep
