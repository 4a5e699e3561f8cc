#include "cli/search/scenario_explorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "cli/report/proof.h"
#include "cli/search/check_determinism.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// Executions looked at for races: for the list, and for the one line of every report.
constexpr uint64_t kRaceSamples = 64, kFewRaceSamples = 8;

void log_result(const std::string& name, const ExploreResult& r) {
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

// Has a shard taken less for granted than was asked for, since waits poll mailboxes?
bool less_than(const ShardLessons& lessons, const Reduce& asked) {
  return (asked.unobserved_sends && !lessons.unobserved_sends) ||
         (asked.equal_messages && !lessons.equal_messages);
}

void reduce_less(ScenarioReport* report) {
  Reduce& reduce = report->settings.search.reduce;
  reduce.unobserved_sends = reduce.equal_messages = false;
}

}  // namespace

ScenarioExplorer::ScenarioExplorer(const Options& options, const Memory& memory)
    : options_(options), memory_(memory), checkpoint_(options.checkpoint), writer_(options) {}

void ScenarioExplorer::begin() {
  if (!options_.merge.empty()) shards_.emplace(options_.merge);
  if (checkpoint_) checkpoint_.read();
}

ExploreOptions ScenarioExplorer::explore_options(const Settings& settings,
                                                 const TimeBox& time) const {
  ExploreOptions o = settings.explore();
  o.seconds = time.left();
  o.workers = options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
  return o;
}

// Proved: it fails as expected, and in no other way.
uint64_t ScenarioExplorer::max_failures(const Selected& s) const {
  return options_.prove && !s.settings.expect.empty() ? 0 : options_.max_failures;
}

// What makes a run of shards one.
Identity ScenarioExplorer::shard_identity(const Selected& s) const {
  Identity id = identity_of({*s.program, *s.scenario, s.settings}, max_failures(s));
  id["option iterations"] = std::to_string(s.settings.iterations);
  return id;
}

bool ScenarioExplorer::shard_of_proof(const Selected& s) const {
  return !options_.out.empty() && find_strategy(s.settings.strategy)->claims.exhaustive;
}

// Shards of a search before, or of this one that have come to their end.
ShardLessons ScenarioExplorer::lessons_of_others(const Selected& s) const {
  ShardLessons all;
  if (shard_of_proof(s))
    for (const auto& [path, saved] : shards_there(s)) all.add(lessons_of_shard(saved));
  return all;
}

std::map<std::string, std::string> ScenarioExplorer::shards_there(const Selected& s) const {
  return shards_in(options_.out, options_.shards, shard_identity(s),
                   shard_key({*s.program, *s.scenario, s.settings}));
}

// What this shard has come to before, if it is all, and it knew what the others have learnt: a
// search is a function of its options, so it need not be made again. Else empty.
std::string ScenarioExplorer::finished_shard(const Selected& s) const {
  if (!shard_of_proof(s)) return {};
  const auto there = shards_there(s);
  const auto own = there.find(writer_.path());
  if (own == there.end() || !shard_exhausted(own->second) ||
      lessons_of_shard(own->second) != lessons_of_others(s))
    return {};
  return own->second;
}

void ScenarioExplorer::explore(const Selected& s, const TimeBox& time, ScenarioReport* report) {
  std::atomic<bool> polled{false};
  const Reduce& asked = report->settings.search.reduce;
  const bool may_poll = asked.needs_mail();
  if (checkpoint_.polls() || less_than(lessons_of_others(s), asked))
    polled = may_poll;
  else
    explore_as(s, time, may_poll ? &polled : nullptr, report);
  if (!polled) return;
  log_info(Part::search, fmt::format("{}: waits poll mailboxes, so the order of messages counts",
                                     s.scenario->name));
  reduce_less(report);
  polls_ = true;
  explore_as(s, time, nullptr, report);
}

void ScenarioExplorer::explore_as(const Selected& s, const TimeBox& time, std::atomic<bool>* polled,
                                  ScenarioReport* report) {
  const Settings& settings = report->settings;
  ExploreOptions explore_options = this->explore_options(settings, time);
  explore_options.max_failures = max_failures(s);
  explore_options.shard = options_.shard;
  explore_options.shards = options_.shards;
  explore_options.race_samples = options_.races ? kRaceSamples : kFewRaceSamples;
  explore_options.bounds_fail = !options_.prove;
  explore_options.interrupted = &interrupted();
  explore_options.in_vain = polled;
  const ScenarioRun run{*s.program, *s.scenario, settings};
  explore_options.learnt = lessons_of_others(s).told_apart;
  Checkpoints checkpoints;
  if (checkpoint_) {
    Identity id = identity_of(run, explore_options.max_failures);
    if (options_.shards > 1) id["shard"] = fmt::format("{}/{}", options_.shard, options_.shards);
    checkpoints = checkpoint_.begin(id, polls_);
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
    machine_options.stop = &time.stop();
    auto machine = vm::make_machine(*s.program, s.scenario->name, machine_options);
    return options_.check_determinism ? checked_system(std::move(machine), &check)
                                      : std::move(machine);
  };
  if (explore_options.workers > 1 && options_.verbosity >= 0 &&
      find_strategy(s.settings.strategy)->claims.counts_states())
    std::fprintf(stderr,
                 "lockstep: %s: --strategy %s searches with one worker, whatever --jobs says\n",
                 one_line(s.scenario->name).c_str(), s.settings.strategy.c_str());
  const Identity id = shard_identity(s);
  if (shards_) {
    const auto saved = shards_->of(id, shard_key(run));
    explore_options.shards = saved.size();
    report->result = merge_shards(*factory(), explore_options, saved);
    if (report->result.exhausted && find_strategy(s.settings.strategy)->claims.exhaustive) {
      shards_->check_lessons(saved);
      if (less_than(lessons_of_shard(saved[0]), settings.search.reduce)) reduce_less(report);
    }
    return log_result(s.scenario->name, report->result);
  }
  if (const std::string own = finished_shard(s); !own.empty()) {
    log_info(Part::search, fmt::format("{}: {} has it", s.scenario->name, writer_.path()));
    report->result = merge_shards(*factory(), explore_options, {own});
    report->result.shard = options_.shard;
    report->result.shards = options_.shards;
    return writer_.add(id, shard_key(run), own);
  }
  explore_options.save_result = !options_.out.empty();
  ProgressLine line(options_);
  try {
    report->result = lockstep::explore(factory, explore_options, [&](const Progress& p) {
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

void ScenarioExplorer::judge(const ScenarioRun& run, const TimeBox& time,
                             ScenarioReport* report) const {
  const ExploreResult& r = report->result;
  const Claims& claims = find_strategy(run.settings.strategy)->claims;
  const bool reduced = claims.proves || claims.unit == Unit::equivalence_class ||
                       (claims.counts_states() && run.settings.search.preemptions < 0);
  if (!r.exhausted || r.misuse || !reduced || claims.bounded || options_.judge == 0) return;
  if (!options_.out.empty()) return;  // merge has the whole proof judged
  for (const Finding& finding : r.findings)
    if (!run.settings.expects(finding.outcome)) return;
  ExploreOptions judge_options = explore_options(run.settings, time);
  judge_options.interrupted = &interrupted();
  const auto factory = [&] { return make_stoppable(run, run.settings, time.stop()); };
  try {
    report->judged =
        lockstep::judge(factory, judge_options, r, options_.judge.value_or(judge_executions(r)));
  } catch (const vm::LoadingStopped&) {
    return;
  }
  Judgement& judged = *report->judged;
  log_info(Part::search,
           fmt::format("{}: judged by {} and {}", run.scenario.name,
                       counted(judged.states, "state"), counted(judged.walks, "walk")));
  if (!judged.failure) return;
  std::fprintf(stderr,
               "lockstep: %s: %s left this failure out, which is a bug of lockstep: please report "
               "the scenario\n",
               one_line(run.scenario.name).c_str(), run.settings.strategy.c_str());
  report->result.findings.push_back(*judged.failure);
}

bool unsound(const ScenarioReport& report) {
  return report.judged && !report.judged->failure && !report.judged->goal.empty();
}

}  // namespace lockstep::cli
