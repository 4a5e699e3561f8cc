// lockstep run and verify: for each scenario explore, shrink what is found, write the traces,
// report.
#include "cli/search/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <limits>
#include <map>

#include "cli/ci/report_files.h"
#include "cli/page/trace_data.h"
#include "cli/report/proof.h"
#include "cli/report/report.h"
#include "cli/search/allowed.h"
#include "cli/search/finding.h"
#include "cli/search/memory.h"
#include "cli/search/scenario_explorer.h"
#include "cli/selection/lint_notes.h"
#include "cli/selection/selection.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/make_trace.h"
#include "engine/base/prng.h"
#include "engine/trace/recording.h"

namespace lockstep::cli {
namespace {

// What is left of --total-time is used in rounds of at least so long; a tree is searched again only
// with so much more time than before.
constexpr double kLeastRound = 0.02;
constexpr double kWorthAgain = 1.5;

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        reporter_(make_reporter(options)),
        recorder_(options),
        memory_(options),
        files_(options),
        explorer_(options, memory_) {}

  ExitCode all() {
    auto loaded =
        load_files(options_, options_.prove ? "lockstep verify scenarios/fixed/parent_wake.lua"
                                            : "lockstep run scenarios/tour/lost_update.lua");
    const auto selected = select_scenarios(options_, loaded.programs, &loaded.broken);
    check_allowed(options_, selected);
    explorer_.begin();
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
    explorer_.explore(s, time_, &report);
    explorer_.judge(run, time_, &report);
    unsound_ |= unsound(report);
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
      std::fprintf(stderr, "lockstep: interrupted, so %s is not written\n",
                   explorer_.shard().path().c_str());
    else
      explorer_.shard().write();
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
    // Of a shard it is a part.
    if (complete && r.shards == 1 && (options_.prove || r.findings.empty()))
      report->proof = Proof::verified;
    const bool of_others = r.shards > 1 && r.stop == StopReason::failures;
    if (!complete && options_.prove && !of_others) report->proof = Proof::incomplete;
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
    explorer_.finish(r, interrupted());
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
    for (const auto& error : {recorder_.error(), file_error_, explorer_.checkpoint_error()})
      if (error) all.push_back(*error);
    return all;
  }

  // Before anything rests on the dependence relation. False: it is wrong here.
  bool audit_one(const ScenarioRun& run, ScenarioReport* report) {
    const auto audited = make_stoppable(run, run.settings, time_.stop());
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
  ScenarioExplorer explorer_;
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

}  // namespace lockstep::cli
