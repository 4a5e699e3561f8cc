// Which events never came (DisabledEvent): what processes still wait for at the end of an
// execution, and what others made impossible.
#pragma once
#include <span>
#include <vector>

#include "engine/boundary/outcome.h"
#include "engine/dpor/execution.h"

namespace lockstep {

class DisabledEvents {
 public:
  // Of the execution that has ended, of which the first `fresh` decisions are those of the one
  // before. `blocked`: it ended where everything that can go sleeps.
  void find(DporExecution& execution, PendingSteps& steps, System& system, const Outcome& outcome,
            size_t fresh, bool blocked);
  std::span<const DisabledEvent> all() const { return events_; }
  // The first of them are from the executions before: reversed again only with what is new after
  // them.
  bool is_new(size_t event) const { return event >= old_; }
  // A crash could still come, so nothing else could.
  bool crash_waits() const;
  template <class A>
  void keep(A& a);  // saved.cpp

 private:
  void find_prevented(const DporExecution& execution, size_t at, const std::vector<Pending>& then,
                      bool last);

  std::vector<DisabledEvent> events_;
  size_t old_ = 0;
  size_t settled_ = 0;  // what the decisions before it made impossible is known
};

}  // namespace lockstep
