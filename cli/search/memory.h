// What earlier runs found: --store replays it first, --baseline says what of it breaks no build.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/ci/baseline.h"
#include "cli/ci/store.h"
#include "cli/report/report.h"
#include "cli/selection/selection.h"
#include "cli/trace/make_trace.h"
#include "engine/boundary/system.h"

namespace lockstep::cli {

class Memory {
 public:
  explicit Memory(const Options& options);

  // Before anything runs: reads the baseline, looks at the store. Throws Error. What it has of
  // scenarios that are gone from their files nobody can tell; files that are gone, stderr does.
  std::vector<RememberedReport> check(const std::vector<Selected>& selected);

  // The stored failures of a scenario, each run again.
  std::vector<RememberedReport> replay(const ScenarioRun& run, const StopToken& stop);

  // Of an outcome of this scenario. Called by all workers while a search is under way.
  bool known(const ScenarioRun& run, const Outcome& outcome) const;     // in the baseline
  bool replayed(const ScenarioRun& run, const Outcome& outcome) const;  // replay() has told it

  // A failure that the search has met: gets its fingerprint and, if it is not known, a place in the
  // store, instead of a larger trace of the same failure.
  void found(const ScenarioRun& run, FailureReport* failure);

  // The baseline, if one is to be written. `partial`: not all of the scenarios were searched.
  // Throws Error, also for what in the store was damaged or could not be written.
  void write(bool partial);
  bool writes_baseline() const { return !options_.write_baseline.empty(); }

 private:
  std::string file_of(const ScenarioRun& run) const;
  std::string fingerprint_of(const ScenarioRun& run, const Outcome& outcome) const;
  RememberedReport replay_one(const ScenarioRun& run, const StoredFailure& entry,
                              const StopToken& stop);
  std::vector<StoredFailure>& entries(const std::string& file);  // of the store; read once
  void tell(const ScenarioRun& run, const Outcome& outcome);

  const Options& options_;
  const std::string root_;
  std::optional<FailureStore> store_;
  Baseline baseline_, before_, next_;  // ... to be overwritten; and what is written then
  std::set<std::string> told_;         // fingerprints of remembered failures that still come
  std::set<std::pair<std::string, std::string>> selected_;
  std::map<std::string, std::vector<StoredFailure>> entries_;  // by file
  std::map<std::string, RememberedReport::State> states_;      // by path
  std::optional<Error> error_;
};

}  // namespace lockstep::cli
