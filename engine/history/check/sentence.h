// The heart of a violation in one line, where no pattern of values shows it.
#pragma once
#include <span>
#include <string>

#include "engine/history/check/check.h"
#include "engine/history/check/explanation.h"

namespace lockstep::history {

// What a counter may hold when an operation takes effect: all that had ended before it began has
// been added, what was under way may have been. Both ends are sharp for one operation alone.
struct CounterInterval {
  int32_t op = -1;  // whose result is outside; -1: none, each alone could be right
  int64_t told = 0, low = 0, high = 0;
  int32_t before = 0, meanwhile = 0;  // additions that had ended, and that were under way
};
// Of the operations that lie outside the one that ended first. `ops` as decode() gives them.
CounterInterval counter_interval(std::span<const Op> ops);
std::string counter_sentence(const History& history, const CounterInterval& interval);

// From what cannot come next: the operation that completed the violation, else one of the core.
// Empty if none of them is among the refused; then the longest order found ended elsewhere, since
// the search for it has a bound, and says nothing of the violation.
std::string refused_sentence(const History& history, const Explanation& explanation);

// Of whatever is left: which operation it is that no order explains.
std::string last_sentence(const History& history, const Explanation& explanation);

}  // namespace lockstep::history
