#include "engine/explain/shrink_oracle.h"

#include <algorithm>
#include <tuple>

#include "engine/base/digest.h"

namespace lockstep {
namespace {

// What an execution that runs away costs beside a decision of others: its instructions are bounded,
// by default by a hundred million.
constexpr uint64_t kRunaway = 400'000;

}  // namespace

bool Candidate::better_than(const Candidate& other) const {
  const auto cost = [](const Candidate& c) {
    return std::tuple(c.deviations.size(), c.size.faults, c.values, c.size.switches, c.size.steps);
  };
  if (cost(*this) != cost(other)) return cost(*this) < cost(other);
  return std::lexicographical_compare(decisions.begin(), decisions.end(), other.decisions.begin(),
                                      other.decisions.end(), [](Decision a, Decision b) {
                                        return std::tie(a.actor, a.detail) <
                                               std::tie(b.actor, b.detail);
                                      });
}

ShrinkOracle::ShrinkOracle(System& system, uint64_t seed, uint64_t iteration,
                           const ShrinkOptions& options, const ShrinkProgress& progress)
    : system_(system),
      seed_(seed),
      iteration_(iteration),
      options_(options),
      progress_(progress),
      started_(std::chrono::steady_clock::now()),
      counting_(system) {}

double ShrinkOracle::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

bool ShrinkOracle::spent() {
  return attempts_ >= options_.max_attempts || decisions_ >= options_.max_decisions ||
         (options_.interrupted && *options_.interrupted) ||
         seconds() + reserved_ >= options_.seconds || system_.cut();
}

void ShrinkOracle::count(const Outcome& outcome) {
  attempts_++;
  decisions_ += outcome.verdict == Verdict::runaway ? kRunaway : system_.decisions().size();
}

uint64_t ShrinkOracle::hash(std::span<const Deviation> set) {
  uint64_t sum = set.size();
  for (const Deviation& d : set)
    sum += mix64(mix64(d.actor, d.own), mix64(d.instead, static_cast<uint64_t>(d.kind)));
  return sum;
}

Candidate ShrinkOracle::candidate(const Encoding& e) const {
  Candidate c;
  c.deviations = e.deviations;
  c.at = e.at;
  c.size = e.size;
  for (const Deviation& d : e.deviations) c.values += d.kind == AltKind::data;
  const auto decisions = system_.decisions();
  c.decisions.assign(decisions.begin(), decisions.end());
  return c;
}

bool ShrinkOracle::start(std::span<const Decision> schedule) {
  const std::vector<Decision> copy(schedule.begin(), schedule.end());
  Encoding e;
  do {
    e = encode_schedule(system_, seed_, iteration_, copy);
    count(e.outcome);
    if (e.outcome.verdict != Verdict::suspect || counting_.on()) break;
    counting_.start();
  } while (true);
  outcome_ = e.outcome;
  // The shrunk schedule is recorded, and run once more to say who is who in it.
  constexpr double kRunsLeft = 3;
  reserved_ = kRunsLeft * seconds() / static_cast<double>(attempts_);
  if (!e.followed || !e.outcome.failed()) return false;
  signature_ = e.outcome.signature();
  if (!options_.signature.empty() && options_.signature != signature_) return false;
  if (e.outcome.verdict == Verdict::runaway) counting_.start();  // else each one would be run twice
  best_ = candidate(e);
  tried_.insert(hash(e.deviations));
  return true;
}

Encoding ShrinkOracle::run(std::span<const Deviation> set, Branches* branches) {
  Encoding e = run_deviations(system_, seed_, iteration_, set, branches);
  count(e.outcome);
  if (e.outcome.verdict != Verdict::suspect || counting_.on()) return e;
  counting_.start();
  e = run_deviations(system_, seed_, iteration_, set, branches);
  count(e.outcome);
  return e;
}

bool ShrinkOracle::improves(std::span<const Deviation> set, Branches* branches) {
  // Branches are wanted even of a set whose outcome is known.
  if ((!branches && tried(set)) || spent()) return false;
  const Encoding e = run(set, branches);
  if (system_.cut()) return false;
  tried_.insert(hash(set));
  tried_.insert(hash(e.deviations));
  if (progress_ && attempts_ % 16 == 0) progress_(best_.size, attempts_);
  if (!e.outcome.failed() || e.outcome.signature() != signature_) return false;
  Candidate c = candidate(e);
  if (!c.better_than(best_)) return false;
  best_ = std::move(c);
  if (progress_) progress_(best_.size, attempts_);
  return true;
}

}  // namespace lockstep
