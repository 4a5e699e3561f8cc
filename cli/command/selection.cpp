#include "cli/command/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "engine/base/nearest.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

bool wanted(const Options& options, const std::string& name) {
  if (options.only.empty()) return true;
  for (const auto& part : options.only)
    if (part.starts_with('=') ? name == part.substr(1) : name.find(part) != std::string::npos)
      return true;
  return false;
}

}  // namespace

std::vector<vm::Program> load_programs(const Options& options, const std::string& example) {
  if (options.args.empty()) throw Error(ExitCode::usage, "no scenario file given", example);
  std::vector<vm::Program> programs;
  double seconds = options.total_seconds;  // a file is loaded before it says what it has
  if (const auto time = options.settings.find("time"); time != options.settings.end())
    seconds = std::min(seconds > 0 ? seconds : std::numeric_limits<double>::infinity(),
                       resolve_settings({}, {{"time", time->second}}).seconds);
  const StopToken stop = stop_after(seconds);
  for (const auto& path : options.args) {
    const auto& program = programs.emplace_back(vm::Program::from_file(path, &stop));
    log_info(Part::load,
             fmt::format("{}: {}, {}", path, counted(program.scenarios().size(), "scenario"),
                         counted(program.files().size() - 1, "module")));
    for (const auto& file : program.files())
      log_debug(Part::load, fmt::format("{}: {}", file.name, counted(file.text.size(), "byte")));
  }
  return programs;
}

void check_takes(const SettingMap& flags, const std::vector<std::string>& names) {
  const auto taken = [](const std::string& name, uint8_t which) {
    return find_strategy(name)->claims.take(which);
  };
  for (const auto& [flag, text] : flags) {
    const Setting& setting = *find_setting(flag);
    if (setting.takes == 0 || text == "none" ||
        std::any_of(names.begin(), names.end(),
                    [&](const auto& name) { return taken(name, setting.takes); }))
      continue;
    std::set<std::string> given(names.begin(), names.end());
    std::string takers;
    for (const auto& info : strategies())
      if (taken(info.name, setting.takes))
        takers += (takers.empty() ? "" : ", ") + std::string(info.name);
    throw Error(ExitCode::usage,
                fmt::format("{} has no effect with {}", flag_of(setting),
                            given.size() == 1 ? *given.begin() : "any of these strategies"),
                fmt::format("leave it out, or --strategy: {}", takers));
  }
}

std::vector<Selected> select_scenarios(const Options& options,
                                       const std::vector<vm::Program>& programs) {
  std::vector<Selected> selected;
  std::vector<std::string> names;
  for (const auto& program : programs)
    for (const auto& scenario : program.scenarios()) {
      names.push_back(scenario.name);
      if (wanted(options, scenario.name))
        selected.push_back({&program, &scenario, resolve_settings(scenario, options.settings)});
    }
  if (!selected.empty() || options.only.empty()) return selected;
  const auto& first = options.only[0];
  const auto near = nearest(first.substr(first.starts_with('=')), names);
  throw Error(
      ExitCode::usage,
      fmt::format("--only {} matches none of {} scenarios", options.only[0], names.size()),
      near.empty() ? "lockstep list scenarios FILE" : fmt::format("did you mean \"{}\"?", near));
}

}  // namespace lockstep::cli
