#include "cli/trace/rerun.h"

#include <fmt/format.h>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

// What the edit changed among the scenario's options counts; all else is as it was recorded, flags
// of that run too.
SettingMap edited_options(const Traced& traced, const vm::ScenarioInfo& edited) {
  const auto& recorded = same_scenario(traced.program, traced.trace.scenario);
  const SettingMap before = resolve_settings(recorded, {}).recorded();
  const SettingMap now = resolve_settings(edited, {}).recorded();
  SettingMap options = traced.trace.options;
  for (const auto& [name, text] : before)
    if (!now.contains(name)) options.erase(name);
  for (const auto& [name, text] : now)
    if (const auto it = before.find(name); it == before.end() || it->second != text)
      options[name] = text;
  return options;
}

}  // namespace

ReplayContext replay_context(const Settings& settings) {
  ReplayContext c;
  c.fingerprint = vm::lua_fingerprint();
  c.tool_version = tool_version();
  c.options = settings.recorded();
  return c;
}

const vm::ScenarioInfo& same_scenario(const vm::Program& program, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& scenario : program.scenarios()) {
    if (scenario.name == name) return scenario;
    names.push_back(scenario.name);
  }
  if (program.scenarios().size() == 1) return program.scenarios()[0];  // it was renamed
  const auto near = nearest(name, names);
  throw Error(ExitCode::usage, fmt::format("{} has no scenario \"{}\"", program.path(), name),
              near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
}

Observed look_at(System& machine, const Traced& traced, const Recording& recording) {
  if (!recording.outcome.failed() || recording.decisions.empty()) return {};
  return observe(machine, traced.trace.seed, traced.trace.iteration, recording.decisions);
}

ReplayResult rerun_recorded(const Traced& traced, const StopToken& stop) {
  const auto machine = traced.machine(stop);
  auto result = replay_strict(*machine, traced.trace, replay_context(traced.settings));
  check_not_cut(*machine, traced.path);
  return result;
}

Rerun rerun_on(Traced& traced, const vm::Program& program, const StopToken& stop) {
  const auto& scenario = same_scenario(program, traced.trace.scenario);
  const auto recorded = traced.machine(stop);
  traced.trace.options = edited_options(traced, scenario);
  const auto settings = settings_from_trace(traced.trace.options, traced.path);
  auto with = replay_context(settings);
  for (const auto& source : program.files()) with.files.push_back({source.name, source.text});
  auto machine_options = settings.machine();
  machine_options.stop = &stop;
  const auto machine = vm::make_machine(program, scenario.name, machine_options);
  Rerun answer{replay_edited(*machine, traced.trace, with), {}, {}};
  check_not_cut(*machine, traced.path);
  const auto& then = traced.trace.outcome;
  const auto kind = answer.replay.kind;
  // Left to run on alone, what the edit made wait may come to a bound: that is no failure of it.
  const bool bound = kind == ReplayResult::other_failure && !then.at_bound() &&
                     answer.replay.recording.outcome.at_bound();
  if (then.failed() && (kind == ReplayResult::passed || kind == ReplayResult::diverged || bound)) {
    FixOptions how;
    how.interrupted = &interrupted();
    answer.fix = check_fix(*recorded, *machine, traced.trace, with, how);
    log_info(Part::replay, fmt::format("{}: {} kept what decided the failure, of {}",
                                       program.path(), counted(answer.fix->kept_all, "execution"),
                                       counted(answer.fix->executions, "execution")));
  }
  answer.observed =
      look_at(*machine, traced, answer.fix ? answer.fix->failing : answer.replay.recording);
  traced.trace.files = with.files;
  return answer;
}

}  // namespace lockstep::cli
