#include "engine/explain/unsteered.h"

#include "engine/schedule/strategy.h"

namespace lockstep {
namespace {

// A suspect is judged by exact counts, as where it is searched.
Outcome one_run(System& system, Strategy& native, uint64_t seed, uint64_t i) {
  Outcome outcome;
  for (const bool again : {false, true}) {
    system.limits().count_instructions = again;
    native.begin(i, system);
    system.begin(seed, i);
    outcome = system.run(native);
    if (outcome.verdict != Verdict::suspect) break;
  }
  system.limits().count_instructions = false;
  return outcome;
}

}  // namespace

Unsteered unsteered(System& system, uint64_t seed, const Outcome& failing,
                    const UnsteeredOptions& options) {
  Unsteered result;
  result.cores = options.cores;
  StrategyOptions strategy_options;
  strategy_options.seed = seed;
  strategy_options.cores = options.cores;
  const auto native = find_strategy("native")->make(strategy_options);
  uint64_t decisions = 0;
  for (uint64_t i = 0; i < options.runs; i++) {
    const Outcome outcome = one_run(system, *native, seed, i);
    result.cut = system.cut() || (options.interrupted && *options.interrupted);
    if (result.cut) break;
    decisions += system.decisions().size();
    if (outcome.verdict != Verdict::stopped && outcome.verdict != Verdict::misuse) {
      result.tally.tried++;
      result.tally.failed += outcome.failed() && fails_alike(failing, outcome);
      result.tally.otherwise += outcome.failed() && !fails_alike(failing, outcome);
    }
    result.budget_ended = options.max_decisions > 0 && decisions >= options.max_decisions;
    if (result.budget_ended) break;
  }
  return result;
}

}  // namespace lockstep
