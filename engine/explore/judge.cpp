#include "engine/explore/judge.h"

#include <algorithm>
#include <set>

namespace lockstep {
namespace {

// Small programs are judged whole; of large ones it costs a small part of the proof.
constexpr uint64_t kFew = 16384, kPart = 64;
// A walk goes to the end of an execution, a search of states mostly ends soon.
constexpr uint64_t kWalkCosts = 4;

class Judge {
 public:
  Judge(const SystemFactory& factory, const ExploreOptions& options, const ExploreResult& proof,
        uint64_t executions)
      : factory_(factory), options_(options), proof_(proof), executions_(executions) {
    for (const Finding& finding : proof.findings) known_.insert(finding.outcome.signature());
  }

  Judgement all() {
    const ExploreResult states = search("states", executions_);
    told_.states = states.evidence.states;
    told_.every_state = states.exhausted;
    // Executions of other numbers draw other random numbers, of which the proof says nothing.
    if (told_.every_state || told_.cut || told_.contradicts() || proof_.evidence.drew) return told_;
    const uint64_t walks = std::max<uint64_t>(executions_ / kWalkCosts, 1);
    told_.walks = search("random", walks).iterations;
    return told_;
  }

 private:
  ExploreResult search(const char* strategy, uint64_t executions) {
    ExploreOptions o = options_;
    o.strategy = strategy;
    o.iterations = executions;
    o.shard = 0;
    o.shards = 1;
    o.bounds_fail = false;
    o.max_failures = known_.empty() ? 1 : 0;
    o.count_classes = false;
    o.race_samples = 0;
    o.in_vain = nullptr;
    o.strategy_options.reduce = {};
    o.strategy_options.cache_bytes = std::min(o.strategy_options.cache_bytes, kMemory);
    ExploreResult result = explore(factory_, o);
    told_.cut |= result.stop == StopReason::time || result.stop == StopReason::interrupted;
    for (Finding& finding : result.findings)
      if (!told_.failure && !finding.outcome.at_bound() &&
          !known_.contains(finding.outcome.signature()))
        told_.failure = std::move(finding);
    for (const auto& [goal, times] : result.activity.goals)
      if (told_.goal.empty() && !proof_.activity.goals.contains(goal)) told_.goal = goal;
    return result;
  }

  static constexpr uint64_t kMemory = uint64_t{256} << 20;
  const SystemFactory& factory_;
  const ExploreOptions& options_;
  const ExploreResult& proof_;
  const uint64_t executions_;
  std::set<std::string> known_;
  Judgement told_;
};

}  // namespace

uint64_t judge_executions(const ExploreResult& proof) {
  return std::max(kFew, proof.proof_executions / kPart);
}

Judgement judge(const SystemFactory& factory, const ExploreOptions& options,
                const ExploreResult& proof, uint64_t executions) {
  return Judge(factory, options, proof, executions).all();
}

}  // namespace lockstep
