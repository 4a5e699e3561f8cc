#include "engine/explore/estimate.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "engine/schedule/change_points.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {

namespace {

// How many turns a member of auto's portfolio had.
uint64_t turns_of(std::string_view member, const ExploreResult& r) {
  uint64_t n = auto_share(member, r.iterations);
  for (const auto& [first, end] : r.tried)
    n -= auto_share(member, std::min(end, r.iterations)) - auto_share(member, first);
  return n;
}

}  // namespace

Estimate estimate(const ExploreResult& r, const StrategyInfo& strategy, int depth) {
  Estimate e;
  const Claims& claims = strategy.claims;
  const bool independent = !claims.adaptive && !claims.exhaustive;
  const auto n = static_cast<double>(r.classes_sampled);
  const auto seen = static_cast<double>(r.classes), once = static_cast<double>(r.classes_once);
  if (independent && n > 0) {
    e.unseen = once / n;
    e.unseen_bound = std::min(
        1.0, *e.unseen + (2 * std::sqrt(2.0) + std::sqrt(3.0)) * std::sqrt(std::log(3 / 0.05) / n));
    if (once < n) e.classes = seen + once * std::max(once - 1, 0.0) / (2 * (seen - once + 1));
  }
  if (!r.findings.empty() || r.iterations == 0) return e;
  const bool portfolio = claims.proves;
  e.of_random_walk = portfolio;
  // The pilot is a random walk, but for whom it is a draw of its own.
  e.draws = portfolio          ? 1 + turns_of("random", r)
            : !independent     ? 0
            : claims.own_pilot ? r.iterations
                               : r.iterations - 1;
  if (e.draws > 0) e.failure_bound = 1 - std::pow(0.05, 1 / static_cast<double>(e.draws));
  const uint64_t pct = portfolio ? turns_of("idpct", r) : r.iterations - 1;
  const bool as_asked = claims.depth == DepthBound::as_asked;
  // A shard does not have all depths alike.
  const bool depths = as_asked || (claims.depth == DepthBound::from_2_to_6 && r.shards == 1);
  if ((portfolio || depths) && r.pilot.actors > 0 && depth >= 1) {
    const double share = as_asked                   ? static_cast<double>(pct)
                         : depth >= 2 && depth <= 6 ? static_cast<double>(pct) / 5
                                                    : 0;
    const double k = std::max(1u, r.pilot.choice_points);
    const double p = 1 / (r.pilot.actors * std::pow(k, depth - 1));
    if (share > 0)
      e.pct_hit = -std::expm1(Stretch::kPlain * share * std::log1p(-std::min(p, 1 - 1e-12)));
  }
  return e;
}

double chao(const ExploreResult& r) {
  const auto seen = static_cast<double>(r.classes), once = static_cast<double>(r.classes_once);
  return seen + once * std::max(once - 1, 0.0) / (2 * (seen - once + 1));
}

bool worth_a_proof(const ExploreResult& r) {
  return r.classes_sampled > 0 && 2 * r.classes_once <= r.classes_sampled;
}

double executions_needed(double probability, double epsilon) {
  return std::log(1 / epsilon) / probability;
}

}  // namespace lockstep
