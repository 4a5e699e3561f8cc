#include "cli/selection/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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
  auto loaded = load_files(options, example);
  if (!loaded.broken.empty()) throw Error(loaded.broken.front().error);
  return std::move(loaded.programs);
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

namespace {

// How to sample, and for how long, says nothing about a proof.
Settings settings_of(vm::ScenarioInfo scenario, const Options& options) {
  if (options.prove)
    for (const char* name : {"strategy", "iterations", "time", "depth", "resample_prob"})
      scenario.options.erase(name);
  return resolve_settings(scenario, options.settings, options.project);
}

}  // namespace

std::vector<Selected> select_scenarios(const Options& options,
                                       const std::vector<vm::Program>& programs,
                                       std::vector<BrokenFile>* broken) {
  std::vector<Selected> selected;
  std::vector<std::string> names;
  for (const auto& program : programs) {
    const size_t before = selected.size();
    try {
      for (const auto& scenario : program.scenarios()) {
        names.push_back(scenario.name);
        if (wanted(options, scenario.name))
          selected.push_back({&program, &scenario, settings_of(scenario, options)});
      }
    } catch (const Error& e) {
      if (!broken || e.code() != ExitCode::scenario) throw;
      selected.resize(before);
      broken->push_back({program.path(), e});
    }
  }
  if (!selected.empty() || options.only.empty() || (broken && !broken->empty())) return selected;
  const auto& first = options.only[0];
  const auto near = nearest(first.substr(first.starts_with('=')), names);
  throw Error(
      ExitCode::usage,
      fmt::format("--only {} matches none of {} scenarios", options.only[0], names.size()),
      near.empty() ? "lockstep list scenarios FILE" : fmt::format("did you mean \"{}\"?", near));
}

}  // namespace lockstep::cli
