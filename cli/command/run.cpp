// lockstep run and verify: for each scenario explore, shrink what is found, write the traces,
// report.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <thread>

#include "cli/command/check_determinism.h"
#include "cli/command/commands.h"
#include "cli/command/lint.h"
#include "cli/command/search.h"
#include "cli/command/selection.h"
#include "cli/report/report.h"
#include "cli/report/report_proof.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/make_trace.h"
#include "engine/trace/recording.h"

namespace lockstep::cli {
namespace {

// How to sample, and for how long, says nothing about a proof.
Settings proof_settings(vm::ScenarioInfo scenario, const SettingMap& flags) {
  for (const char* name : {"strategy", "iterations", "time", "depth", "resample_prob"})
    scenario.options.erase(name);
  return resolve_settings(scenario, flags);
}

// Reductions drop schedules for others that may need more preemptions, so a bound on these goes
// with searches that drop none. Else a clean report would say more than was looked at.
void check_bounds(const Selected& s) {
  const StrategyInfo& info = *find_strategy(s.settings.strategy);
  if (s.settings.search.preemptions < 0 || info.claims.take(kTakesPreemptions)) return;
  throw Error(
      ExitCode::usage,
      fmt::format("--preemptions bounds cache and dfs, not {}{} (scenario \"{}\")", info.name,
                  info.claims.take(kTakesReduce)
                      ? ": it drops schedules for equivalent ones that may need more"
                      : "",
                  s.scenario->name),
      "--strategy cache --preemptions N: the same outcomes as dfs, in fewer executions");
}

// Machines can share out only iterations that are functions of the seed and their number.
void check_shard(const Options& options, const Selected& s) {
  const StrategyInfo& info = *find_strategy(s.settings.strategy);
  if (options.shards == 1 || info.claims.shardable()) return;
  const bool tree = info.claims.exhaustive;
  throw Error(
      ExitCode::usage,
      fmt::format("--shard cannot split {} (scenario \"{}\"): {}", info.name, s.scenario->name,
                  tree ? "where it searches next depends on what was found before"
                       : "what it runs next depends on what it ran before"),
      tree ? "-j N uses more cores of one machine; or sample: --strategy pos --shard I/N"
           : "--strategy pos, surw, loc, ...; or give each machine a --seed of its own, without "
             "--shard");
}

// Of one finding; 'lockstep shrink' takes its time. The report depends on no clock, unless the
// machine is very slow.
constexpr uint64_t kShrinkDecisions = 4'000'000;
constexpr double kShrinkSeconds = 20;

// Random walks of what has never passed. Only a scenario that takes longer is judged by fewer.
constexpr uint64_t kWalks = 20;
constexpr double kWalkSeconds = 2;

// Executions looked at for races: for the list, and for the one line of every report.
constexpr uint64_t kRaceSamples = 64, kFewRaceSamples = 8;

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options), reporter_(make_reporter(options)), names_(options.trace_dir) {}

  ExitCode all() {
    const auto programs =
        load_programs(options_, options_.prove ? "lockstep verify scenarios/fixed/parent_wake.lua"
                                               : "lockstep run scenarios/tour/lost_update.lua");
    auto selected = select_scenarios(options_, programs);
    if (options_.prove)
      for (auto& s : selected) s.settings = proof_settings(*s.scenario, options_.settings);
    for (const auto& s : selected) check_bounds(s), check_shard(options_, s);
    std::vector<std::string> used;
    for (const auto& s : selected) used.push_back(s.settings.strategy);
    check_takes(options_.settings, used);
    if (options_.verbosity >= 0) {
      const NothingToReport nothing;
      for (const auto& program : programs) std::fputs(lint_notes(program).c_str(), stderr);
    }
    put(reporter_->begin({options_.prove ? "verify" : "run", options_.args}));
    for (const auto& s : selected) {
      if (summary_.interrupted) break;
      if (left() > 0)
        one(s);
      else
        summary_.not_run.push_back(s.scenario->name);
    }
    summary_.exit = exit_code();
    // A verdict says more than a trace that could not be written.
    if (trace_error_ && summary_.exit == ExitCode::ok) summary_.exit = trace_error_->code();
    put(reporter_->end(summary_));
    if (trace_error_) complain(*trace_error_);
    return summary_.exit;
  }

 private:
  // Seconds until --total-time is up.
  double left() const {
    if (options_.total_seconds == 0) return std::numeric_limits<double>::infinity();
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - started_;
    return options_.total_seconds - gone.count();
  }

  // Of those that the scenario has; 0: no limit, and never 0 because none are left.
  double left_of(double seconds) const {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - begun_;
    return seconds > 0 ? std::max(seconds - gone.count(), 1e-6) : 0;
  }

  std::unique_ptr<System> machine(const ScenarioRun& run, const Settings& settings) const {
    auto machine_options = settings.machine();
    machine_options.stop = &stop_;
    return vm::make_machine(run.program, run.scenario.name, machine_options);
  }

  void one(const Selected& s) {
    ScenarioReport report;
    report.file = s.program->path();
    report.name = s.scenario->name;
    report.settings = s.settings;
    const ScenarioRun run{*s.program, *s.scenario, report.settings};
    report.relation_checked = options_.check;
    report.seconds = report.settings.seconds;
    if (options_.total_seconds > 0 && (report.seconds == 0 || report.seconds > left()))
      report.seconds = std::max(left(), 0.001);
    begun_ = std::chrono::steady_clock::now();
    stop_ = stop_after(report.seconds);
    if (options_.audit && !audit_one(run, &report)) return;
    explore_one(s, &report);
    judge_one(run, &report);
    const auto& r = report.result;
    bool failed = false, bounded = false;
    const uint64_t in_vain = r.findings.empty() ? 0 : all_failing(run, report);
    for (const auto& finding : r.findings) {
      const bool expected = report.settings.expects(finding.outcome);
      const bool bound = options_.prove && !expected && finding.outcome.at_bound();
      report.expected |= expected;
      failed |= !expected && !bound;
      bounded |= bound;
      nondeterministic_ |= !finding.deterministic;
      auto described = describe(run, finding, report.seconds,
                                expected ? FailureReport::How::expected
                                : bound  ? FailureReport::How::bound
                                         : FailureReport::How::found);
      described.in_vain = in_vain;
      put(reporter_->failure(described));
    }
    const bool complete = r.exhausted && !bounded;
    report.missed = !s.settings.expect.empty() && !report.expected &&
                    r.stop != StopReason::interrupted && !r.misuse &&
                    (r.findings.empty() || options_.prove) && (complete || !options_.prove);
    nondeterministic_ |= !report.nondeterminism.empty();
    const bool nothing = r.iterations == 0 && r.stop == StopReason::time;
    if (!failed && !report.missed && !r.misuse && !unsound(report)) {
      if (complete && (options_.prove || r.findings.empty())) report.proof = Proof::verified;
      if (!complete && options_.prove) report.proof = Proof::incomplete;
    }
    put(reporter_->scenario(report));
    if (r.misuse) misuse(r.misuse->outcome);
    summary_.scenarios++;
    summary_.failed += failed || report.missed || r.misuse;
    summary_.incomplete += report.proof == Proof::incomplete || nothing;
    summary_.iterations += r.iterations;
    summary_.interrupted |= r.stop == StopReason::interrupted || interrupted();
    found_ |= failed || report.missed;
    incomplete_ |= report.proof == Proof::incomplete || nothing;
  }

  // What fails under every schedule is no matter of the schedule. If no execution has passed, a few
  // random walks are made: how many schedules failed, all of them; 0 if one passed.
  uint64_t all_failing(const ScenarioRun& run, const ScenarioReport& report) {
    const ExploreResult& r = report.result;
    const auto failing = [](const ExploreResult& result) {
      uint64_t n = 0;
      for (const Finding& finding : result.findings) n += finding.times;
      return n;
    };
    const uint64_t executed = r.iterations - r.blocked;
    if (failing(r) < executed) return 0;
    if (r.exhausted || stop_.asks()) return executed;
    auto walks = run.settings.explore();
    walks.strategy = "random";
    walks.iterations = kWalks;
    walks.seconds =
        report.seconds > 0 ? std::min(kWalkSeconds, left_of(report.seconds)) : kWalkSeconds;
    walks.max_failures = 0;
    walks.count_classes = false;
    walks.interrupted = &interrupted();
    try {
      const auto walked = explore([&] { return machine(run, run.settings); }, walks, nullptr);
      return failing(walked) < walked.iterations ? 0 : executed + walked.iterations;
    } catch (const vm::LoadingStopped&) {
      return executed;
    }
  }

  // Before anything rests on the dependence relation. False: it is wrong here.
  bool audit_one(const ScenarioRun& run, ScenarioReport* report) {
    const auto audited = machine(run, run.settings);
    AuditOptions audit_options;
    audit_options.states = options_.audit;
    audit_options.seed = run.settings.seed;
    audit_options.seconds = report->seconds;
    audit_options.interrupted = &interrupted();
    report->audit = audit(*audited, audit_options);
    if (report->audit->found.empty()) return true;
    for (const Disagreement& found : report->audit->found) {
      DisagreementReport d{run.scenario.name, found, {}};
      for (const int i : {0, 1}) {
        if (found.orders[i].empty()) continue;
        Finding finding;
        Recording recording = record_schedule(*audited, run.settings.seed, 0, found.orders[i]);
        finding.outcome = recording.outcome;
        finding.decisions = recording.decisions;
        finding.events = std::move(recording.events);
        const auto path = names_.audited(run);
        if (write(make_trace(run, finding, audited.get()), path)) d.paths[i] = path;
      }
      put(reporter_->disagreement(d));
    }
    summary_.scenarios++;
    summary_.failed++;
    unsound_ = true;
    return false;
  }

  // Nothing that came to its end without an unexpected failure is called a proof before searches
  // that share nothing with its own have looked for one.
  void judge_one(const ScenarioRun& run, ScenarioReport* report) {
    const ExploreResult& r = report->result;
    const Claims& claims = find_strategy(run.settings.strategy)->claims;
    const bool reduced = claims.proves || claims.unit == Unit::equivalence_class ||
                         (claims.counts_states() && run.settings.search.preemptions < 0);
    if (!r.exhausted || r.misuse || !reduced || claims.bounded || options_.judge == 0) return;
    for (const Finding& finding : r.findings)
      if (!run.settings.expects(finding.outcome)) return;
    ExploreOptions judge_options = explore_options(run.settings, *report);
    judge_options.interrupted = &interrupted();
    const auto factory = [&] { return machine(run, run.settings); };
    try {
      report->judged =
          judge(factory, judge_options, r, options_.judge.value_or(judge_executions(r)));
    } catch (const vm::LoadingStopped&) {
      return;
    }
    Judgement& judged = *report->judged;
    log_info(Part::search,
             fmt::format("{}: judged by {} and {}", run.scenario.name,
                         counted(judged.states, "state"), counted(judged.walks, "walk")));
    unsound_ |= unsound(*report);
    if (!judged.failure) return;
    std::fprintf(
        stderr,
        "lockstep: %s: %s left this failure out, which is a bug of lockstep: please report "
        "the scenario\n",
        one_line(run.scenario.name).c_str(), run.settings.strategy.c_str());
    report->result.findings.push_back(*judged.failure);
  }

  // Of a proof that left something out there is nothing to say but that.
  static bool unsound(const ScenarioReport& report) {
    return report.judged && !report.judged->failure && !report.judged->goal.empty();
  }

  ExploreOptions explore_options(const Settings& settings, const ScenarioReport& report) const {
    ExploreOptions o = settings.explore();
    o.seconds = left_of(report.seconds);
    o.workers = options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
    return o;
  }

  void explore_one(const Selected& s, ScenarioReport* report) {
    std::atomic<bool> polled{false};
    const bool may_poll = report->settings.search.reduce.needs_mail();
    explore_as(s, may_poll ? &polled : nullptr, report);
    if (!polled) return;
    log_info(Part::search, fmt::format("{}: waits poll mailboxes, so the order of messages counts",
                                       s.scenario->name));
    report->settings.search.reduce.unobserved_sends =
        report->settings.search.reduce.equal_messages = false;
    explore_as(s, nullptr, report);
  }

  // `polled`: where to stop if a wait polls a mailbox.
  void explore_as(const Selected& s, std::atomic<bool>* polled, ScenarioReport* report) {
    const Settings& settings = report->settings;
    ExploreOptions explore_options = this->explore_options(settings, *report);
    explore_options.max_failures = options_.max_failures;
    explore_options.shard = options_.shard;
    explore_options.shards = options_.shards;
    explore_options.race_samples = options_.races ? kRaceSamples : kFewRaceSamples;
    if (options_.prove) {
      explore_options.bounds_fail = false;
      if (!s.settings.expect.empty())
        explore_options.max_failures = 0;  // proved: it fails so, and in no other way
    }
    explore_options.interrupted = &interrupted();
    explore_options.in_vain = polled;
    log_info(Part::search,
             fmt::format("{}: {} with seed {}, {}", s.scenario->name, s.settings.strategy,
                         s.settings.seed, counted(explore_options.workers, "worker")));
    for (const auto& [name, text] : settings.recorded())
      log_debug(Part::search, fmt::format("{}: {} = {}", s.scenario->name, name, text));
    DeterminismCheck check;
    const auto factory = [&] {
      vm::MachineOptions machine_options = settings.machine();
      machine_options.check |= options_.check;
      machine_options.polled = polled;
      machine_options.stop = &stop_;
      auto machine = vm::make_machine(*s.program, s.scenario->name, machine_options);
      return options_.check_determinism ? checked_system(std::move(machine), &check)
                                        : std::move(machine);
    };
    if (explore_options.workers > 1 && options_.verbosity >= 0 &&
        find_strategy(s.settings.strategy)->claims.counts_states())
      std::fprintf(stderr,
                   "lockstep: %s: --strategy %s searches with one worker, whatever --jobs says\n",
                   one_line(s.scenario->name).c_str(), s.settings.strategy.c_str());
    ProgressLine line(options_);
    try {
      report->result = explore(factory, explore_options, [&](const Progress& p) {
        line.show(progress_text(s.scenario->name, p, report->seconds));
      });
    } catch (const vm::LoadingStopped& e) {  // no execution has begun
      report->result = {};
      report->result.stop =
          e.code() == ExitCode::interrupted ? StopReason::interrupted : StopReason::time;
    }
    log_result(s.scenario->name, report->result);
    report->checked = check.checked();
    report->nondeterminism = check.difference();
  }

  static void log_result(const std::string& name, const ExploreResult& r) {
    const auto& pilot = r.pilot;
    log_debug(Part::search,
              fmt::format("{}: the pilot had {} with a choice at {}, and {} of {} processes", name,
                          counted(pilot.steps, "step"), grouped(pilot.choice_points),
                          counted(pilot.actors, "actor"), grouped(pilot.processes)));
    for (const Finding& finding : r.findings)
      log_info(Part::search, fmt::format("{}: iteration {}: {}", name, finding.iteration,
                                         finding.outcome.signature()));
    log_info(Part::search,
             fmt::format("{}: {} in {:.2f} s, {}", name, counted(r.iterations, "execution"),
                         r.seconds, stop_name(r.stop)));
  }

  // Writes the trace, shrinks it, writes what came of that. The trace is written also where there
  // is no time left for anything else.
  FailureReport describe(const ScenarioRun& run, const Finding& finding, double seconds,
                         FailureReport::How how) {
    Settings settings = run.settings;
    settings.spins_held = finding.fair_spins;
    settings.polls_held = !settings.search.reduce.needs_mail();
    std::unique_ptr<System> again;
    try {
      if (!stop_.asks()) again = machine(run, settings);
    } catch (const vm::LoadingStopped&) {
    }
    FailureReport f;
    f.how = how;
    f.trace = make_trace({run.program, run.scenario, settings}, finding, again.get());
    f.iteration = finding.iteration;
    f.nondeterminism = finding.divergence;
    f.confirmed = finding.confirmed;
    const auto path = names_.next(run, finding.iteration);
    if (write(f.trace, path)) f.path = path;
    if (options_.shrink && how != FailureReport::How::bound && finding.deterministic) {
      f.out_of_time = !again || !finding.confirmed || !shrink_one(*again, path, seconds, &f);
    }
    return f;
  }

  // False: there was no time for it.
  bool shrink_one(System& machine, const std::string& path, double seconds, FailureReport* f) {
    if (stop_.asks()) return false;
    ShrinkOptions shrink_options;
    shrink_options.max_decisions = kShrinkDecisions;
    shrink_options.seconds =
        seconds > 0 ? std::min(kShrinkSeconds, left_of(seconds)) : kShrinkSeconds;
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
    ExplainOptions explain_options;
    explain_options.interrupted = &interrupted();
    f->why = explain(machine, f->trace.seed, f->trace.iteration, result.recording, explain_options);
    ContrastOptions contrast_options;
    contrast_options.interrupted = &interrupted();
    const auto begun = std::chrono::steady_clock::now();
    f->contrast =
        contrast(machine, f->trace.seed, f->trace.iteration, result.recording, contrast_options);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    log_info(Part::shrink,
             fmt::format("{}: the contrast took {} and {:.3f} s", path,
                         counted(f->contrast->executions, "execution"), took.count()));
    CurveOptions curve_options;
    curve_options.interrupted = &interrupted();
    f->curve =
        failure_curve(machine, f->trace.seed, f->trace.iteration, result.recording, curve_options);
    const std::chrono::duration<double> both = std::chrono::steady_clock::now() - begun;
    log_info(Part::shrink,
             fmt::format("{}: the curve took {} and {:.3f} s", path,
                         counted(f->curve->executions, "execution"), both.count() - took.count()));
    f->small = make_small_trace(f->trace, result, path, machine);
    if (const auto small = small_name(path); write(*f->small, small)) f->small_path = small;
    return true;
  }

  // A trace that cannot be written must not cost the report: the error is raised when all has been
  // said.
  bool write(const Trace& trace, const std::string& path) {
    try {
      std::error_code ignored;  // write_trace says what is wrong with the folder
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
      write_trace(trace, path);
      log_written(path, trace);
      return true;
    } catch (const Error& e) {
      if (!trace_error_) trace_error_ = e;
      return false;
    }
  }

  void misuse(const Outcome& outcome) {
    complain(misuse_error(outcome));
    misused_ = true;
  }

  ExitCode exit_code() const {
    if (unsound_) return ExitCode::internal;
    if (summary_.interrupted) return ExitCode::interrupted;
    if (misused_) return ExitCode::scenario;
    if (nondeterministic_) return ExitCode::diverged;
    if (found_) return ExitCode::failure;
    return incomplete_ || !summary_.not_run.empty() ? ExitCode::incomplete : ExitCode::ok;
  }

  const Options& options_;
  std::unique_ptr<Reporter> reporter_;
  TraceNames names_;
  SummaryReport summary_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point begun_;  // of the scenario at hand
  StopToken stop_;                               // ... and when its machines are to stop
  std::optional<Error> trace_error_;
  bool found_ = false, misused_ = false, nondeterministic_ = false, incomplete_ = false;
  bool unsound_ = false;
};

}  // namespace

ExitCode search_command(const Options& options) { return Run(options).all(); }
ExitCode run_command(const Options& options) { return Run(options).all(); }

}  // namespace lockstep::cli
