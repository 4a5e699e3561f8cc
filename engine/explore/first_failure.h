// Executions to the first failure, over many trials. A trial that ended without one is censored: of
// it is known only that it would have taken longer.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lockstep {

struct Trial {
  uint64_t executions = 0;  // up to and including the first failing one, or all that were made
  bool found = false;
};

// In executions. Nothing is drawn at random, nothing depends on the order of the trials.
struct FirstFailure {
  uint64_t trials = 0, found = 0;
  std::optional<double> mean, deviation;  // of the trials that found it; sample deviation, 0 of one
  // Where the Kaplan-Meier curve falls to 3/4, 1/2, 1/4 or below; none where it does not.
  std::optional<double> lower, median, upper;
  // The area under the Kaplan-Meier curve up to the longest trial: a lower bound of the true mean
  // that uses censored trials too. Kaplan and Meier, "Nonparametric estimation from incomplete
  // observations", 1958.
  double restricted_mean = 0;
};

FirstFailure first_failure(std::vector<Trial> trials);

// 0 of nothing; all must be positive.
double geometric_mean(std::span<const double> values);

}  // namespace lockstep
