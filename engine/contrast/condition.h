// What of an execution may decide whether it fails: that one step came before another, that a fault
// happened, which value was chosen. Judged on any execution of the same program, or of an edited
// one.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/boundary/event.h"
#include "engine/contrast/step_ids.h"

namespace lockstep {

// One execution by the names of its steps.
struct Tape {
  std::vector<StepId> ids;       // one for each decision
  std::vector<uint32_t> values;  // of a data choice: 1 + the value; else 0
  std::vector<Decision> decisions;
  Outcome outcome;
};

struct Condition {
  enum Kind : uint8_t {
    order,   // `first` happens, and `second` does not happen before it
    fault,   // `first` happens
    choice,  // `first` is asked for and `value` chosen
  } kind = order;
  StepId first = 0, second = 0;
  uint32_t value = 0;
  // Steps (1-based) of the failing execution; second_step 0: it never comes to that.
  uint32_t first_step = 0, second_step = 0;
  friend bool operator==(const Condition&, const Condition&) = default;
};

// Positions of the steps of a tape, for many conditions.
class Positions {
 public:
  explicit Positions(const Tape& tape);
  bool has(StepId id) { return at_[id] != 0; }
  uint32_t at(StepId id) { return at_[id]; }  // 1-based; 0: it is not there
  bool holds(const Condition& condition);
  // All that the condition is about was there, the one way or the other.
  bool about(const Condition& condition);

 private:
  const Tape& tape_;
  FlatMap<uint32_t> at_;
};

// The conditions of a failing execution, each of which another schedule might not meet: orders of
// conflicting steps of different actors, faults, choices. Some orders have no other; only
// executions tell, since a server's next step may have been caused by another one's message.
// `events` as recorded, `tape` the same execution. Empty for more than kMostConditionEvents events.
inline constexpr size_t kMostConditionEvents = 1500;
std::vector<Condition> conditions_of(std::span<const Event> events, const Tape& tape);

// Orders that only the absence of a step kept: of steps of `tape` that `failing` never comes to,
// before a step of both that they conflict with. `events` are those of `tape`.
std::vector<Condition> conditions_against(std::span<const Event> events, const Tape& tape,
                                          const Tape& failing);

}  // namespace lockstep
