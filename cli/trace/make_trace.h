// From a failing execution to a trace: adds what a replay needs beyond the decisions.
#pragma once
#include <set>
#include <string>

#include "cli/report/report.h"
#include "vm/system/program.h"

namespace lockstep::cli {

struct ScenarioRun {  // the scenario that an execution belongs to
  const vm::Program& program;
  const vm::ScenarioInfo& scenario;
  const Settings& settings;
};

// `system` runs the schedule once more, to find out who is who in it, which only an edited scenario
// needs; null: there is no time for that.
Trace make_trace(const ScenarioRun& run, const Finding& finding, System* system);
// The trace of the same failure under a shrunk schedule.
Trace make_small_trace(const Trace& trace, const ShrinkResult& result, const std::string& origin,
                       System& system);
ShrinkReport make_shrink_report(const ShrinkResult& result);

// What -v shows of it.
void log_written(const std::string& path, const Trace& trace);
void log_smaller(const ShrinkSize& now, uint64_t attempts);
void log_shrunk(const std::string& path, const ShrinkResult& result);

// traces/lost_update-iter3-seed1.lockstep. Two scenarios with one name in a run get different ones.
class TraceNames {
 public:
  explicit TraceNames(std::string folder) : folder_(std::move(folder)) {}
  std::string next(const ScenarioRun& run, uint64_t iteration);
  // traces/lost_update-audit-seed1.lockstep, of an order that --audit tried.
  std::string audited(const ScenarioRun& run);

 private:
  std::string unused(const std::string& base);
  std::string folder_;
  std::set<std::string> used_;
};
std::string small_name(const std::string& path);  // NAME.lockstep -> NAME.shrunk.lockstep

}  // namespace lockstep::cli
