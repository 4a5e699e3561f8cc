#include "engine/explain/continuations.h"

#include "engine/base/digest.h"

namespace lockstep {

Continuations::Continuations(System& system, Outcome failing, uint64_t seed)
    : system_(system), failing_(std::move(failing)), seed_(seed) {}

bool Continuations::counts(const Outcome& outcome) const {
  return failing_.failed() ? fails_alike(failing_, outcome) : outcome.failed();
}

Outcome Continuations::from(const Mark& mark, uint64_t number, Tally* tally) {
  system_.restore(mark);
  walk_.rng.reseed(mix64(seed_ ^ 0x636f6e74696e7565ull, number));
  fairness_.begin(walk_);
  Outcome outcome = system_.run(walk_);
  if (outcome.verdict == Verdict::stopped || outcome.verdict == Verdict::suspect ||
      outcome.verdict == Verdict::misuse || system_.cut()) {
    outcome.verdict = Verdict::stopped;
    return outcome;
  }
  tally->tried++;
  if (counts(outcome))
    tally->failed++;
  else if (outcome.failed())
    tally->otherwise++;
  return outcome;
}

}  // namespace lockstep
