// lockstep run and verify: one search, which for verify has to end. What verify says is in
// cli/report/proof.cpp.
#include <fmt/format.h>

#include "cli/command/commands.h"
#include "cli/search/search.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

// Only strategies that execute everything, and everything there is, can prove.
void check_strategy(const std::string& name) {
  const StrategyInfo& info = *find_strategy(name);
  const char* why = !info.claims.exhaustive ? "samples schedules"
                    : info.claims.bounded   ? "ends at a bound of its own"
                                            : nullptr;
  if (why)
    throw Error(
        ExitCode::usage, fmt::format("--strategy {} cannot prove anything: it {}", name, why),
        fmt::format("leave it out (dpor), or sample: lockstep run FILE --strategy {}", name));
}

}  // namespace

ExitCode run_command(const Options& options) { return search_command(options); }

ExitCode verify_command(const Options& given) {
  Options options = given;
  options.prove = true;
  // Classes have no preemptions, schedules do.
  const bool bounded = options.setting("preemptions") != nullptr;
  if (!options.setting("strategy")) options.settings["strategy"] = bounded ? "cache" : "dpor";
  check_strategy(*options.setting("strategy"));
  return search_command(options);
}

}  // namespace lockstep::cli
