// A strategy decides one execution after another. One per file, registered in strategy_list.cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/prng.h"
#include "engine/boundary/choice.h"
#include "engine/boundary/outcome.h"
#include "engine/boundary/system.h"

namespace lockstep {

// What the pilot, iteration 0 (a random walk), saw (D13). All workers and iterations share it;
// never changed after.
struct Pilot {
  uint32_t steps = 0;          // decisions
  uint32_t choice_points = 0;  // decisions with at least two alternatives: k
  uint32_t actors = 0;         // actors created
  uint32_t processes = 0;      // n
  struct PerActor {
    uint64_t key = 0;  // System::actor_key
    ActorId actor = kNoActor;
    ActorId parent = kNoActor;  // who created it
    uint32_t steps = 0;
  };
  std::vector<PerActor> per_actor;  // in order of creation
  struct PerObject {
    ObjectId object = 0;
    uint32_t touched_by = 0;  // number of different actors
    // Two actors' operations on it race: not one that only makes the other possible, as a send does
    // its receive, and the release of a lock its acquire.
    bool contended = false;
    std::vector<std::pair<uint64_t, uint32_t>>
        counts;  // (actor key, operations on it), sorted by key
  };
  std::vector<PerObject> objects;  // sorted by object
};

// Reductions that look at values, each by its own switch: schedules that differ only so count as
// one class. The outcomes that can be reached stay the same.
struct Reduce {
  bool equal_writes = false;       // writes of one value to one object commute
  bool unused_increments = false;  // increments whose result is not used commute: up to the System
  bool unobserved_sends = false;   // messages commute that no receive can tell apart
  bool equal_messages = false;     // equal messages to one mailbox commute
  bool needs_values() const { return equal_writes || equal_messages; }
  bool needs_mail() const { return unobserved_sends || equal_messages; }
};

struct StrategyOptions {
  uint64_t seed = 1;
  uint32_t max_steps = 10000;
  int depth = 3;  // pct: d, number of ordering constraints
  double resample =
      -1;  // pos: probability of the published tool's variant; negative: the published algorithm
  int cores = 4;           // native: how many go at a time
  int bound = 3;           // delay, preemption and deviation bounds
  Reduce reduce;           // dpor
  bool fair_spins = true;  // dfs, dpor, cache: waits that spin are taken to be fair
  int preemptions = -1;    // dfs, cache: at most so many in an execution; negative: any number
  uint64_t cache_bytes = 1ull << 30;   // cache: for what is remembered of the states visited
  uint64_t step_bytes = 1ull << 30;    // dpor: for the different steps of the search; from half of
                                       // it on values that are new tell none apart
  const Pilot* pilot = nullptr;        // null only for strategies that need none
  std::span<const Decision> schedule;  // replay only
};

// What a search counts: one execution for each, or the states that they visit.
enum class Unit : uint8_t { schedule, state, equivalence_class };
// A bug of depth d is met in each execution with at least PCT's probability: with the depth that
// was asked for, or in a fifth of the executions for each depth from 2 to 6.
enum class DepthBound : uint8_t { none, as_asked, from_2_to_6 };

enum Takes : uint8_t {
  kTakesDepth = 1,  // or promises something of bugs of that depth
  kTakesResample = 2,
  kTakesReduce = 4,
  kTakesSpins = 8,
  kTakesPreemptions = 16,
  kTakesCacheMemory = 32
};

// What a strategy is, for whoever reports what came of it, or refuses what it does not take.
struct Claims {
  bool exhaustive = false;              // begin() returns false once the space is exhausted
  Unit unit = Unit::equivalence_class;  // that is exhausted
  uint8_t takes = 0;     // Takes, added up: of StrategyOptions, those that bear on it
  bool bounded = false;  // exhaustive within a bound only: running out is no proof
  bool fair = false;
  bool adaptive = false;  // learns from earlier iterations, in rounds
  bool tree = false;      // goes back by System::save and restore; one worker
  bool saves = false;     // ... and can be saved between executions (subtree.h)
  bool splits = false;    // ... and be cut into parts that know nothing of each other
  bool needs_pilot = false;
  bool proves = false;     // turns to an exhaustive strategy where the classes are few
  bool follows = false;    // a recorded schedule: it chooses nothing
  bool own_pilot = false;  // makes the pilot too: iteration 0 is a draw like all others
  DepthBound depth = DepthBound::none;
  bool take(uint8_t which) const { return (takes & which) != 0; }
  // Where an execution comes to a state visited before it ends.
  bool counts_states() const { return exhaustive && unit == Unit::state; }
  bool samples() const { return !exhaustive && !follows; }
  // Iteration i is a function of (seed, i) and the pilot, so machines may share the iterations out.
  bool strides() const { return samples() && !adaptive && !proves; }
  bool shardable() const { return strides() || splits; }
};

// What one execution teaches those of later rounds.
class Lesson {
 public:
  virtual ~Lesson() = default;
};

// Iteration i depends on (seed, i) alone (D7), except for exhaustive ones, which go on from where
// they were.
class Strategy : public Chooser {
 public:
  // Prepares for iteration `iteration`. False: there is nothing left to explore. Called again with
  // the same number, it prepares the same execution once more, from the start (a suspect is judged
  // that way).
  virtual bool begin(uint64_t iteration, System& system) = 0;
  virtual void end(const Outcome& outcome, System& system) { (void)outcome, (void)system; }
  // Who is asked during the execution that begin() prepared: a portfolio names the member whose
  // turn it is.
  virtual Chooser& chooser() { return *this; }
  // Adaptive strategies learn in rounds (D7): the iterations of round r depend on the lessons of
  // the rounds before it alone. `round` never falls as the iteration grows; learn() is told all
  // lessons in the order of the iterations.
  virtual uint64_t round(uint64_t iteration) const { return (void)iteration, 0; }
  virtual std::shared_ptr<const Lesson> lesson() {
    return nullptr;
  }  // after end(); null if there is none
  virtual void learn(const Lesson& lesson) { (void)lesson; }
  // The part of the tree that is done, at most 1, as far as can be told from what was found so far;
  // 0: unknown. Asked between executions.
  virtual double share() const { return 0; }
  // True if the execution that has just ended repeats a class: another one stands for it. Asked
  // after end().
  virtual bool redundant() const { return false; }
  // ... where redundant() cannot tell: a digest of its class, the same for the executions of one
  // class and, but for collisions of 64 bits, for no other. 0: redundant() has told.
  virtual uint64_t class_digest() const { return 0; }
  // So many executions before the one that has just ended count for nothing any more, since the
  // search begins anew, and will execute their classes again. Asked after end(), tells it once.
  virtual uint64_t discarded() { return 0; }
  // Adds what the strategy itself has seen since last asked.
  virtual void witness(Evidence& evidence) { (void)evidence; }
  // begin() was false because memory is used up, not because the space is.
  virtual bool gave_up() const { return false; }
  // A tree strategy restored a mark itself in begin(): the explorer must not call System::begin.
  virtual bool resumed() const { return false; }
};

struct StrategyInfo {
  const char* name;
  const char* summary;    // one line, for `lockstep list strategies`
  const char* guarantee;  // what it promises, in one line
  const char* source;     // paper title and year
  Claims claims;
  std::unique_ptr<Strategy> (*make)(const StrategyOptions&);
};
std::span<const StrategyInfo> strategies();                // in the order of `list strategies`
const StrategyInfo* find_strategy(std::string_view name);  // null if unknown

}  // namespace lockstep
