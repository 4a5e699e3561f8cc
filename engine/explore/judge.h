// A second opinion on a proof, by searches that share nothing with the reduction that made it: no
// dependence relation, no happens-before, no races, no sleep sets.
//
// First `states` (engine/search/strategy_cache.cpp) visits every state once; where there are more
// than it may visit, random walks look for what the proof says cannot be. So a wrong proof of a
// small program is found for certain (up to equal digests of states), of a large one by chance: of
// n walks, each of which would fail with probability p, all pass with (1 - p)^n.
#pragma once
#include <optional>
#include <string>

#include "engine/explore/explorer.h"

namespace lockstep {

struct Judgement {
  uint64_t states = 0;       // visited by the first search
  bool every_state = false;  // these are all
  uint64_t walks = 0;        // random executions, where they were not
  bool cut = false;          // time was up before it came to its end
  // What the proof excludes, and is there all the same: the proof is wrong.
  std::optional<Finding> failure;  // that it did not have
  std::string goal;                // of lockstep.cover, which it did not reach

  bool contradicts() const { return failure || !goal.empty(); }
};

// Executions that the judge may take to visit every state, unless told otherwise.
uint64_t judge_executions(const ExploreResult& proof);

// `proof`: what came of an exhaustive search with `options`, which ran out. Takes at most
// `executions` to visit every state, a quarter of that for walks, and as long as `options` says.
Judgement judge(const SystemFactory& factory, const ExploreOptions& options,
                const ExploreResult& proof, uint64_t executions);

}  // namespace lockstep
