#include "cli/search/allowed.h"

#include <fmt/format.h>

#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

// Reductions drop schedules for others that may need more preemptions, so a bound on these goes
// with searches that drop none. Else a clean report would say more than was looked at.
void check_bounds(const Selected& s) {
  const StrategyInfo& info = *find_strategy(s.settings.strategy);
  if (s.settings.search.preemptions < 0 || info.claims.take(kTakesPreemptions)) return;
  throw Error(
      ExitCode::usage,
      fmt::format("--preemptions bounds cache and dfs, not {}{} (scenario \"{}\")", info.name,
                  info.claims.take(kTakesReduce)
                      ? ": it drops schedules for equivalent ones that may need more"
                      : "",
                  s.scenario->name),
      "--strategy cache --preemptions N: the same outcomes as dfs, in fewer executions");
}

// Machines can share out iterations that are functions of the seed and their number, and trees
// whose parts need not know of each other.
void check_shard(const Options& options, const Selected& s) {
  const StrategyInfo& info = *find_strategy(s.settings.strategy);
  if (options.shards == 1) return;
  const bool tree = info.claims.exhaustive;
  if (tree && info.claims.shardable() && options.out.empty())
    throw Error(
        ExitCode::usage,
        fmt::format("--shard of {} (scenario \"{}\") says nothing by itself: a proof has all parts",
                    info.name, s.scenario->name),
        "--out DIR keeps what came of it, for lockstep merge DIR");
  if (info.claims.shardable()) return;
  throw Error(
      ExitCode::usage,
      fmt::format("--shard cannot split {} (scenario \"{}\"): {}", info.name, s.scenario->name,
                  tree ? "its parts would visit the same states, or need to know of each other"
                       : "what it runs next depends on what it ran before"),
      tree ? "--strategy dpor or dfs; or sample: --strategy pos --shard I/N"
           : "--strategy pos, surw, loc, ...; or give each machine a --seed of its own, without "
             "--shard");
}

// A shard stops at its first failures, and cannot know that these were known.
void check_merge(const Options& options) {
  if (options.merge.empty() || options.max_failures == 0) return;
  for (const auto& [what, flag] :
       {std::pair{&options.store, "--store"}, std::pair{&options.baseline, "--baseline"}})
    if (!what->empty())
      throw Error(ExitCode::usage,
                  fmt::format("{}: the shards have stopped at failures that it may know", flag),
                  "run them with --keep-going, then merge");
}

// One file holds one search, which has to be one that can be taken up again.
void check_checkpoint(const Options& options, const std::vector<Selected>& selected) {
  const auto refuse = [&](const std::string& why, const char* hint) {
    throw Error(ExitCode::usage, fmt::format("--checkpoint {}: {}", options.checkpoint, why), hint);
  };
  if (selected.empty()) return;  // its file cannot be loaded, or not in time, which is said
  if (selected.size() != 1)
    refuse(fmt::format("holds the search of one scenario, and there are {}", selected.size()),
           "choose one: --only =NAME");
  const StrategyInfo& info = *find_strategy(selected[0].settings.strategy);
  if (!info.claims.saves)
    refuse(fmt::format("--strategy {} cannot be taken up again", info.name),
           "--strategy dpor or dfs");
  if (options.total_seconds > 0)
    refuse("--total-time begins a search anew with what time is left", "use --time");
}

}  // namespace

void check_allowed(const Options& options, const std::vector<Selected>& selected) {
  for (const auto& s : selected) check_bounds(s), check_shard(options, s);
  check_merge(options);
  if (!options.checkpoint.empty()) check_checkpoint(options, selected);
}

}  // namespace lockstep::cli
