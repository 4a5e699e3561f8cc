#include "cli/search/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/ci/place.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"
#include "cli/trace/rerun.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {
namespace {

bool unchanged(const Trace& trace, const vm::Program& program) {
  return std::equal(trace.files.begin(), trace.files.end(), program.files().begin(),
                    program.files().end(), [](const TraceFile& then, const vm::SourceFile& now) {
                      return then.name == now.name && then.text == now.text;
                    });
}

std::string how_known(const FixResult& fix) {
  if (fix.kind == FixResult::cannot_tell) return fix.reason;
  if (fix.all_classes)
    return fmt::format("all {} of schedules pass", counted(fix.executions, "class"));
  return fmt::format("{} pass, {} of them with what decided the failure",
                     counted(fix.executions, "execution"), grouped(fix.kept_left));
}

void fail(RememberedReport* r, FailureReport::How how, const Trace& trace, Recording recording) {
  r->state = RememberedReport::still_fails;
  r->failure.how = how;
  r->failure.trace = trace;
  r->failure.iteration = trace.iteration;
  put_recording(r->failure.trace, std::move(recording));
}

void judge_recorded(Traced& traced, ReplayResult result, RememberedReport* r) {
  if (result.kind == ReplayResult::reproduced)
    return fail(r, FailureReport::How::replayed, traced.trace, std::move(result.recording));
  r->reason = fmt::format("the file is as it was, but step {} is not: {}", result.divergence.step,
                          result.divergence.causes.empty() ? "another lockstep recorded it"
                                                           : result.divergence.causes.front());
}

void judge_edited(Traced& traced, Rerun answer, RememberedReport* r) {
  auto& replay = answer.replay;
  if (!answer.fix) {
    const bool failed =
        replay.kind == ReplayResult::reproduced || replay.kind == ReplayResult::other_failure;
    r->otherwise = replay.kind == ReplayResult::other_failure;
    if (failed)
      return fail(r, r->otherwise ? FailureReport::How::otherwise : FailureReport::How::edited,
                  traced.trace, std::move(replay.recording));
    r->reason = replay.kind == ReplayResult::misuse
                    ? "the scenario misuses the API now: " + replay.recording.outcome.reason
                    : "its schedule does not apply any more";
    return;
  }
  FixResult& fix = *answer.fix;
  r->reason = how_known(fix);
  if (fix.kind == FixResult::passes) r->state = RememberedReport::fixed;
  if (fix.kind == FixResult::misuse)
    r->reason = "the scenario misuses the API now: " + fix.failing.outcome.reason;
  if (fix.kind != FixResult::still_fails && fix.kind != FixResult::fails_otherwise) return;
  r->reason.clear();
  r->otherwise = fix.kind == FixResult::fails_otherwise;
  fail(r, fix.keeps ? FailureReport::How::kept : FailureReport::How::sampled, traced.trace,
       std::move(fix.failing));
}

}  // namespace

Memory::Memory(const Options& options)
    : options_(options), root_(repository_root(options.project_file)) {
  if (!options.store.empty()) store_.emplace(options.store);
}

std::string Memory::file_of(const ScenarioRun& run) const {
  return from_root(root_, run.program.path());
}

std::string Memory::fingerprint_of(const ScenarioRun& run, const Outcome& outcome) const {
  return fingerprint(file_of(run), run.scenario.name, outcome,
                     site_text(run.program.files(), outcome.site));
}

std::vector<RememberedReport> Memory::check(const std::vector<Selected>& selected) {
  if (!options_.baseline.empty()) baseline_ = Baseline::read(options_.baseline);
  std::error_code ignored;  // what is in the way is told now, not after an hour
  if (writes_baseline() && std::filesystem::exists(options_.write_baseline, ignored))
    before_ = Baseline::read(options_.write_baseline);
  for (const auto& s : selected)
    selected_.emplace(from_root(root_, s.program->path()), s.scenario->name);
  std::vector<RememberedReport> gone;
  if (!store_) return gone;
  store_->check();
  std::set<const vm::Program*> seen;
  for (const auto& s : selected) {
    if (!seen.insert(s.program).second) continue;
    for (const auto& entry : entries(from_root(root_, s.program->path()))) {
      const auto& all = s.program->scenarios();
      if (std::any_of(all.begin(), all.end(),
                      [&](const auto& info) { return info.name == entry.trace.scenario; }))
        continue;
      auto& r = gone.emplace_back();
      r.file = s.program->path(), r.scenario = entry.trace.scenario, r.path = entry.path;
      r.signature = entry.trace.outcome.signature();
      r.reason = fmt::format("{} has no scenario of this name any more", s.program->path());
    }
  }
  for (const auto& file : store_->files())
    if (!std::filesystem::exists(std::filesystem::path(root_) / file, ignored))
      std::fprintf(stderr,
                   "lockstep: --store %s: there is no %s any more, of which it has failures\n",
                   one_line(options_.store).c_str(), one_line(file).c_str());
  return gone;
}

std::vector<StoredFailure>& Memory::entries(const std::string& file) {
  const auto [it, fresh] = entries_.try_emplace(file);
  if (!fresh) return it->second;
  std::vector<Error> damaged;
  it->second = store_->of(file, &damaged);
  for (const auto& e : damaged) {
    complain(e);
    if (!error_) error_ = Error(e.code(), fmt::format("{} of {} damaged", options_.store, file));
  }
  return it->second;
}

std::vector<RememberedReport> Memory::replay(const ScenarioRun& run, const StopToken& stop) {
  std::vector<RememberedReport> all;
  if (!store_) return all;
  for (auto& entry : entries(file_of(run))) {
    if (entry.trace.scenario != run.scenario.name || interrupted()) continue;
    auto& r = all.emplace_back(replay_one(run, entry, stop));
    states_[entry.path] = r.state;
    if (r.state == RememberedReport::still_fails) tell(run, r.failure.trace.outcome);
  }
  return all;
}

RememberedReport Memory::replay_one(const ScenarioRun& run, const StoredFailure& entry,
                                    const StopToken& stop) {
  RememberedReport r;
  r.file = run.program.path();
  r.scenario = run.scenario.name;
  r.path = entry.path;
  r.signature = entry.trace.outcome.signature();
  r.changed = !unchanged(entry.trace, run.program);
  try {
    auto traced = make_traced(entry.trace, entry.path, stop);
    if (r.changed)
      judge_edited(traced, rerun_on(traced, run.program, stop), &r);
    else
      judge_recorded(traced, rerun_recorded(traced, stop), &r);
  } catch (const Error& e) {
    const bool cut = e.code() == ExitCode::interrupted || e.code() == ExitCode::incomplete;
    r.reason = cut ? "the time was up" : e.what();
  }
  if (r.state != RememberedReport::still_fails) return r;
  FailureReport& f = r.failure;
  f.path = entry.path;
  f.file = r.file;
  f.line = run.scenario.line;
  r.signature = f.trace.outcome.signature();
  f.fingerprint = fingerprint_of(run, f.trace.outcome);
  f.known = r.known = baseline_.has(f.fingerprint);
  return r;
}

void Memory::tell(const ScenarioRun& run, const Outcome& outcome) {
  const auto print = fingerprint_of(run, outcome);
  told_.insert(print);
  next_.add({print, file_of(run), run.scenario.name, outcome.signature()});
}

bool Memory::known(const ScenarioRun& run, const Outcome& outcome) const {
  return !baseline_.empty() && baseline_.has(fingerprint_of(run, outcome));
}

bool Memory::replayed(const ScenarioRun& run, const Outcome& outcome) const {
  return !told_.empty() && told_.contains(fingerprint_of(run, outcome));
}

void Memory::found(const ScenarioRun& run, FailureReport* failure) {
  const Trace& trace = failure->shown();
  const auto file = file_of(run);
  failure->fingerprint = fingerprint_of(run, trace.outcome);
  next_.add({failure->fingerprint, file, run.scenario.name, trace.outcome.signature()});
  if (!store_ || failure->known) return;
  auto& all = entries(file);
  const auto same = std::find_if(all.begin(), all.end(), [&](const StoredFailure& entry) {
    return entry.trace.scenario == run.scenario.name && entry.fingerprint == failure->fingerprint;
  });
  try {
    if (same != all.end()) {
      const auto state = states_.find(same->path);
      const bool fails = state == states_.end() || state->second == RememberedReport::still_fails;
      if (fails && same->trace.decisions.size() <= trace.decisions.size()) return;
    }
    const auto path = store_->add(file, trace);
    if (same != all.end()) {
      if (same->path != path) store_->remove(*same);
      all.erase(same);
    }
    all.push_back({path, failure->fingerprint, trace});
    states_[path] = RememberedReport::still_fails;
  } catch (const Error& e) {
    if (!error_) error_ = e;
  }
}

void Memory::write(bool partial) {
  if (writes_baseline()) {
    const auto& path = options_.write_baseline;
    if (partial)
      throw Error(ExitCode::incomplete,
                  fmt::format("--write-baseline {}: not written, since not all was searched", path),
                  "more time, or fewer files");
    next_.keep_others(before_, selected_);
    write_whole_file("--write-baseline", path, next_.text());
  }
  if (error_) throw Error(*error_);
}

}  // namespace lockstep::cli
