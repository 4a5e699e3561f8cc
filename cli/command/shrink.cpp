// lockstep shrink: the smallest schedule with the same failure, beside the original.
#include "engine/explain/shrink.h"

#include <fmt/format.h>

#include "cli/command/commands.h"
#include "cli/page/trace_data.h"
#include "cli/report/report.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"
#include "cli/trace/make_trace.h"
#include "cli/trace/traced.h"

namespace lockstep::cli {
namespace {

ShrinkResult shrink_traced(const Traced& traced, const Options& options, System& machine) {
  ShrinkOptions shrink_options;
  shrink_options.max_attempts = options.max_attempts;
  shrink_options.seconds = options.shrink_seconds;
  shrink_options.omitted = traced.settings.execution.omitted;
  shrink_options.interrupted = &interrupted();
  const auto& t = traced.trace;
  ProgressLine line(options);
  return shrink(machine, t.seed, t.iteration, t.decisions, shrink_options,
                [&](const ShrinkSize& now, uint64_t attempts) {
                  line.show(fmt::format("shrinking: {} steps, {} deviations after {} replays",
                                        now.steps, now.deviations, attempts));
                  log_smaller(now, attempts);
                });
}

}  // namespace

ExitCode shrink_command(const Options& options) {
  const auto traced = read_traced(trace_argument(options));
  if (!traced.trace.outcome.failed())
    throw Error(
        ExitCode::usage,
        fmt::format("{}: the recorded execution passes; there is nothing to shrink", traced.path),
        "lockstep debug walks through it");
  const auto reporter = make_reporter(options);
  const StopToken stop = stop_after(options.shrink_seconds);
  const auto machine = traced.machine(stop);
  const auto result = shrink_traced(traced, options, *machine);
  log_shrunk(traced.path, result);
  if (result.cut)
    throw Error(interrupted() ? ExitCode::interrupted : ExitCode::incomplete,
                fmt::format("{}: {} before anything smaller was recorded", traced.path,
                            interrupted() ? "interrupted" : "the time was up"),
                interrupted() ? "" : "more --time: the schedule is run a few times at least");
  if (!result.reproduced)
    throw Error(ExitCode::diverged,
                fmt::format("{}: the recorded schedule does not fail any more", traced.path),
                replay_command_line(traced.path) + " shows where it leaves the recording");
  FailureReport f;
  f.how = FailureReport::How::shrunk;
  f.trace = traced.trace;
  f.iteration = f.trace.iteration;
  f.path = traced.path;
  f.shrink = make_shrink_report(result);
  ExplainOptions explain_options;
  explain_options.interrupted = &interrupted();
  f.why = explain(*machine, f.trace.seed, f.trace.iteration, result.recording, explain_options);
  ContrastOptions contrast_options;
  contrast_options.interrupted = &interrupted();
  f.contrast = contrast_of_shrunk(*machine, f.trace.seed, f.trace.iteration, result.recording,
                                  result.whole, contrast_options);
  CurveOptions curve_options;
  curve_options.interrupted = &interrupted();
  f.curve =
      failure_curve(*machine, f.trace.seed, f.trace.iteration, result.recording, curve_options);
  f.observed = observe(*machine, f.trace.seed, f.trace.iteration, result.recording.decisions);
  f.small = make_small_trace(traced.trace, result, traced.path, *machine);
  f.small_path = options.output.empty() ? small_name(traced.path) : options.output;
  write_trace(*f.small, f.small_path);
  log_written(f.small_path, *f.small);
  if (!options.html.empty())
    write_trace_page("--html", options.html, f.small_path, {f.contrast, f.curve});
  const bool stopped = interrupted();
  const auto code = stopped                                ? ExitCode::interrupted
                    : result.one_minimal || result.minimum ? ExitCode::ok
                                                           : ExitCode::incomplete;
  put(reporter->begin({"shrink", {traced.path}}));
  put(reporter->failure(f));
  put(reporter->end({1, 1, result.attempts, code, stopped}));
  return code;
}

}  // namespace lockstep::cli
