// lockstep replay: the recorded execution again, decision by decision, from the trace alone; or,
// with --scenario, the recorded schedule, and else what decided the failure, on an edited file.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "cli/command/commands.h"
#include "cli/report/report.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/traced.h"
#include "engine/base/nearest.h"
#include "engine/contrast/fix.h"
#include "engine/trace/make_trace.h"
#include "engine/trace/trace_replay.h"

namespace lockstep::cli {
namespace {

ReplayContext context(const Settings& settings) {
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

struct Answer {
  ReplayResult replay;
  std::optional<FixResult> fix;  // where the recorded steps alone did not fail
};

// The steps first: if they fail, that is the answer. Else what decided the failure is kept instead.
// The edited file's words are those that a report of its failure must quote.
Answer replay_file(Traced& traced, const std::string& file) {
  const auto program = vm::Program::from_file(file, &stop_if_interrupted());
  const auto& scenario = same_scenario(program, traced.trace.scenario);
  const auto recorded = traced.machine(stop_if_interrupted());
  traced.trace.options = edited_options(traced, scenario);
  const auto settings = settings_from_trace(traced.trace.options, traced.path);
  auto with = context(settings);
  for (const auto& source : program.files()) with.files.push_back({source.name, source.text});
  auto machine_options = settings.machine();
  machine_options.stop = &stop_if_interrupted();
  const auto machine = vm::make_machine(program, scenario.name, machine_options);
  Answer answer{replay_edited(*machine, traced.trace, with), {}};
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
    log_info(Part::replay, fmt::format("{}: {} kept what decided the failure, of {}", file,
                                       counted(answer.fix->kept_all, "execution"),
                                       counted(answer.fix->executions, "execution")));
  }
  traced.trace.files = with.files;
  return answer;
}

FailureReport failure(const Traced& traced, FailureReport::How how, Recording recording) {
  FailureReport f;
  f.how = how;
  f.trace = traced.trace;
  f.iteration = f.trace.iteration;
  f.path = traced.path;
  put_recording(f.trace, std::move(recording));
  return f;
}

ExitCode report(const Traced& traced, const std::string& file, const ReplayResult& replay,
                FixResult fix, Reporter& reporter) {
  switch (fix.kind) {
    case FixResult::passes:
      put(reporter.fixed({traced.path, file, replay.divergence, fix}));
      return ExitCode::ok;
    case FixResult::cannot_tell:
      put(reporter.fixed({traced.path, file, replay.divergence, fix}));
      return ExitCode::diverged;
    case FixResult::misuse:
      throw misuse_error(fix.failing.outcome);
    default:
      break;
  }
  const auto how = fix.keeps ? FailureReport::How::kept : FailureReport::How::sampled;
  put(reporter.failure(failure(traced, how, std::move(fix.failing))));
  return ExitCode::failure;
}

ReplayResult replay_recorded(const Traced& traced) {
  const auto machine = traced.machine(stop_if_interrupted());
  auto result = replay_strict(*machine, traced.trace, context(traced.settings));
  check_not_cut(*machine, traced.path);
  return result;
}

ExitCode report(Traced& traced, const std::string& file, ReplayResult result, Reporter& reporter) {
  switch (result.kind) {
    case ReplayResult::diverged:
      put(reporter.diverged({traced.path, file, result.divergence}));
      return ExitCode::diverged;
    case ReplayResult::passed:
      put(reporter.passed(traced.path, file.empty() ? traced.trace.scenario : file,
                          traced.trace.outcome.verdict == Verdict::passed));
      return ExitCode::ok;
    case ReplayResult::misuse:
      throw misuse_error(result.recording.outcome);
    case ReplayResult::reproduced:
    case ReplayResult::other_failure:
      break;
  }
  const auto how = file.empty()                              ? FailureReport::How::replayed
                   : result.kind == ReplayResult::reproduced ? FailureReport::How::edited
                                                             : FailureReport::How::otherwise;
  put(reporter.failure(failure(traced, how, std::move(result.recording))));
  return ExitCode::failure;
}

}  // namespace

ExitCode replay_command(const Options& options) {
  auto traced = read_traced(trace_argument(options));
  const auto reporter = make_reporter(options);
  auto answer = options.scenario.empty() ? Answer{replay_recorded(traced), {}}
                                         : replay_file(traced, options.scenario);
  auto& result = answer.replay;
  const auto& outcome = result.recording.outcome;
  log_info(Part::replay, fmt::format("{}: ends after {} with {}", traced.path,
                                     counted(result.recording.events.size(), "step"),
                                     verdict_name(outcome.verdict)));
  put(reporter->begin({"replay", {traced.path}}));
  const auto code =
      answer.fix ? report(traced, options.scenario, result, std::move(*answer.fix), *reporter)
                 : report(traced, options.scenario, std::move(result), *reporter);
  put(reporter->end({1, code == ExitCode::failure ? 1u : 0u, 1, code, false}));
  return code;
}

}  // namespace lockstep::cli
