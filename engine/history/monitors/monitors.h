// Near-linear deciders for histories in which no value is written (enqueued, pushed) twice. They
// say `unknown` where they do not apply, and the search decides. Every `valid` carries a
// linearization, which the caller verifies; every `invalid` is exact.
//
// The published ones reject or ignore pending operations, peeks and empty results; these take them.
#pragma once
#include <vector>

#include "engine/history/model/model.h"
#include "engine/history/model/verdict.h"

namespace lockstep::history {

struct Part {
  std::vector<Op> definite;  // by invocation
  std::vector<Op> pending;   // by invocation; none that only read
};

struct Placed {
  int32_t id;
  int64_t time;  // takes effect after this event and before the next one
};

struct MonitorAnswer {
  Verdict verdict = Verdict::unknown;
  std::vector<Placed> order;  // of a valid one
};

// register and cas-register without compare-and-sets: zones (Gibbons and Korach, "Testing shared
// memories", 1997), O(n log n).
MonitorAnswer monitor_register(const Part& part);
// O(n log n); see the .cpp files for the argument.
MonitorAnswer monitor_queue(const Part& part, int32_t event_count);
MonitorAnswer monitor_stack(const Part& part, int32_t event_count);

// Queues in which values repeat: a search of its own, exact both ways; unknown if the budget ends.
MonitorAnswer search_queue(const Part& part, const Budget& budget);

// Gives the operations, in this order, their earliest times. False if one comes too late.
bool place_in_order(const std::vector<const Op*>& sequence, std::vector<Placed>* out);

}  // namespace lockstep::history
