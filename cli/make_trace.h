// From a failing execution to a trace: adds what a replay needs beyond the decisions.
#pragma once
#include <set>
#include <string>

#include "cli/report.h"
#include "vm/program.h"

namespace lockstep::cli {

struct ScenarioRun {  // the scenario that an execution belongs to
  const vm::Program& program;
  const vm::ScenarioInfo& scenario;
  const Settings& settings;
};

Trace make_trace(const ScenarioRun& run, uint64_t iteration, const Outcome& outcome,
                 std::vector<Decision> decisions, std::vector<Event> events);
// The trace of the same failure under a shrunk schedule.
Trace make_small_trace(const Trace& trace, const ShrinkResult& result, const std::string& origin);
ShrinkReport make_shrink_report(const ShrinkResult& result);

// traces/lost_update-iter3-seed1.lockstep. Two scenarios with one name in a run get different ones.
class TraceNames {
 public:
  explicit TraceNames(std::string folder) : folder_(std::move(folder)) {}
  std::string next(const ScenarioRun& run, uint64_t iteration);

 private:
  std::string folder_;
  std::set<std::string> used_;
};
std::string small_name(const std::string& path);  // NAME.lockstep -> NAME.shrunk.lockstep

// What "P1(inc) ets.insert counter" says of a recorded decision: from its event if there is one.
std::vector<std::string> decision_labels(const std::vector<Decision>& decisions,
                                         const std::vector<Event>& events);

}  // namespace lockstep::cli
