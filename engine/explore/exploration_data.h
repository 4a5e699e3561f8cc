// What an exploration is asked for, and what it gives.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/boundary/event.h"
#include "engine/boundary/evidence.h"
#include "engine/boundary/outcome.h"
#include "engine/boundary/system.h"
#include "engine/relation/races.h"
#include "engine/schedule/strategy.h"

namespace lockstep {

// What there is of the search of a tree is kept from time to time, so that another process can go
// on from there (StrategyInfo::claims.saves). It depends on nothing but seed and options what comes
// then.
struct Checkpoints {
  double every = 10;    // seconds between two at least,
  double share = 0.02;  // ... and of the time that is spent on them at most
  std::function<void(const std::string&)> write;  // on the calling thread
  std::string last;                               // to go on from; empty: from the beginning
};

struct ExploreOptions {
  std::string strategy = "random";
  StrategyOptions strategy_options;
  uint64_t seed = 1;
  uint64_t iterations = 1000;  // 0: no limit
  double seconds = 0;          // wall time; 0: no limit
  // What machines share out (Claims::shardable): of a sampler the iterations k with k mod shards =
  // shard, of the search of a tree some of its parts.
  uint64_t shard = 0, shards = 1;
  // What other shards of the search of a tree had learnt when this one began (shard_search.cpp).
  std::vector<uint64_t> learnt;
  unsigned workers = 1;
  uint64_t max_failures =
      1;  // stop after that many different signatures; 0: no limit (--keep-going)
  // Failures that do not count towards max_failures, since they were known before. A function of
  // verdict, site and object alone; called by all workers.
  std::function<bool(const Outcome&)> known;
  bool count_classes =
      true;  // fingerprints, on a sample of iterations that is a function of the iteration alone
  bool every_class = false;   // ... on all of them
  uint64_t race_samples = 0;  // executions looked at for races: the first so many, then a quarter
                              // of that each time the number of iterations doubles; 0: none
  uint64_t alone = 2048;      // shards of trees: executions that each makes before the tree is cut
  uint64_t slice = 512;  // tree searches: executions of one part before it may be cut up, at first
  bool bounds_fail = true;  // an execution that ends at a bound is a failure; else it is only
                            // counted, and its first kept, as what a proof has to say
  const std::atomic<bool>* interrupted =
      nullptr;  // ^C: finish the running execution and report what there is
  // Set by the system: this search cannot come to an end, or may say too little. It stops, and what
  // it has found counts for nothing.
  const std::atomic<bool>* in_vain = nullptr;
  const Checkpoints* checkpoints = nullptr;  // null: none are made
  bool save_result = false;                  // ExploreResult::saved
  bool has_budget() const { return seconds > 0 || interrupted || in_vain; }
};

// A failing execution, run again with recording on.
struct Finding {
  uint64_t iteration = 0;  // number of the execution, for the report
  uint64_t stream =
      0;  // what System::begin was given, and a trace must store: the iteration, but 0 for
          // exhaustive strategies, whose executions all draw the same scenario numbers
  Outcome outcome;
  std::vector<Decision> decisions;
  std::vector<Event> events;
  uint64_t times = 1;         // how many explored executions had this signature
  bool fair_spins = false;    // found by a chooser with fair_spins()
  bool deterministic = true;  // false: the second run differed; then `divergence` says where
  std::string divergence;
  bool confirmed = true;  // false: the second run was cut off, so there are no events
};

enum class StopReason : uint8_t {
  iterations,
  time,
  failures,
  exhausted,
  interrupted,
  misuse,
  memory,     // of a strategy that remembers states
  unordered,  // it ran out, but something was seen that footprints do not tell (Activity::kept)
};

// What a search of a tree takes for granted of messages. Those of all its shards must be equal,
// else what one leaves out another may not have looked at.
struct ShardLessons {
  std::vector<uint64_t> told_apart;                     // Subtree::learnt
  bool unobserved_sends = true, equal_messages = true;  // Reduce, as it was in the end
  bool alone = false;  // the search was over before the tree was cut
  void add(const ShardLessons& other);
  bool operator==(const ShardLessons&) const = default;
};

struct ExploreResult {
  StopReason stop = StopReason::iterations;
  std::vector<Finding>
      findings;  // by iteration; the first of each signature. The same whatever `workers` is.
  uint64_t iterations = 0;  // executions counted: up to and including the one that ended the run
  uint64_t steps = 0;
  double seconds = 0;  // wall time
  double cpu_seconds = 0;
  uint64_t bound_hit = 0;     // executions that ended at a bound (exhaustive: then it is no proof)
  uint64_t blocked = 0;       // executions sleep-set blocked, or of a class executed before
  bool exhausted = false;     // an exhaustive strategy ran out: every schedule was executed
  uint64_t classes = 0;       // different classes among those sampled
  uint64_t classes_once = 0;  // seen exactly once
  uint64_t classes_sampled = 0;  // executions sampled
  RaceSummary races;             // of a sample of executions, with ExploreOptions::race_samples
  Activity activity;             // of all executions counted
  double classes_expected = 0;   // auto: lower estimate when it last thought about a proof
  struct Range {
    uint64_t first, end;
  };
  std::vector<Range> tried;       // auto: iterations that proofs took which it gave up
  uint64_t proof_executions = 0;  // of the exhaustive strategy that was at work last, if any
  double share =
      0;  // of the tree that an exhaustive strategy has done, as far as it can tell; 0: unknown
  // Of an equivalence class more than one may be among the executions that count: where waits spin,
  // and where crashes may come and messages are told apart by those who receive them, or shards
  // were at work.
  bool classes_repeat = false;
  Evidence evidence;               // of the exhaustive strategy
  uint64_t shard = 0, shards = 1;  // as asked for
  std::string saved;               // of a shard, for merge_shards()
  uint64_t earlier = 0;            // of the executions: before the checkpoint that it went on from
  uint64_t checkpoints = 0;        // made
  double checkpoint_seconds = 0;   // ... in so long, all of them
  Pilot pilot;
  std::optional<Finding> misuse;  // scenario misuse: exit code 3
};

struct Progress {
  uint64_t iterations = 0;
  uint64_t steps = 0;
  double seconds = 0;
  uint64_t failures = 0;
  double share = 0;      // ExploreResult::share
  uint64_t classes = 0;  // seen in the sample
  double estimate = 0;   // of how many there are at least, by the sample (chao()); 0: none
  uint64_t goal = 0;     // executions to be made, 0: no limit
};

// Makes one System for each worker, all loaded alike.
using SystemFactory = std::function<std::unique_ptr<System>()>;

// Called from time to time on the calling thread, never concurrently.
using ProgressFn = std::function<void(const Progress&)>;

}  // namespace lockstep
