// What the shards of a run have come to, put together as if one process had done it all.
#include <algorithm>
#include <cereal/cereal.hpp>
#include <iterator>

#include "engine/explore/exploration.h"
#include "engine/explore/saved_fields.h"

namespace lockstep {

// Of a shard beside what its collector has.
struct ShardEnd {
  StopReason stop = StopReason::iterations;
  bool exhausted = false, misused = false;
  Finding misuse;
  Pilot pilot;
  uint64_t proof_executions = 0;
  ShardLessons lessons;
  double seconds = 0, cpu_seconds = 0;
};

template <class A>
void field(A& a, Pilot& p) {
  fields(a, p.steps, p.choice_points, p.actors, p.processes);
}

template <class A>
void field(A& a, ShardLessons& l) {
  fields(a, l.told_apart, l.unobserved_sends, l.equal_messages, l.alone);
}

template <class A>
void field(A& a, ShardEnd& e) {
  fields(a, e.stop, e.exhausted, e.misused, e.misuse, e.pilot, e.proof_executions, e.lessons,
         e.seconds, e.cpu_seconds);
}

void Collector::join(Collector&& other) {
  ExploreResult& r = result_;
  ExploreResult& o = other.result_;
  r.iterations += o.iterations;
  r.steps += o.steps;
  r.bound_hit += o.bound_hit;
  r.blocked += o.blocked;
  r.classes_sampled += o.classes_sampled;
  r.activity.add(o.activity);
  r.evidence.merge(o.evidence);
  for (const auto& [fingerprint, again] : other.classes_) {
    const auto [it, fresh] = classes_.try_emplace(fingerprint, again);
    if (!fresh) it->second = true;
  }
  for (const uint64_t class_digest : other.executed_) repeats(class_digest);
  for (RaceSample& sample : other.race_samples_) race_samples_.push_back(std::move(sample));
  for (Finding& finding : o.findings) {
    const auto [it, fresh] =
        signatures_.try_emplace(finding.outcome.signature(), r.findings.size());
    if (fresh) {
      r.findings.push_back(std::move(finding));
      continue;
    }
    Finding& there = r.findings[it->second];
    const uint64_t times = there.times + finding.times;
    if (finding.iteration < there.iteration) there = std::move(finding);
    there.times = times;
  }
}

void Collector::conclude(bool all_exhausted, StopReason otherwise) {
  ExploreResult& r = result_;
  std::sort(r.findings.begin(), r.findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.iteration, a.outcome.signature()) <
           std::pair(b.iteration, b.outcome.signature());
  });
  std::sort(race_samples_.begin(), race_samples_.end(),
            [](const RaceSample& a, const RaceSample& b) { return a.iteration < b.iteration; });
  r.classes = classes_.size();
  r.classes_once = 0;
  for (const auto& [fingerprint, again] : classes_) r.classes_once += !again;
  r.exhausted = all_exhausted;
  r.stop = all_exhausted ? StopReason::exhausted : otherwise;
  if (options_.max_failures == 0) return;
  uint64_t counted = 0;
  for (size_t i = 0; i < r.findings.size(); i++) {
    const Outcome& outcome = r.findings[i].outcome;
    const bool known = options_.known && options_.known(outcome);
    counted += !known && (!outcome.at_bound() || options_.bounds_fail);
    if (counted < options_.max_failures) continue;
    r.findings.resize(i + 1);
    r.findings[i].times = 1;  // the run would have ended there
    r.exhausted = false;
    r.stop = StopReason::failures;
  }
}

std::string Exploration::save() {
  ExploreResult& r = collector_.result();
  ShardEnd ended{r.stop,
                 r.exhausted,
                 r.misuse.has_value(),
                 r.misuse.value_or(Finding()),
                 pilot_,
                 r.proof_executions,
                 {learnt_, strategy_options_.reduce.unobserved_sends,
                  strategy_options_.reduce.equal_messages, alone_},
                 r.seconds,
                 r.cpu_seconds};
  SaveArchive to;
  fields(to, ended);
  collector_.keep(to);
  return to.text();
}

namespace {

// Null: only how it has ended.
ShardEnd load(const std::string& bytes, Collector* collector) try {
  ShardEnd ended;
  LoadArchive from(bytes);
  fields(from, ended);
  if (!collector) return ended;
  collector->keep(from);
  if (!from.at_end()) throw Malformed{""};
  return ended;
} catch (const Malformed&) {
  throw Error(ExitCode::trace, "the result of a shard is malformed");
} catch (const cereal::Exception&) {
  throw Error(ExitCode::trace, "the result of a shard is malformed");
}

}  // namespace

void ShardLessons::add(const ShardLessons& other) {
  std::vector<uint64_t> both;
  std::set_union(told_apart.begin(), told_apart.end(), other.told_apart.begin(),
                 other.told_apart.end(), std::back_inserter(both));
  told_apart = std::move(both);
  unobserved_sends = unobserved_sends && other.unobserved_sends;
  equal_messages = equal_messages && other.equal_messages;
  alone = alone || other.alone;
}

ShardLessons lessons_of_shard(const std::string& saved) { return load(saved, nullptr).lessons; }

bool shard_exhausted(const std::string& saved) { return load(saved, nullptr).exhausted; }

std::vector<size_t> shards_behind(const std::vector<std::string>& saved) {
  std::vector<ShardLessons> each;
  ShardLessons all;
  for (const std::string& one : saved) all.add(each.emplace_back(lessons_of_shard(one)));
  std::vector<size_t> behind;
  for (size_t i = 0; i < each.size(); i++)
    if (each[i] != all) behind.push_back(i);
  return behind;
}

ExploreResult Exploration::merge(System& system, const std::vector<std::string>& saved) {
  ExploreResult& r = collector_.result();
  bool exhausted = true;
  StopReason stop = StopReason::iterations;
  for (const std::string& bytes : saved) {
    Collector one(options_);
    ShardEnd ended = load(bytes, &one);
    collector_.join(std::move(one));
    exhausted &= ended.exhausted;
    // The one that says most about why it is not all.
    if (ended.stop != StopReason::exhausted && ended.stop != StopReason::failures)
      stop = std::max(stop, ended.stop);
    if (ended.misused && (!r.misuse || ended.misuse.iteration < r.misuse->iteration))
      r.misuse = std::move(ended.misuse);
    pilot_ = ended.pilot;
    r.proof_executions += ended.proof_executions;
    r.seconds = std::max(r.seconds, ended.seconds);
    r.cpu_seconds += ended.cpu_seconds;
  }
  collector_.conclude(exhausted, stop);
  r.share = exhausted ? 1 : 0;
  r.pilot = pilot_;
  return recorded(system);
}

ExploreResult merge_shards(System& system, const ExploreOptions& options,
                           const std::vector<std::string>& saved) {
  const ProgressFn silent;
  return Exploration(options, silent).merge(system, saved);
}

}  // namespace lockstep
