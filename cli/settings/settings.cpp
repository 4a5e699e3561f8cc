#include "cli/settings/settings.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/nearest.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

[[noreturn]] void unknown_option(const vm::ScenarioInfo& scenario, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& setting : settings())
    if (setting.lua) names.emplace_back(setting.name);
  const auto near = nearest(name, names);
  throw Error(ExitCode::scenario,
              fmt::format("{}:{}: scenario \"{}\" has an unknown option '{}'", scenario.file,
                          scenario.line, scenario.name, name),
              near.empty() ? "options are the flags of 'lockstep run --help' in snake_case"
                           : fmt::format("did you mean {}?", near));
}

// Without a limit of its own, a run that has a time runs for that time, and one that can come to an
// end by itself does.
void no_iterations_given(Settings* s) {
  const auto* strategy = find_strategy(s->strategy);
  if (s->seconds > 0 || (strategy && strategy->claims.exhaustive)) s->iterations = 0;
}

void apply_flags(Settings* s, const SettingMap& flags) {
  for (const auto& [name, text] : flags) {
    try {
      find_setting(name)->set(*s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::usage, fmt::format("{} {}", flag_of(*find_setting(name)), complaint));
    }
  }
}

}  // namespace

void check_setting(const std::string& name, const std::string& text) {
  Settings scratch;
  find_setting(name)->set(scratch, text);
}

Settings resolve_settings(const vm::ScenarioInfo& scenario, const SettingMap& flags,
                          const SettingMap& project) {
  Settings s;
  apply_flags(&s, project);
  for (const auto& [name, text] : scenario.options) {
    const auto* setting = find_setting(name);
    if (!setting || !setting->lua) unknown_option(scenario, name);
    try {
      setting->set(s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::scenario,
                  fmt::format("{}:{}: option '{}' of scenario \"{}\" {}", scenario.file,
                              scenario.line, name, scenario.name, complaint));
    }
  }
  apply_flags(&s, flags);
  bool iterations = false;  // a time wins over a number that lies under it
  for (const SettingMap* layer : {&project, &scenario.options, &flags})
    iterations = layer->contains("iterations") || (iterations && !layer->contains("time"));
  if (!iterations) no_iterations_given(&s);
  const Claims& claims = find_strategy(s.strategy)->claims;
  if (!s.reduce_given && claims.exhaustive && claims.take(kTakesReduce))
    s.search.reduce = kDefaultReduce;
  return s;
}

Settings settings_from_trace(const SettingMap& recorded, const std::string& path) {
  Settings s;
  for (const auto& [name, text] : recorded) {
    const auto* setting = find_setting(name);
    if (!setting)
      continue;  // of a newer version, which says so in the trace's version if it matters
    try {
      setting->set(s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::trace, fmt::format("{}: option '{}' {}", path, name, complaint));
    }
  }
  return s;
}

ExploreOptions Settings::explore() const {
  ExploreOptions e;
  e.strategy = strategy;
  e.seed = seed;
  e.iterations = iterations;
  e.seconds = seconds;
  e.strategy_options = search;
  e.strategy_options.seed = seed;
  e.strategy_options.max_steps = execution.limits.max_steps;
  return e;
}

vm::MachineOptions Settings::machine() const {
  vm::MachineOptions m = execution;
  m.unused_increments = search.reduce.unused_increments;
  m.keep_mail = search.reduce.needs_mail();
  m.fair_spins = spins_held;
  m.hold_polls = spins_held ? polls_held : !m.keep_mail;
  return m;
}

SettingMap Settings::recorded() const {
  SettingMap map;
  for (const auto& setting : settings())
    if (setting.recorded)
      if (auto text = setting.recorded(*this); !text.empty()) map[setting.name] = std::move(text);
  return map;
}

bool Settings::expects(const Outcome& outcome) const {
  return !expect.empty() && outcome.failed() &&
         (expect == verdict_name(outcome.verdict) || expect == outcome.signature());
}

}  // namespace lockstep::cli
