#include "cli/search/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// Of one finding; 'lockstep shrink' takes its time. The report depends on no clock, unless the
// machine is very slow.
constexpr uint64_t kShrinkDecisions = 4'000'000;
constexpr double kPlainSeconds = 10;  // for plain runs, unless they are asked for by number
constexpr double kShrinkSeconds = 20;

// Random walks of what has never passed. Only a scenario that takes longer is judged by fewer.
constexpr uint64_t kWalks = 20;
constexpr double kWalkSeconds = 2;

double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

}  // namespace

TimeBox::TimeBox(double seconds) : seconds_(seconds), stop_(stop_after(seconds)) {}

double TimeBox::left() const {
  return seconds_ > 0 ? std::max(seconds_ - seconds_since(begun_), 1e-6) : 0;
}

double TimeBox::left(double most) const { return seconds_ > 0 ? std::min(most, left()) : most; }

std::unique_ptr<System> make_stoppable(const ScenarioRun& run, const Settings& settings,
                                       const StopToken& stop) {
  auto options = settings.machine();
  options.stop = &stop;
  return vm::make_machine(run.program, run.scenario.name, options);
}

uint64_t schedules_all_failing(const ScenarioRun& run, const ScenarioReport& report,
                               const TimeBox& time) {
  const ExploreResult& r = report.result;
  const auto failing = [](const ExploreResult& result) {
    uint64_t n = 0;
    for (const Finding& finding : result.findings) n += finding.times;
    return n;
  };
  const uint64_t executed = r.iterations - r.blocked;
  if (failing(r) < executed) return 0;
  if (r.exhausted || time.stop().asks()) return executed;
  auto walks = run.settings.explore();
  walks.strategy = "random";
  walks.iterations = kWalks;
  walks.seconds = time.left(kWalkSeconds);
  walks.max_failures = 0;
  walks.count_classes = false;
  walks.interrupted = &interrupted();
  try {
    const auto walked =
        explore([&] { return make_stoppable(run, run.settings, time.stop()); }, walks, nullptr);
    return failing(walked) < walked.iterations ? 0 : executed + walked.iterations;
  } catch (const vm::LoadingStopped&) {
    return executed;
  }
}

FailureReport FindingRecorder::describe(const ScenarioRun& run, const Finding& finding,
                                        const TimeBox& time, FailureReport::How how, bool shrink) {
  Settings settings = run.settings;
  settings.spins_held = finding.fair_spins;
  settings.polls_held = !settings.search.reduce.needs_mail();
  std::unique_ptr<System> again;
  try {
    if (!time.stop().asks()) again = make_stoppable(run, settings, time.stop());
  } catch (const vm::LoadingStopped&) {
  }
  FailureReport f;
  f.how = how;
  f.file = run.program.path();
  f.line = run.scenario.line;
  f.trace = make_trace({run.program, run.scenario, settings}, finding, again.get());
  f.iteration = finding.iteration;
  f.nondeterminism = finding.divergence;
  f.confirmed = finding.confirmed;
  const auto path = names_.next(run, finding.iteration);
  if (write(f.trace, path)) f.path = path;
  if (shrink && how != FailureReport::How::bound && finding.deterministic) {
    f.out_of_time = !again || !finding.confirmed || !shrink_one(*again, path, time, &f);
  }
  if (!f.observed && again && finding.confirmed && finding.deterministic && !time.stop().asks())
    f.observed = observe(*again, f.trace.seed, f.trace.iteration, f.trace.decisions);
  if (how == FailureReport::How::found && finding.confirmed) count_plain_runs(run, time, &f);
  return f;
}

// By a machine of its own: plain runs hold no spins and leave no inputs out.
void FindingRecorder::count_plain_runs(const ScenarioRun& run, const TimeBox& time,
                                       FailureReport* f) {
  UnsteeredOptions o;
  if (options_.unsteered) o.runs = *options_.unsteered, o.max_decisions = 0;
  if (o.runs == 0 || time.stop().asks() || (!options_.shrink && !options_.unsteered)) return;
  StopToken stop = time.stop();
  if (!options_.unsteered)
    stop.deadline = std::min(stop.deadline, stop_after(kPlainSeconds).deadline);
  o.cores = run.settings.search.cores;
  o.interrupted = &interrupted();
  const auto begun = std::chrono::steady_clock::now();
  try {
    const auto plain = make_stoppable(run, run.settings, stop);
    plain->watch(&stop);
    f->unsteered = unsteered(*plain, run.settings.seed, f->trace.outcome, o);
  } catch (const vm::LoadingStopped&) {
    return;
  }
  log_info(Part::search,
           fmt::format("{}: {} took {:.3f} s", run.scenario.name,
                       counted(f->unsteered->tally.tried, "plain run"), seconds_since(begun)));
}

bool FindingRecorder::shrink_one(System& machine, const std::string& path, const TimeBox& time,
                                 FailureReport* f) {
  if (time.stop().asks()) return false;
  ShrinkOptions shrink_options;
  shrink_options.max_decisions = kShrinkDecisions;
  shrink_options.seconds = time.left(kShrinkSeconds);
  shrink_options.interrupted = &interrupted();
  ProgressLine line(options_);
  const auto result = shrink(machine, f->trace.seed, f->trace.iteration, f->trace.decisions,
                             shrink_options, [&](const ShrinkSize& now, uint64_t attempts) {
                               line.show(fmt::format("{}: shrinking, {} steps after {} replays",
                                                     f->trace.scenario, now.steps, attempts));
                               log_smaller(now, attempts);
                             });
  log_shrunk(path, result);
  if (result.cut) return false;
  f->shrink = make_shrink_report(result);
  if (!result.reproduced) return true;
  explain_one(machine, path, result, f);
  f->observed = observe(machine, f->trace.seed, f->trace.iteration, result.recording.decisions);
  f->small = make_small_trace(f->trace, result, path, machine);
  if (const auto small = small_name(path); write(*f->small, small)) f->small_path = small;
  return true;
}

void FindingRecorder::explain_one(System& machine, const std::string& path,
                                  const ShrinkResult& result, FailureReport* f) {
  const Recording& recording = result.recording;
  ExplainOptions explain_options;
  explain_options.interrupted = &interrupted();
  f->why = explain(machine, f->trace.seed, f->trace.iteration, recording, explain_options);
  ContrastOptions contrast_options;
  contrast_options.interrupted = &interrupted();
  const auto begun = std::chrono::steady_clock::now();
  f->contrast = contrast_of_shrunk(machine, f->trace.seed, f->trace.iteration, recording,
                                   result.whole, contrast_options);
  const double took = seconds_since(begun);
  log_info(Part::shrink, fmt::format("{}: the contrast took {} and {:.3f} s", path,
                                     counted(f->contrast->executions, "execution"), took));
  CurveOptions curve_options;
  curve_options.interrupted = &interrupted();
  f->curve = failure_curve(machine, f->trace.seed, f->trace.iteration, recording, curve_options);
  log_info(Part::shrink,
           fmt::format("{}: the curve took {} and {:.3f} s", path,
                       counted(f->curve->executions, "execution"), seconds_since(begun) - took));
}

Error misuse_error(const Outcome& outcome) {
  const auto where = outcome.site.empty() ? "" : outcome.site + ": ";
  return Error(ExitCode::scenario, where + outcome.reason, outcome.detail);
}

bool FindingRecorder::write(const Trace& trace, const std::string& path) {
  try {
    std::error_code ignored;  // write_trace says what is wrong with the folder
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    write_trace(trace, path);
    log_written(path, trace);
    return true;
  } catch (const Error& e) {
    if (!error_) error_ = e;
    return false;
  }
}

}  // namespace lockstep::cli
