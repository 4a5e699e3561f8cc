// lockstep list and version: what this build and a scenario file have to offer.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command/commands.h"
#include "cli/selection/scenario_files.h"
#include "cli/settings/values.h"
#include "cli/terminal/console.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"
#include "engine/schedule/strategy.h"
#include "vm/system/program.h"

namespace lockstep::cli {
namespace {

// All that sample are made fair from outside (engine/schedule/fairness.h); the claim is what one is
// by itself.
bool explores_fairly(const StrategyInfo& s) { return s.claims.fair || s.claims.samples(); }

std::string strategies_text(bool ndjson) {
  std::string out;
  for (const auto& s : strategies()) {
    if (ndjson)
      out += json_line({{"type", "strategy"},
                        {"name", s.name},
                        {"summary", s.summary},
                        {"guarantee", s.guarantee},
                        {"source", s.source},
                        {"exhaustive", s.claims.exhaustive},
                        {"fair", explores_fairly(s)},
                        {"adaptive", s.claims.adaptive}});
    else
      out += fmt::format("{}\n  {}\n  guarantee: {}\n  source:    {}\n", s.name, s.summary,
                         s.guarantee, s.source);
  }
  return out;
}

std::string scenarios_text(const vm::Program& program, bool ndjson) {
  std::string out;
  size_t width = 0;
  for (const auto& s : program.scenarios()) width = std::max(width, one_line(s.name).size());
  for (const auto& s : program.scenarios()) {
    if (ndjson) {
      out += json_line({{"type", "scenario"},
                        {"file", program.path()},
                        {"line", s.line},
                        {"scenario", s.name},
                        {"options", s.options}});
      continue;
    }
    auto text =
        fmt::format("{}:{}: {:<{}}", one_line(program.path()), s.line, one_line(s.name), width);
    for (const auto& [name, value] : s.options)
      text += fmt::format("  {}={}", name, one_line(value));
    while (text.back() == ' ') text.pop_back();
    out += text + "\n";
  }
  return out;
}

}  // namespace

ExitCode list_command(const Options& options) {
  const bool ndjson = options.format == "ndjson";
  const auto what = options.args.empty() ? "strategies" : options.args[0];
  try {
    check_choice("strategies|scenarios", what);
  } catch (const std::string& complaint) {
    throw Error(ExitCode::usage, "what to list " + complaint, "lockstep list scenarios FILE");
  }
  if (what == "strategies") {
    if (options.args.size() > 1)
      throw Error(
          ExitCode::usage,
          fmt::format("'{}' is one argument too many for 'list strategies'", options.args[1]),
          "lockstep list scenarios FILE");
    put(strategies_text(ndjson));
    return ExitCode::ok;
  }
  Options files = options;
  files.args.erase(files.args.begin());
  if (files.args.empty()) files.args = options.project_paths;
  const auto loaded = load_files(files, "lockstep list scenarios FILE");
  for (const auto& program : loaded.programs) put(scenarios_text(program, ndjson));
  for (const auto& broken : loaded.broken) complain(broken.error);
  return loaded.broken.empty() ? ExitCode::ok : loaded.broken.front().error.code();
}

ExitCode version_command(const Options& options) {
  const auto fingerprint = fmt::format("{:016x}", vm::lua_fingerprint());
  if (options.format == "ndjson")
    put(json_line(
        {{"type", "version"}, {"version", tool_version()}, {"lua_fingerprint", fingerprint}}));
  else
    put(fmt::format("lockstep {}\nlua fingerprint {}\n", tool_version(), fingerprint));
  return ExitCode::ok;
}

}  // namespace lockstep::cli
