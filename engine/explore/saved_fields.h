// What a checkpoint and the result of a shard have in common, field by field.
#pragma once
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/archive.h"
#include "engine/explore/collector.h"

namespace lockstep {

template <class A>
void field(A& a, Decision& d) {
  fields(a, d.actor, d.detail);
}

template <class A>
void field(A& a, Outcome& o) {
  fields(a, o.verdict, o.reason, o.site, o.object, o.detail, o.process, o.too_long);
}

template <class A>
void field(A& a, Activity& x) {
  fields(a, x.executions, x.assertions, x.without_assertion, x.processes_most, x.ran_most, x.idle,
         x.unread, x.with_unread, x.spun, x.in_vain, x.cut_short, x.fired_last, x.goals, x.kept);
}

template <class A>
void field(A& a, Evidence::Process& p) {
  fields(a, p.name, p.ran);
}

template <class A>
void field(A& a, Evidence::Unread& u) {
  fields(a, u.path, u.executions, u.messages, u.last);
}

template <class A>
void field(A& a, RacingPairs::Orders& o) {
  fields(a, o.low, o.high, o.bits);
}

template <class A>
void field(A& a, RacingPairs& races) {
  std::vector<RacingPairs::Orders> all = races.all();
  fields(a, all);
  if constexpr (A::kLoads) races.add(all);
}

template <class A>
void field(A& a, Evidence& e) {
  fields(a, e.executions, e.longest, e.assertions, e.asserting, e.drew, e.unread, e.states,
         e.untold, e.processes, e.paths, e.races);
}

template <class A>
void field(A& a, Finding& f) {
  fields(a, f.iteration, f.stream, f.outcome, f.decisions, f.times, f.fair_spins);
}

template <class A>
void field(A& a, Failure& f) {
  fields(a, f.iteration, f.steps, f.signature, f.bound, f.misuse, f.known, f.counts, f.classes,
         f.activity);
  bool first = f.finding != nullptr;
  fields(a, first);
  if (!first) return;
  if constexpr (A::kLoads) f.finding = std::make_unique<Finding>();
  fields(a, *f.finding);
}

template <class A>
void field(A& a, RaceSample& s) {
  fields(a, s.iteration, s.stream, s.fair_spins, s.decisions);
}

template <class A>
void field(A& a, Batch& b) {
  fields(a, b.count, b.steps, b.blocked, b.discarded, b.in_vain, b.activity, b.failures,
         b.race_samples, b.classes, b.classes_in_vain, b.evidence);
}

template <class A>
void Collector::keep(A& a) {
  ExploreResult& r = result_;
  std::vector<uint64_t> executed(executed_.begin(), executed_.end());
  std::sort(executed.begin(), executed.end());
  fields(a, executed, repeats_);
  executed_.insert(executed.begin(), executed.end());
  std::vector<std::pair<uint64_t, bool>> classes(classes_.begin(), classes_.end());
  std::sort(classes.begin(), classes.end());
  fields(a, next_, signatures_, race_samples_, counted_, classes, r.findings, r.iterations, r.steps,
         r.bound_hit, r.blocked, r.classes_sampled, r.activity, r.evidence);
  classes_.insert(classes.begin(), classes.end());
  for (const auto& [signature, at] : signatures_)
    if (at >= r.findings.size()) throw Malformed{"a failure is missing"};
}

}  // namespace lockstep
