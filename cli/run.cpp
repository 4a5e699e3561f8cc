// lockstep run: for each scenario explore, shrink what is found, write the traces, report.
#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "cli/check_determinism.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/lint.h"
#include "cli/log.h"
#include "cli/make_trace.h"
#include "cli/report.h"
#include "cli/selection.h"

namespace lockstep::cli {
namespace {

constexpr double kShrinkSeconds = 1;  // of one finding; 'lockstep shrink' takes its time

// Executions looked at for races: for the list, and for the one line of every report.
constexpr uint64_t kRaceSamples = 64, kFewRaceSamples = 8;

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options), reporter_(make_reporter(options)), names_(options.trace_dir) {}

  ExitCode all() {
    const auto programs = load_programs(options_, "lockstep run scenarios/tour/lost_update.lua");
    const auto selected = select_scenarios(options_, programs);
    if (options_.verbosity >= 0)
      for (const auto& program : programs) std::fputs(lint_notes(program).c_str(), stderr);
    put(reporter_->begin({"run", options_.args}));
    for (const auto& s : selected) {
      if (summary_.interrupted) break;
      one(s);
    }
    summary_.exit = exit_code();
    put(reporter_->end(summary_));
    if (trace_error_) throw *trace_error_;
    return summary_.exit;
  }

 private:
  void one(const Selected& s) {
    const ScenarioRun run{*s.program, *s.scenario, s.settings};
    ScenarioReport report{s.program->path(), s.scenario->name, s.settings, {}, false, false, {}, 0};
    explore_one(s, &report);
    const auto& r = report.result;
    bool failed = false;
    for (const auto& finding : r.findings) {
      const bool expected = s.settings.expects(finding.outcome);
      report.expected |= expected;
      failed |= !expected;
      nondeterministic_ |= !finding.deterministic;
      put(reporter_->failure(describe(run, finding, expected)));
    }
    report.missed = !s.settings.expect.empty() && r.findings.empty() &&
                    r.stop != StopReason::interrupted && !r.misuse;
    nondeterministic_ |= !report.nondeterminism.empty();
    put(reporter_->scenario(report));
    if (r.misuse) misuse(r.misuse->outcome);
    summary_.scenarios++;
    summary_.failed += failed || report.missed || r.misuse;
    summary_.iterations += r.iterations;
    summary_.interrupted |= r.stop == StopReason::interrupted;
    found_ |= failed || report.missed;
  }

  void explore_one(const Selected& s, ScenarioReport* report) {
    auto explore_options = s.settings.explore();
    explore_options.workers =
        options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
    explore_options.max_failures = options_.max_failures;
    explore_options.race_samples = options_.races ? kRaceSamples : kFewRaceSamples;
    explore_options.interrupted = &interrupted();
    log_info(fmt::format("{}: {} with seed {}, {} worker(s)", s.scenario->name, s.settings.strategy,
                         s.settings.seed, explore_options.workers));
    DeterminismCheck check;
    const auto factory = [&] {
      auto machine = vm::make_machine(*s.program, s.scenario->name, s.settings.machine());
      return options_.check_determinism ? checked_system(std::move(machine), &check)
                                        : std::move(machine);
    };
    ProgressLine line(options_);
    report->result = explore(factory, explore_options, [&](const Progress& p) {
      const double rate = p.seconds > 0 ? static_cast<double>(p.iterations) / p.seconds : 0;
      line.show(fmt::format("{}: {} executions, {:.0f}/s, {} failure{}", s.scenario->name,
                            p.iterations, rate, p.failures, p.failures == 1 ? "" : "s"));
    });
    report->checked = check.checked();
    report->nondeterminism = check.difference();
  }

  // Writes the trace, shrinks it, writes what came of that.
  FailureReport describe(const ScenarioRun& run, const Finding& finding, bool expected) {
    const auto machine = vm::make_machine(run.program, run.scenario.name, run.settings.machine());
    FailureReport f;
    f.how = expected ? FailureReport::How::expected : FailureReport::How::found;
    f.trace = make_trace(run, finding, *machine);
    f.iteration = finding.iteration;
    f.nondeterminism = finding.divergence;
    const auto path = names_.next(run, finding.iteration);
    if (write(f.trace, path)) f.path = path;
    if (options_.shrink && finding.deterministic && !interrupted()) shrink_one(*machine, path, &f);
    return f;
  }

  void shrink_one(System& machine, const std::string& path, FailureReport* f) {
    ShrinkOptions shrink_options;
    shrink_options.seconds = kShrinkSeconds;
    shrink_options.interrupted = &interrupted();
    ProgressLine line(options_);
    const auto result = shrink(machine, f->trace.seed, f->trace.iteration, f->trace.decisions,
                               shrink_options, [&](const ShrinkSize& now, uint64_t attempts) {
                                 line.show(fmt::format("{}: shrinking, {} steps after {} replays",
                                                       f->trace.scenario, now.steps, attempts));
                               });
    f->shrink = make_shrink_report(result);
    if (!result.reproduced) return;
    ExplainOptions explain_options;
    explain_options.interrupted = &interrupted();
    f->why = explain(machine, f->trace.seed, f->trace.iteration, result.recording, explain_options);
    f->small = make_small_trace(f->trace, result, path, machine);
    if (const auto small = small_name(path); write(*f->small, small)) f->small_path = small;
  }

  // A trace that cannot be written must not cost the report: the error is raised when all has been
  // said.
  bool write(const Trace& trace, const std::string& path) {
    try {
      std::error_code ignored;  // write_trace says what is wrong with the folder
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
      write_trace(trace, path);
      return true;
    } catch (const Error& e) {
      if (!trace_error_) trace_error_ = e;
      return false;
    }
  }

  void misuse(const Outcome& outcome) {
    std::fprintf(stderr, "lockstep: %s%s%s\n", outcome.site.c_str(),
                 outcome.site.empty() ? "" : ": ", outcome.reason.c_str());
    if (!outcome.detail.empty()) std::fprintf(stderr, "  hint: %s\n", outcome.detail.c_str());
    misused_ = true;
  }

  ExitCode exit_code() const {
    if (summary_.interrupted) return ExitCode::interrupted;
    if (misused_) return ExitCode::scenario;
    if (nondeterministic_) return ExitCode::diverged;
    return found_ ? ExitCode::failure : ExitCode::ok;
  }

  const Options& options_;
  std::unique_ptr<Reporter> reporter_;
  TraceNames names_;
  SummaryReport summary_;
  std::optional<Error> trace_error_;
  bool found_ = false, misused_ = false, nondeterministic_ = false;
};

}  // namespace

ExitCode run_command(const Options& options) { return Run(options).all(); }

}  // namespace lockstep::cli
