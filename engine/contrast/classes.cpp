#include "engine/contrast/classes.h"

#include <unordered_set>

#include "engine/schedule/strategy.h"

namespace lockstep {

bool all_classes(System& system, uint64_t seed, uint64_t iteration, uint64_t most,
                 uint64_t max_decisions, const std::atomic<bool>* interrupted,
                 std::vector<std::vector<Decision>>* schedules) {
  const StrategyInfo* info = find_strategy("dpor");
  if (!info) return false;
  StrategyOptions options;
  options.seed = seed;
  options.max_steps = system.limits().max_steps;
  const auto strategy = info->make(options);
  uint64_t decisions = 0;
  std::unordered_set<uint64_t> executed;
  for (uint64_t i = 0; i <= most; i++) {
    if (!strategy->begin(i, system)) return !strategy->gave_up();
    if (i == most || decisions > max_decisions || (interrupted && *interrupted)) return false;
    if (!strategy->resumed()) system.begin(seed, iteration);
    const Outcome outcome = system.run(strategy->chooser());
    strategy->end(outcome, system);
    decisions += system.decisions().size();
    if (outcome.at_bound() || outcome.verdict == Verdict::suspect) return false;
    if (outcome.verdict == Verdict::stopped || strategy->redundant()) continue;
    if (const uint64_t digest = strategy->class_digest(); digest && !executed.insert(digest).second)
      continue;
    schedules->emplace_back(system.decisions().begin(), system.decisions().end());
  }
  return false;
}

}  // namespace lockstep
