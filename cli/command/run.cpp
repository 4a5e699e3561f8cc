// lockstep run and verify: for each scenario explore, shrink what is found, write the traces,
// report.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <limits>
#include <map>
#include <thread>

#include "cli/ci/report_files.h"
#include "cli/command/check_determinism.h"
#include "cli/command/checkpoint_file.h"
#include "cli/command/commands.h"
#include "cli/command/finding.h"
#include "cli/command/lint.h"
#include "cli/command/memory.h"
#include "cli/command/search.h"
#include "cli/command/selection.h"
#include "cli/command/shard_files.h"
#include "cli/page/trace_data.h"
#include "cli/report/report.h"
#include "cli/report/report_proof.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/make_trace.h"
#include "engine/base/prng.h"
#include "engine/trace/recording.h"

namespace lockstep::cli {
namespace {

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

// A shard stops at its first failures, and cannot know that these were known.
void check_merge(const Options& options) {
  if (options.merge.empty() || options.max_failures == 0) return;
  for (const auto& [what, flag] :
       {std::pair{&options.store, "--store"}, std::pair{&options.baseline, "--baseline"}})
    if (!what->empty())
      throw Error(ExitCode::usage,
                  fmt::format("{}: the shards have stopped at failures that it may know", flag),
                  "run them with --keep-going, then merge");
}

// One file holds one search, which has to be one that can be taken up again.
void check_checkpoint(const Options& options, const std::vector<Selected>& selected) {
  const auto refuse = [&](const std::string& why, const char* hint) {
    throw Error(ExitCode::usage, fmt::format("--checkpoint {}: {}", options.checkpoint, why), hint);
  };
  if (selected.size() != 1)
    refuse(fmt::format("holds the search of one scenario, and there are {}", selected.size()),
           "choose one: --only =NAME");
  const StrategyInfo& info = *find_strategy(selected[0].settings.strategy);
  if (!info.claims.saves)
    refuse(fmt::format("--strategy {} cannot be taken up again", info.name),
           "--strategy dpor or dfs");
  if (options.total_seconds > 0)
    refuse("--total-time begins a search anew with what time is left", "use --time");
}

// What is left of --total-time is used in rounds of at least so long; a tree is searched again only
// with so much more time than before.
constexpr double kLeastRound = 0.02;
constexpr double kWorthAgain = 1.5;

// Executions looked at for races: for the list, and for the one line of every report.
constexpr uint64_t kRaceSamples = 64, kFewRaceSamples = 8;

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        reporter_(make_reporter(options)),
        recorder_(options),
        memory_(options),
        files_(options),
        checkpoint_(options.checkpoint),
        writer_(options) {}

  ExitCode all() {
    auto loaded =
        load_files(options_, options_.prove ? "lockstep verify scenarios/fixed/parent_wake.lua"
                                            : "lockstep run scenarios/tour/lost_update.lua");
    const auto selected = select_scenarios(options_, loaded.programs, &loaded.broken);
    for (const auto& s : selected) check_bounds(s), check_shard(options_, s);
    check_merge(options_);
    if (!options_.merge.empty()) shards_.emplace(options_.merge);
    if (checkpoint_) {
      check_checkpoint(options_, selected);
      checkpoint_.read();
    }
    std::vector<std::string> used;
    used.reserve(selected.size());
    for (const auto& s : selected) used.push_back(s.settings.strategy);
    if (!used.empty()) check_takes(options_.settings, used);
    const auto gone = memory_.check(selected);
    if (options_.verbosity >= 0) {
      const NothingToReport nothing;
      for (const auto& program : loaded.programs) std::fputs(lint_notes(program).c_str(), stderr);
    }
    put(reporter_->begin({options_.prove ? "verify" : "run", options_.args}));
    for (const auto& b : loaded.broken) broken(b);
    for (const auto& r : gone) put(reporter_->remembered(r));
    search_all(selected);
    summary_.exit = exit_code();
    if (!options_.out.empty()) write_shard();
    finish_files();
    put(reporter_->end(summary_));
    for (const auto& error : file_errors()) complain(error);
    if (!options_.html.empty() && pages_ == 0)
      std::fprintf(stderr, "lockstep: --html: not written, there is no failure to show\n");
    return summary_.exit;
  }

 private:
  using Selections = std::vector<const Selected*>;

  void broken(const BrokenFile& b) {
    complain(b.error);
    put(reporter_->broken(b));
    files_.broken(b);
    if (summary_.broken++ == 0) broken_ = b.error.code();
  }

  // Each in its turn; with --total-time each has an equal share of what is left of it. What is left
  // at the end goes to those about which more may be found out.
  void search_all(const std::vector<Selected>& selected) {
    Selections now;
    now.reserve(selected.size());
    for (const auto& s : selected) now.push_back(&s);
    for (uint64_t round = 0; !now.empty(); round++) {
      Selections more;
      for (size_t i = 0; i < now.size(); i++)
        if (one(*now[i], round, now.size() - i)) more.push_back(now[i]);
      now = std::move(more);
    }
  }

  // Seconds until --total-time is up.
  double left() const {
    if (options_.total_seconds == 0) return std::numeric_limits<double>::infinity();
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - started_;
    return options_.total_seconds - gone.count();
  }

  // Of --total-time, for the first of so many; 0: no limit.
  double share(const Settings& settings, size_t waiting) const {
    if (options_.total_seconds == 0) return settings.seconds;
    const double equal = std::max(left() / static_cast<double>(waiting), 0.001);
    return settings.seconds > 0 ? std::min(settings.seconds, equal) : equal;
  }

  std::unique_ptr<System> machine(const ScenarioRun& run, const Settings& settings) const {
    return make_stoppable(run, settings, time_.stop());
  }

  // True: it should have another round, if there is time for one.
  bool one(const Selected& s, uint64_t round, size_t waiting) {
    auto& kept = unfinished_[&s];
    if (summary_.interrupted || left() <= 0) return round > 0 ? finish(kept), false : not_run(s);
    ScenarioReport report;
    report.file = s.program->path();
    report.name = s.scenario->name;
    report.line = s.scenario->line;
    report.settings = s.settings;
    report.relation_checked = options_.check;
    report.seconds = share(s.settings, waiting);
    if (round > 0 && !next_round(kept, round, &report)) return finish(kept), false;
    time_ = TimeBox(report.seconds);
    const ScenarioRun run{*s.program, *s.scenario, report.settings};
    if (round == 0 && !remember(run, &report)) return finish(report), false;
    if (round == 0 && options_.audit && !audit_one(run, &report)) return false;
    explore_one(s, &report);
    judge_one(run, &report);
    report_failures(run, &report);
    if (round > 0) report.failed |= kept.failed;
    if (may_find_more(s, report)) return kept = std::move(report), true;
    return finish(report), false;
  }

  bool not_run(const Selected& s) {
    if (!summary_.interrupted) summary_.not_run.push_back(s.scenario->name);
    files_.not_run(s.program->path(), s.scenario->line, s.scenario->name,
                   summary_.interrupted ? "interrupted" : "the time was up (--total-time)");
    return false;
  }

  // What was remembered comes first. False: it fails as often as was asked for.
  bool remember(const ScenarioRun& run, ScenarioReport* report) {
    uint64_t failures = 0;
    for (auto& r : memory_.replay(run, time_.stop())) {
      put(reporter_->remembered(r));
      if (r.state != RememberedReport::still_fails) continue;
      summary_.still_failing++;
      report->known |= r.known;
      files_.failure(r.failure);
      if (r.known) continue;
      put(reporter_->failure(r.failure));
      report->failed = true;
      failures++;
    }
    report->searched = options_.max_failures == 0 || failures < options_.max_failures;
    return report->searched;
  }

  // Of a shard nothing is shrunk and written: merge does that, once.
  void leave_failures(ScenarioReport* report) {
    bool bounded = false;
    for (const auto& finding : report->result.findings) {
      const bool expected = report->settings.expects(finding.outcome);
      const bool bound = options_.prove && !expected && finding.outcome.at_bound();
      report->expected |= expected;
      report->failed |= !expected && !bound;
      bounded |= bound;
      if (options_.verbosity >= 0)
        std::fprintf(stderr, "lockstep: %s: iteration %" PRIu64 ": %s\n",
                     one_line(report->name).c_str(), finding.iteration,
                     one_line(finding.outcome.signature()).c_str());
    }
    judge_report(bounded, report);
  }

  // Whole or not there: whoever runs it again begins anew.
  void write_shard() try {
    if (summary_.interrupted)
      std::fprintf(stderr, "lockstep: interrupted, so %s is not written\n", writer_.path().c_str());
    else
      writer_.write();
  } catch (const Error& e) {
    file_error_ = e;
    if (summary_.exit == ExitCode::ok) summary_.exit = e.code();
  }

  void report_failures(const ScenarioRun& run, ScenarioReport* report) {
    if (!options_.out.empty()) return leave_failures(report);
    const auto& r = report->result;
    bool bounded = false;
    const uint64_t in_vain = r.findings.empty() ? 0 : schedules_all_failing(run, *report, time_);
    for (const auto& finding : r.findings) {
      const bool expected = report->settings.expects(finding.outcome);
      const bool bound = options_.prove && !expected && finding.outcome.at_bound();
      report->expected |= expected;
      bounded |= bound;
      nondeterministic_ |= !finding.deterministic;
      if (!expected && memory_.replayed(run, finding.outcome)) continue;
      const bool known = !expected && !bound && memory_.known(run, finding.outcome);
      auto described = recorder_.describe(run, finding, time_,
                                          expected ? FailureReport::How::expected
                                          : bound  ? FailureReport::How::bound
                                                   : FailureReport::How::found,
                                          options_.shrink && !known);
      described.in_vain = in_vain;
      described.known = known;
      report->known |= known;
      if (!expected && !bound) memory_.found(run, &described);
      report->failed |= !expected && !bound && !described.known;
      put(described.known ? reporter_->known(described) : reporter_->failure(described));
      if (!options_.html.empty() && !described.known) write_page(described);
      files_.failure(described);
    }
    judge_report(bounded, report);
  }

  // What cannot be drawn must not cost the report either.
  void write_page(const FailureReport& f) {
    if (f.shown_path().empty()) return;  // the trace could not be written, which is said
    try {
      Told told;
      if (!f.small_path.empty()) told = {f.contrast, f.curve};
      write_trace_page("--html", numbered_file(options_.html, ++pages_), f.shown_path(),
                       std::move(told));
    } catch (const Error& e) {
      if (!file_error_) file_error_ = e;
    }
  }

  void judge_report(bool bounded, ScenarioReport* report) {
    const auto& r = report->result;
    const bool complete = r.exhausted && !bounded;
    report->missed = !report->settings.expect.empty() && !report->expected &&
                     r.stop != StopReason::interrupted && !r.misuse &&
                     (r.findings.empty() || options_.prove) && (complete || !options_.prove);
    nondeterministic_ |= !report->nondeterminism.empty();
    if (report->failed || report->known || report->missed || r.misuse || unsound(*report)) return;
    if (complete && (options_.prove || r.findings.empty())) report->proof = Proof::verified;
    if (!complete && options_.prove) report->proof = Proof::incomplete;
  }

  // Neither a failure nor a proof nor a limit of its own ended it, and --total-time lasts.
  bool may_find_more(const Selected& s, const ScenarioReport& report) const {
    const auto& r = report.result;
    const bool limit =
        r.stop == StopReason::time
            ? s.settings.seconds > 0 && report.seconds >= s.settings.seconds
            : options_.setting("iterations") || s.scenario->options.contains("iterations");
    return options_.total_seconds > 0 && left() > kLeastRound && !interrupted() && !limit &&
           !report.failed && r.findings.empty() && !r.misuse && !r.exhausted && !unsound(report) &&
           (r.stop == StopReason::time || r.stop == StopReason::iterations);
  }

  // What samples goes on with other numbers; what searches a tree begins anew, which is of use only
  // with more time than it had.
  bool next_round(const ScenarioReport& before, uint64_t round, ScenarioReport* report) const {
    const bool tree = find_strategy(report->settings.strategy)->claims.exhaustive;
    if (report->seconds < (tree ? before.seconds * kWorthAgain : kLeastRound)) return false;
    report->rounds = before.rounds;
    report->rounds.push_back({before.settings.seed, before.result.iterations});
    report->known = before.known;
    if (tree) return true;
    report->settings.seed = stream_seed(report->settings.seed, round, Stream::schedule);
    report->settings.iterations = 0;
    return true;
  }

  void finish(const ScenarioReport& report) {
    const auto& r = report.result;
    const bool nothing =
        report.searched && r.iterations == 0 && r.stop == StopReason::time && !report.failed;
    if (report.searched) put(reporter_->scenario(report));
    checkpoint_.finish(r, interrupted());
    files_.scenario(report);
    if (r.misuse) misuse(r.misuse->outcome);
    const bool failed = report.failed || report.missed;
    const bool incomplete = report.proof == Proof::incomplete || nothing;
    summary_.scenarios++;
    summary_.failed += failed || r.misuse;
    summary_.known += report.known && !failed && !r.misuse;
    summary_.incomplete += incomplete;
    summary_.iterations += r.iterations;
    for (const auto& before : report.rounds) summary_.iterations += before.iterations;
    summary_.interrupted |= r.stop == StopReason::interrupted || interrupted();
    found_ |= failed;
    incomplete_ |= incomplete;
  }

  // Files that others wait for; what cannot be written is said when all else has been.
  void finish_files() {
    try {
      memory_.write(summary_.interrupted || !summary_.not_run.empty());
      if (memory_.writes_baseline() && summary_.exit == ExitCode::failure)
        summary_.exit = ExitCode::ok;
      files_.write(summary_);
    } catch (const Error& e) {
      file_error_ = e;
    }
    // A verdict says more than a file that could not be written.
    for (const auto& error : file_errors())
      if (summary_.exit == ExitCode::ok) summary_.exit = error.code();
  }

  std::vector<Error> file_errors() const {
    std::vector<Error> all;
    for (const auto& error : {recorder_.error(), file_error_, checkpoint_.error()})
      if (error) all.push_back(*error);
    return all;
  }

  // Before anything rests on the dependence relation. False: it is wrong here.
  bool audit_one(const ScenarioRun& run, ScenarioReport* report) {
    const auto audited = machine(run, run.settings);
    AuditOptions audit_options;
    audit_options.states = options_.audit;
    audit_options.seed = run.settings.seed;
    audit_options.reduce = run.settings.reduce_given ? run.settings.search.reduce : kDefaultReduce;
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
        const auto path = recorder_.names().audited(run);
        if (recorder_.write(make_trace(run, finding, audited.get()), path)) d.paths[i] = path;
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
    if (!options_.out.empty()) return;  // merge has the whole proof judged
    for (const Finding& finding : r.findings)
      if (!run.settings.expects(finding.outcome)) return;
    ExploreOptions judge_options = explore_options(run.settings);
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

  ExploreOptions explore_options(const Settings& settings) const {
    ExploreOptions o = settings.explore();
    o.seconds = time_.left();
    o.workers = options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
    return o;
  }

  void explore_one(const Selected& s, ScenarioReport* report) {
    std::atomic<bool> polled{false};
    const bool may_poll = report->settings.search.reduce.needs_mail();
    if (checkpoint_.polls())
      polled = may_poll;
    else
      explore_as(s, may_poll ? &polled : nullptr, report);
    if (!polled) return;
    log_info(Part::search, fmt::format("{}: waits poll mailboxes, so the order of messages counts",
                                       s.scenario->name));
    report->settings.search.reduce.unobserved_sends =
        report->settings.search.reduce.equal_messages = false;
    polls_ = true;
    explore_as(s, nullptr, report);
  }

  // `polled`: where to stop if a wait polls a mailbox.
  void explore_as(const Selected& s, std::atomic<bool>* polled, ScenarioReport* report) {
    const Settings& settings = report->settings;
    ExploreOptions explore_options = this->explore_options(settings);
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
    const ScenarioRun run{*s.program, *s.scenario, settings};
    Checkpoints checkpoints;
    if (checkpoint_) {
      checkpoints = checkpoint_.begin(identity_of(run, explore_options.max_failures), polls_);
      checkpoints.every = options_.checkpoint_every;
      explore_options.checkpoints = &checkpoints;
    }
    explore_options.known = [&](const Outcome& outcome) {
      return memory_.known(run, outcome) || memory_.replayed(run, outcome);
    };
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
      machine_options.stop = &time_.stop();
      auto machine = vm::make_machine(*s.program, s.scenario->name, machine_options);
      return options_.check_determinism ? checked_system(std::move(machine), &check)
                                        : std::move(machine);
    };
    if (explore_options.workers > 1 && options_.verbosity >= 0 &&
        find_strategy(s.settings.strategy)->claims.counts_states())
      std::fprintf(stderr,
                   "lockstep: %s: --strategy %s searches with one worker, whatever --jobs says\n",
                   one_line(s.scenario->name).c_str(), s.settings.strategy.c_str());
    Identity id = identity_of(run, explore_options.max_failures);
    id["option iterations"] = std::to_string(settings.iterations);
    if (shards_) {
      report->result = merge_shards(*factory(), explore_options, shards_->of(id, shard_key(run)));
      return log_result(s.scenario->name, report->result);
    }
    explore_options.save_result = !options_.out.empty();
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
    if (!options_.out.empty()) writer_.add(id, shard_key(run), report->result.saved);
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

  void misuse(const Outcome& outcome) {
    complain(misuse_error(outcome));
    misused_ = true;
  }

  ExitCode exit_code() const {
    if (unsound_) return ExitCode::internal;
    if (summary_.interrupted) return ExitCode::interrupted;
    if (misused_) return ExitCode::scenario;
    if (nondeterministic_) return ExitCode::diverged;
    if (summary_.broken) return broken_;
    if (found_ && options_.out.empty()) return ExitCode::failure;
    return incomplete_ || !summary_.not_run.empty() ? ExitCode::incomplete : ExitCode::ok;
  }

  const Options& options_;
  std::unique_ptr<Reporter> reporter_;
  FindingRecorder recorder_;
  Memory memory_;
  ReportFiles files_;
  CheckpointFile checkpoint_;
  ShardWriter writer_;
  std::optional<ShardReader> shards_;  // whose results are taken
  bool polls_ = false;                 // the scenario at hand waits by polling mailboxes
  SummaryReport summary_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  TimeBox time_;  // of the scenario at hand
  std::map<const Selected*, ScenarioReport> unfinished_;
  std::optional<Error> file_error_;
  size_t pages_ = 0;
  ExitCode broken_ = ExitCode::ok;  // of the first file that could not be loaded
  bool found_ = false, misused_ = false, nondeterministic_ = false, incomplete_ = false;
  bool unsound_ = false;
};

}  // namespace

ExitCode search_command(const Options& options) {
  const Options own = of_shard(options);
  return Run(own).all();
}
ExitCode run_command(const Options& options) { return search_command(options); }

}  // namespace lockstep::cli
