// One scenario explored: the engine is given what was asked for, and its word put to a second
// judge.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "cli/report/report.h"
#include "cli/search/checkpoint_file.h"
#include "cli/search/finding.h"
#include "cli/search/memory.h"
#include "cli/search/shard_files.h"
#include "cli/selection/selection.h"
#include "engine/explore/explorer.h"

namespace lockstep::cli {

class ScenarioExplorer {
 public:
  ScenarioExplorer(const Options& options, const Memory& memory);

  // Reads the files that the search goes on from, or is made of. Throws Error.
  void begin();
  // `report->settings`: with what; they may lose reductions that the scenario turns out not to
  // bear.
  void explore(const Selected& s, const TimeBox& time, ScenarioReport* report);
  // Nothing that came to its end without an unexpected failure is called a proof before searches
  // that share nothing with its own have looked for one.
  void judge(const ScenarioRun& run, const TimeBox& time, ScenarioReport* report) const;
  void finish(const ExploreResult& result, bool interrupted) {
    checkpoint_.finish(result, interrupted);
  }

  const std::optional<Error>& checkpoint_error() const { return checkpoint_.error(); }
  const ShardWriter& shard() const { return writer_; }

 private:
  ExploreOptions explore_options(const Settings& settings, const TimeBox& time) const;
  // `polled`: where to stop if a wait polls a mailbox.
  void explore_as(const Selected& s, const TimeBox& time, std::atomic<bool>* polled,
                  ScenarioReport* report);

  uint64_t max_failures(const Selected& s) const;
  Identity shard_identity(const Selected& s) const;
  bool shard_of_proof(const Selected& s) const;
  std::map<std::string, std::string> shards_there(const Selected& s) const;  // by path
  ShardLessons lessons_of_others(const Selected& s) const;
  std::string finished_shard(const Selected& s) const;

  const Options& options_;
  const Memory& memory_;
  CheckpointFile checkpoint_;
  ShardWriter writer_;
  std::optional<ShardReader> shards_;  // whose results are taken
  bool polls_ = false;                 // the scenario at hand waits by polling mailboxes
};

// Of a proof that left something out there is nothing to say but that.
bool unsound(const ScenarioReport& report);

}  // namespace lockstep::cli
