// --show-config: where each setting came from. What is not listed is as --help says.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command/commands.h"
#include "cli/selection/selection.h"
#include "cli/settings/settings.h"
#include "cli/terminal/console.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

std::string line(const Origin& o, bool ndjson) {
  if (ndjson)
    return json_line({{"type", "setting"},
                      {"flag", o.name},
                      {"value", o.value},
                      {"from", o.from},
                      {"overridden_by", o.loses}});
  return one_line(fmt::format("{:<20} {:<20} {}{}", o.name, o.value, o.from,
                              o.loses.empty() ? "" : fmt::format(", overridden by {}", o.loses))) +
         "\n";
}

// A scenario's own options win over the project file's, and lose against flags.
std::vector<Origin> of_scenarios(const Options& options) {
  std::vector<Origin> origins;
  const auto loaded = load_files(options, "");
  for (const auto& s : select_scenarios(options, loaded.programs, nullptr))
    for (const auto& [name, text] : s.scenario->options) {
      const auto* setting = find_setting(name);
      if (!setting) continue;
      origins.push_back({flag_of(*setting), text,
                         fmt::format("{}:{}, scenario \"{}\"", s.program->path(), s.scenario->line,
                                     s.scenario->name),
                         options.settings.contains(name) ? "the command line" : ""});
    }
  return origins;
}

}  // namespace

ExitCode show_config(const Command& command, const Options& options) {
  const bool ndjson = options.format == "ndjson";
  std::string out;
  if (!ndjson)
    out += fmt::format("project file: {}\n",
                       options.project_file.empty() ? "none" : one_line(options.project_file));
  auto origins = options.origins;
  std::erase_if(origins, [](const Origin& o) { return o.name == "--show-config"; });
  const bool searches =
      std::string_view(command.name) == "run" || std::string_view(command.name) == "verify";
  if (searches && !options.args.empty())
    for (auto& o : of_scenarios(options)) origins.push_back(std::move(o));
  for (const auto& o : origins) out += line(o, ndjson);
  if (!ndjson) out += fmt::format("all else: lockstep {} --help\n", command.name);
  put(out);
  return ExitCode::ok;
}

}  // namespace lockstep::cli
