// --out: what a shard has come to, in DIR/shard-I-of-N.lockshard, and the reader of all of
// them, which merge takes for what one process has come to.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/search/identity.h"
#include "cli/settings/options.h"
#include "engine/explore/explorer.h"
#include "engine/explore/shard_result.h"

namespace lockstep::cli {

// Of a shard that is under way.
class ShardWriter {
 public:
  explicit ShardWriter(const Options& options);
  void add(const Identity& id, const std::string& key, const std::string& saved);
  // Throws Error(ExitCode::trace).
  void write() const;
  std::string path() const;

 private:
  const Options& options_;
  ShardResult result_;
};

// The shards in a folder.
class ShardReader {
 public:
  // Throws Error: there are none, or not one of them all (ExitCode::incomplete, which); one is
  // damaged (ExitCode::trace); one is of another run (ExitCode::usage, with the difference).
  explicit ShardReader(const std::string& folder);
  // The words of the command line that made them, without those that are a shard's own.
  const std::vector<std::string>& command_line() const { return shards_.front().command_line; }
  // What the shards say of a scenario. Throws Error(ExitCode::usage) if they are of another.
  std::vector<std::string> of(const Identity& id, const std::string& key) const;
  // Of a proof whose shards have all come to their end. Throws Error(ExitCode::incomplete): some
  // did not know what others have learnt.
  void check_lessons(const std::vector<std::string>& saved) const;

 private:
  std::string folder_;
  std::vector<ShardResult> shards_;
};

// What the shards in `folder` have come to of a scenario, by path. Files that are damaged or of
// another run are left to merge, which names them.
std::map<std::string, std::string> shards_in(const std::string& folder, uint64_t shards,
                                             const Identity& id, const std::string& key);

// What counts of them where a shard is run for merge; without --out all of them. Throws
// Error(ExitCode::usage): something that a shard cannot do.
Options of_shard(const Options& options);
// "FILE: NAME", the same on each machine that was given the same words.
std::string shard_key(const ScenarioRun& run);

}  // namespace lockstep::cli
