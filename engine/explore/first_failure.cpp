#include "engine/explore/first_failure.h"

#include <algorithm>
#include <cmath>

namespace lockstep {
namespace {

void moments(const std::vector<Trial>& trials, FirstFailure* out) {
  double sum = 0, squares = 0;
  for (const Trial& t : trials)
    if (t.found) out->found++, sum += static_cast<double>(t.executions);
  if (out->found == 0) return;
  const auto n = static_cast<double>(out->found);
  out->mean = sum / n;
  for (const Trial& t : trials)
    if (t.found) squares += std::pow(static_cast<double>(t.executions) - *out->mean, 2);
  out->deviation = out->found > 1 ? std::sqrt(squares / (n - 1)) : 0;
}

}  // namespace

FirstFailure first_failure(std::vector<Trial> trials) {
  FirstFailure out;
  out.trials = trials.size();
  moments(trials, &out);
  // At equal times those that found it count before those that gave up.
  std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return a.executions < b.executions || (a.executions == b.executions && a.found > b.found);
  });
  double survival = 1, then = 0;
  for (size_t i = 0; i < trials.size();) {
    const auto now = static_cast<double>(trials[i].executions);
    const auto at_risk = static_cast<double>(trials.size() - i);
    size_t failures = 0;
    out.restricted_mean += survival * (now - then);
    for (const uint64_t at = trials[i].executions; i < trials.size() && trials[i].executions == at;
         i++)
      failures += trials[i].found;
    survival *= 1 - static_cast<double>(failures) / at_risk;
    then = now;
    constexpr double kRounding = 1e-12;
    if (!out.lower && survival <= 0.75 + kRounding) out.lower = now;
    if (!out.median && survival <= 0.5 + kRounding) out.median = now;
    if (!out.upper && survival <= 0.25 + kRounding) out.upper = now;
  }
  return out;
}

double geometric_mean(std::span<const double> values) {
  if (values.empty()) return 0;
  double sum = 0;
  for (const double v : values) sum += std::log(v);
  return std::exp(sum / static_cast<double>(values.size()));
}

}  // namespace lockstep
