// What becomes of a failure that a search has found: it is run again, written, shrunk, explained.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "cli/report/report.h"
#include "cli/trace/make_trace.h"
#include "engine/boundary/system.h"

namespace lockstep::cli {

// The time that one scenario has, for all that is done with it.
class TimeBox {
 public:
  explicit TimeBox(double seconds = 0);  // 0: no limit
  double seconds() const { return seconds_; }
  double left() const;  // 0: no limit, and never 0 because nothing is left
  double left(double most) const;
  const StopToken& stop() const { return stop_; }

 private:
  double seconds_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  StopToken stop_;
};

std::unique_ptr<System> make_stoppable(const ScenarioRun& run, const Settings& settings,
                                       const StopToken& stop);

// What fails under every schedule is no matter of the schedule. If no execution has passed, a few
// random walks are made: how many schedules failed, all of them; 0 if one passed.
uint64_t schedules_all_failing(const ScenarioRun& run, const ScenarioReport& report,
                               const TimeBox& time);

// A scenario that misuses the API: what it did, and where.
Error misuse_error(const Outcome& outcome);

class FindingRecorder {
 public:
  explicit FindingRecorder(const Options& options) : options_(options), names_(options.trace_dir) {}

  // Writes the trace, shrinks it, writes what came of that. The trace is written also where there
  // is no time left for anything else.
  FailureReport describe(const ScenarioRun& run, const Finding& finding, const TimeBox& time,
                         FailureReport::How how, bool shrink);

  // A trace that cannot be written must not cost the report: the error is raised when all has been
  // said.
  bool write(const Trace& trace, const std::string& path);
  const std::optional<Error>& error() const { return error_; }
  TraceNames& names() { return names_; }

 private:
  // False: there was no time for it.
  bool shrink_one(System& machine, const std::string& path, const TimeBox& time, FailureReport* f);
  void count_plain_runs(const ScenarioRun& run, const TimeBox& time, FailureReport* f);
  void explain_one(System& machine, const std::string& path, const ShrinkResult& result,
                   FailureReport* f);

  const Options& options_;
  TraceNames names_;
  std::optional<Error> error_;
};

}  // namespace lockstep::cli
