// Honest figures after a clean run (D14). Each says what it assumes; where that does not hold, none
// is given.
#pragma once
#include <cstdint>
#include <optional>

#include "engine/explore/exploration_data.h"

namespace lockstep {

struct Estimate {
  // Probability that the next execution is of a class not seen yet (Good, Turing; f1 / N), and its
  // upper bound with 95 % confidence (McAllester, Schapire: + (2 sqrt 2 + sqrt 3) sqrt(ln(3 /
  // delta) / N)). Only for strategies whose executions are independent of each other.
  std::optional<double> unseen, unseen_bound;
  // Lower estimate of the number of classes there are (Chao): seen + f1 (f1 - 1) / (2 (f2 + 1)),
  // where f2 is not known but at most seen - f1. None where every class was new, since then nothing
  // can be said.
  std::optional<double> classes;
  // With 95 % confidence an execution fails with at most this probability: 1 - 0.05^(1/N), the rule
  // of three. Only for independent draws of one sampler; of a portfolio, for the share that the
  // random walk has. `draws` is that N.
  std::optional<double> failure_bound;
  bool of_random_walk = false;
  uint64_t draws = 0;
  // PCT's: a bug of that depth would have been missed with at most this probability, 1 - (1 - 1 /
  // (n k^(d-1)))^N, by the n and k that the pilot saw. Only for pct, and idpct on the fifth of its
  // executions with that depth, which auto has a share of.
  std::optional<double> pct_hit;
};

Estimate estimate(const ExploreResult& result, const StrategyInfo& strategy, int depth);

// Lower estimate of the number of classes from those in the sample, by Chao's bias-corrected form:
// seen + f1 (f1 - 1) / (2 (f2 + 1)), where f2 counts as all that were seen more than once (what is
// known of it), so it is lower still. Meant for decisions: no strategy's draws justify it.
double chao(const ExploreResult& result);
// At least half of the executions sampled were of a class that another one had too.
bool worth_a_proof(const ExploreResult& result);

// How many executions make a bug of probability p certain with confidence 1 - epsilon: ln(1 /
// epsilon) / p.
double executions_needed(double probability, double epsilon);

}  // namespace lockstep
