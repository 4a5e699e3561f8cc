// What tells two recorded executions apart: where they part, which steps only one has, which
// conflicting steps come the other way round, and what came out differently. A pure function of
// the traces. Steps are matched by who does what to what, the how many-th of these: never by
// number, so that an execution and its shrunk form can be compared.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/trace/trace.h"

namespace lockstep {

// Indices into Trace::events of the two.
struct MatchedStep {
  uint32_t a = 0, b = 0;
};

struct TurnedOrder {
  MatchedStep first, second;  // in A `first` comes before `second`, in B after it
};

struct TraceDiff {
  uint32_t common = 0;  // events at the beginning that are alike in both
  bool same = false;    // all events are
  bool other_source = false, other_options = false;
  std::vector<std::string> sources;      // names of files that differ, or only one has
  std::vector<std::string> options;      // "delivery: async, fifo"
  std::vector<TurnedOrder> turned;       // of conflicting steps, in A's order of the second one
  std::vector<MatchedStep> changed;      // the same step with another result or change of state
  std::vector<uint32_t> only_a, only_b;  // events
};

// Longer traces than kMostDiffEvents: nothing is said of orders (`turned` is empty).
inline constexpr size_t kMostDiffEvents = 5000;
TraceDiff diff_traces(const Trace& a, const Trace& b);

}  // namespace lockstep
