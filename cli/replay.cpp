// lockstep replay: the recorded execution again, decision by decision, from the trace alone; or,
// with --scenario, the recorded schedule on an edited file.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/nearest.h"
#include "cli/report.h"
#include "cli/strict_replay.h"
#include "cli/traced.h"
#include "engine/deviation.h"

namespace lockstep::cli {
namespace {

std::vector<std::string> probable_causes(const Trace& trace) {
  std::vector<std::string> causes;
  if (trace.tool_version != tool_version())
    causes.push_back(fmt::format("the trace was made by lockstep {}, this is {}",
                                 trace.tool_version, tool_version()));
  if (trace.fingerprint != vm::lua_fingerprint())
    causes.emplace_back("the trace was made with another build of the Lua library");
  if (causes.empty())
    causes.emplace_back(
        "nothing outside the trace is known to differ: please report this as a bug of lockstep");
  return causes;
}

FailureReport same_failure(const Traced& traced, Recording recording, FailureReport::How how) {
  FailureReport f;
  f.how = how;
  f.trace = traced.trace;
  f.iteration = f.trace.iteration;
  f.path = traced.path;
  f.trace.outcome = std::move(recording.outcome);
  f.trace.decisions = std::move(recording.decisions);
  f.trace.events = std::move(recording.events);
  return f;
}

ExitCode replay_recorded(const Traced& traced, Reporter& reporter) {
  const auto machine = traced.machine();
  auto replayed = replay_strictly(*machine, traced.trace);
  if (replayed.diverged) {
    put(reporter.diverged({traced.path, "", replayed.step, replayed.recorded, replayed.actual,
                           probable_causes(traced.trace)}));
    return ExitCode::diverged;
  }
  put(reporter.failure(
      same_failure(traced, std::move(replayed.recording), FailureReport::How::replayed)));
  return ExitCode::failure;
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

// Where the recorded decisions stop fitting the edited scenario, in words.
DivergenceReport misfit(const Traced& traced, const std::string& file, System& edited) {
  const auto replayed = replay_strictly(edited, traced.trace);
  return {traced.path,     file,
          replayed.step,   replayed.recorded,
          replayed.actual, {fmt::format("{} was edited where the schedule passes", file)}};
}

// An edited file has other steps, so the schedule goes over as what it is: deviations from the
// default scheduler.
ExitCode replay_edited(const Traced& traced, const std::string& file, Reporter& reporter) {
  const auto program = vm::Program::from_file(file);
  const auto& scenario = same_scenario(program, traced.trace.scenario);
  const auto& t = traced.trace;
  const auto recorded = encode_schedule(*traced.machine(), t.seed, t.iteration, t.decisions);
  const auto edited = vm::make_machine(program, scenario.name, traced.settings.machine());
  const auto now = run_deviations(*edited, t.seed, t.iteration, recorded.deviations);
  if (now.outcome.failed()) {
    const auto decisions = edited->decisions();
    const std::vector<Decision> schedule(decisions.begin(), decisions.end());
    auto f = same_failure(traced, record_schedule(*edited, t.seed, t.iteration, schedule),
                          FailureReport::How::edited);
    f.trace.files.clear();
    for (const auto& source : program.files()) f.trace.files.push_back({source.name, source.text});
    put(reporter.failure(f));
    return ExitCode::failure;
  }
  if (now.deviations.size() < recorded.deviations.size()) {
    put(reporter.diverged(misfit(traced, file, *edited)));
    return ExitCode::diverged;
  }
  put(reporter.passed(traced.path, file));
  return ExitCode::ok;
}

}  // namespace

ExitCode replay_command(const Options& options) {
  const auto traced = read_traced(trace_argument(options));
  const auto reporter = make_reporter(options);
  put(reporter->begin({"replay", {traced.path}}));
  const auto code = options.scenario.empty() ? replay_recorded(traced, *reporter)
                                             : replay_edited(traced, options.scenario, *reporter);
  SummaryReport summary{1, code == ExitCode::failure ? 1u : 0u, 1, code, false};
  put(reporter->end(summary));
  return code;
}

}  // namespace lockstep::cli
