#include "engine/estimate.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace lockstep {

Estimate estimate(const ExploreResult& r, const StrategyInfo& strategy, int depth) {
  Estimate e;
  const std::string_view name = strategy.name;
  const bool independent = !strategy.claims.adaptive && !strategy.claims.exhaustive;
  const auto n = static_cast<double>(r.classes_sampled);
  const auto seen = static_cast<double>(r.classes), once = static_cast<double>(r.classes_once);
  if (independent && n > 0) {
    e.unseen = once / n;
    e.unseen_bound = std::min(
        1.0, *e.unseen + (2 * std::sqrt(2.0) + std::sqrt(3.0)) * std::sqrt(std::log(3 / 0.05) / n));
    if (once < n) e.classes = seen + once * std::max(once - 1, 0.0) / (2 * (seen - once + 1));
  }
  if (!r.findings.empty() || r.iterations == 0) return e;
  const auto all = static_cast<double>(r.iterations);
  if (independent) e.failure_bound = 1 - std::pow(0.05, 1 / all);
  if ((name == "pct" || name == "idpct") && r.pilot.actors > 0 && depth >= 1) {
    const double share = name == "idpct" ? (depth >= 2 && depth <= 6 ? all / 5 : 0) : all;
    const double k = std::max(1u, r.pilot.choice_points);
    const double p = 1 / (r.pilot.actors * std::pow(k, depth - 1));
    e.pct_hit = -std::expm1(share * std::log1p(-std::min(p, 1 - 1e-12)));
  }
  return e;
}

double executions_needed(double probability, double epsilon) {
  return std::log(1 / epsilon) / probability;
}

}  // namespace lockstep
