// lockstep replay: the recorded execution again, decision by decision, from the trace alone; or,
// with --scenario, the recorded schedule, and else what decided the failure, on an edited file.
#include <fmt/format.h>

#include <cstdio>

#include "cli/against/against.h"
#include "cli/command/commands.h"
#include "cli/page/trace_data.h"
#include "cli/report/report.h"
#include "cli/search/finding.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/rerun.h"
#include "cli/trace/traced.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {
namespace {

Rerun rerun_alone(const Traced& traced) {
  auto replay = rerun_recorded(traced, stop_if_interrupted());
  auto observed = look_at(*traced.machine(stop_if_interrupted()), traced, replay.recording);
  return {std::move(replay), {}, std::move(observed)};
}

Rerun rerun_file(Traced& traced, const Options& options) {
  const auto program =
      vm::Program::from_file(options.scenario, &stop_if_interrupted(), options.search);
  return rerun_on(traced, program, stop_if_interrupted());
}

FailureReport failure(const Traced& traced, FailureReport::How how, Recording recording,
                      Observed observed) {
  FailureReport f;
  f.how = how;
  f.trace = traced.trace;
  f.iteration = f.trace.iteration;
  f.path = traced.path;
  f.observed = std::move(observed);
  put_recording(f.trace, std::move(recording));
  return f;
}

ExitCode report(const Traced& traced, const std::string& file, const ReplayResult& replay,
                FixResult fix, Observed observed, Reporter& reporter) {
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
  put(reporter.failure(failure(traced, how, std::move(fix.failing), std::move(observed))));
  return ExitCode::failure;
}

ExitCode report(Traced& traced, const std::string& file, ReplayResult result, Observed observed,
                Reporter& reporter) {
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
  put(reporter.failure(failure(traced, how, std::move(result.recording), std::move(observed))));
  return ExitCode::failure;
}

// What the execution asks of simulated servers, of real ones. 1: a reply differs.
ExitCode replay_against(const Options& options, const Traced& traced, Reporter& reporter) {
  if (!options.scenario.empty())
    throw Error(ExitCode::usage, "--against sends what was recorded, and --scenario runs a file",
                "record a trace of that file, and give it with --trace");
  auto machine_options = traced.settings.machine();
  machine_options.stop = &stop_if_interrupted();
  machine_options.keep_requests = true;
  const auto machine = vm::make_machine(traced.program, traced.trace.scenario, machine_options);
  const auto replay = replay_strict(*machine, traced.trace);
  check_not_cut(*machine, traced.path);
  if (replay.kind == ReplayResult::diverged) {
    put(reporter.diverged({traced.path, "", replay.divergence}));
    return ExitCode::diverged;
  }
  const auto result = send_requests(vm::kept_requests(*machine), options.against);
  put(options.format == "ndjson" ? against_ndjson(traced.path, options.against, result)
                                 : against_text(traced.path, options.against, result));
  return result.differ.empty() ? ExitCode::ok : ExitCode::failure;
}

}  // namespace

ExitCode replay_command(const Options& options) {
  auto traced = read_traced(trace_argument(options));
  const auto reporter = make_reporter(options);
  if (!options.against.empty()) {
    put(reporter->begin({"replay", {traced.path}}));
    const auto code = replay_against(options, traced, *reporter);
    put(reporter->end({1, code == ExitCode::failure ? 1u : 0u, 1, code, false}));
    return code;
  }
  auto answer = options.scenario.empty() ? rerun_alone(traced) : rerun_file(traced, options);
  auto& result = answer.replay;
  const auto& outcome = result.recording.outcome;
  log_info(Part::replay, fmt::format("{}: ends after {} with {}", traced.path,
                                     counted(result.recording.events.size(), "step"),
                                     verdict_name(outcome.verdict)));
  put(reporter->begin({"replay", {traced.path}}));
  const auto code = answer.fix ? report(traced, options.scenario, result, std::move(*answer.fix),
                                        std::move(answer.observed), *reporter)
                               : report(traced, options.scenario, std::move(result),
                                        std::move(answer.observed), *reporter);
  put(reporter->end({1, code == ExitCode::failure ? 1u : 0u, 1, code, false}));
  if (!options.html.empty() && code != ExitCode::diverged)
    write_trace_page("--html", options.html, traced.path, {});
  return code;
}

}  // namespace lockstep::cli
