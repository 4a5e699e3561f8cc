// One function for each command; each returns the exit code or throws Error. Results go to stdout,
// the rest to stderr.
#pragma once
#include <string>
#include <vector>

#include "cli/settings/options.h"
#include "engine/boundary/outcome.h"

namespace lockstep::cli {

ExitCode run_command(const Options& options);
ExitCode verify_command(const Options& options);
ExitCode merge_command(const Options& options);
ExitCode replay_command(const Options& options);
ExitCode shrink_command(const Options& options);
ExitCode explain_command(const Options& options);
ExitCode dump_command(const Options& options);
ExitCode debug_command(const Options& options);
ExitCode diff_command(const Options& options);
ExitCode bench_command(const Options& options);
ExitCode lint_command(const Options& options);
ExitCode list_command(const Options& options);
ExitCode new_command(const Options& options);
ExitCode stubs_command(const Options& options);
ExitCode mcp_command(const Options& options);
ExitCode man_command(const Options& options);
ExitCode version_command(const Options& options);
ExitCode completion_command(const Options& options);

// --show-config, of any command that has it.
ExitCode show_config(const Command& command, const Options& options);

std::string short_help();  // of bare `lockstep`
std::string full_help();   // of `lockstep --help`
std::string command_help(const Command& command);

// "pct:depth=10" -> a strategy with settings of its own. Throws std::string, "must be ...".
std::vector<BenchStrategy> parse_bench_strategies(const std::string& text);
CheckHistoryOptions check_history_options(const Options& options);  // of check-history

std::string trace_argument(
    const Options& options);  // --trace or the positional one; throws usage if there is none

}  // namespace lockstep::cli
