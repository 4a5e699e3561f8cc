// The search that visits each state once, against the naive one and against closed forms.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/base/prng.h"
#include "tests/engine/random_program.h"
#include "tests/engine/toy_system.h"
#include "tests/random_seed.h"

namespace lockstep {
namespace {

ExploreResult cached(const std::string& program, uint64_t bytes = 1 << 24, unsigned workers = 1,
                     bool images = true) {
  ExploreOptions o;
  o.strategy = "cache";
  o.iterations = 0;
  o.max_failures = 0;
  o.workers = workers;
  o.slice = 3;
  o.strategy_options.cache_bytes = bytes;
  return explore(ToySystem::factory(program, images), o);
}

std::string repeat(const std::string& part, int n, const std::string& between = " ") {
  std::string s = part;
  for (int i = 1; i < n; i++) s += between + part;
  return s;
}

// States with a choice, by hand.
TEST(Cache, Families) {
  // k of N writers are done (at least two are left), and one of the k was the last.
  for (int n = 2; n <= 8; n++) {
    std::string writers;
    for (int i = 0; i < n; i++) writers += fmt::format("{}Wx{}", i ? "|" : "", i + 1);
    uint64_t states = 1, ways = 1;
    for (int k = 1; k <= n - 2; k++) {
      ways = ways * static_cast<uint64_t>(n - k + 1) / static_cast<uint64_t>(k);
      states += ways * static_cast<uint64_t>(k);
    }
    const ExploreResult r = cached(writers);
    EXPECT_TRUE(r.exhausted);
    EXPECT_EQ(r.evidence.states, states) << n;
  }
  // Turns taken by each while nobody holds the lock; dpor executes C(2 m, m).
  for (int m = 1; m <= 8; m++)
    EXPECT_EQ(cached(repeat("Lm Um", m) + "|" + repeat("Lm Um", m)).evidence.states,
              static_cast<uint64_t>(m * m));
  // Two independent processes of m steps: a grid, one side of it each way forced.
  for (int m = 1; m <= 5; m++)
    EXPECT_EQ(cached(repeat("Y", m) + "|" + repeat("Y", m)).evidence.states,
              static_cast<uint64_t>(m * m));
}

// What the naive search sees: outcomes with their final states, and states with a choice.
struct Seen {
  std::set<uint64_t> finals, states;
  uint64_t executions = 0;
};
Seen all_of(const char* strategy, const std::string& program, int preemptions = -1) {
  Seen seen;
  ToySystem system(program, false);
  StrategyOptions options;
  options.preemptions = preemptions;
  const auto s = find_strategy(strategy)->make(options);
  class Tap final : public Chooser {
   public:
    Tap(Chooser& inner, System& system, Seen& seen) : inner_(inner), system_(system), seen_(seen) {}
    size_t choose(const ChoicePoint& p) override {
      if (!p.data && p.count > 1) seen_.states.insert(system_.state());
      return inner_.choose(p);
    }

   private:
    Chooser& inner_;
    System& system_;
    Seen& seen_;
  } tap(*s, system, seen);
  while (s->begin(seen.executions, system)) {
    system.begin(1, 0);
    const Outcome outcome = system.run(tap);
    s->end(outcome, system);
    if (outcome.verdict != Verdict::stopped)
      seen.finals.insert(mix64(system.digest(), static_cast<uint64_t>(outcome.verdict)));
    seen.executions++;
  }
  return seen;
}

TEST(Cache, VisitsTheStatesOfTheNaiveSearchOnRandomPrograms) {
  Prng rng(random_seed(31));
  for (int i = 0; i < random_programs(300); i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const Seen naive = all_of("dfs", program), once = all_of("cache", program);
    EXPECT_EQ(naive.finals, once.finals);
    EXPECT_EQ(naive.states, once.states);
    EXPECT_LE(once.executions, naive.executions + once.states.size());
    const ExploreResult whole = cached(program);
    EXPECT_TRUE(whole.exhausted);
    EXPECT_EQ(whole.evidence.states, naive.states.size());
    EXPECT_EQ(whole.iterations, once.executions);
    const ExploreResult plain = cached(program, 1 << 24, 3, false);
    EXPECT_EQ(plain.iterations, whole.iterations) << "neither images nor workers show";
    EXPECT_EQ(plain.blocked, whole.blocked);
  }
}

TEST(Cache, BoundOnPreemptionsReachesWhatTheNaiveSearchWithItDoes) {
  Prng rng(77);
  uint64_t naive_executions = 0, executions = 0;
  for (int i = 0; i < 150; i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    for (int bound = 0; bound <= 3; bound++) {
      const Seen naive = all_of("dfs", program, bound), once = all_of("cache", program, bound);
      EXPECT_EQ(naive.finals, once.finals) << bound;
      naive_executions += naive.executions;
      executions += once.executions;
    }
  }
  EXPECT_LT(executions, naive_executions);
}

// A process that asks again and again has few states, although its executions have no end.
TEST(Cache, LoopsThatLeadBackEndThere) {
  const ExploreResult r = cached("Wx1|Rx Kx11 J Wy1");
  EXPECT_TRUE(r.exhausted);
  EXPECT_EQ(r.bound_hit, 0u);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_LT(r.iterations, 10u);
}

TEST(Cache, FindsFailuresAndDeadlocks) {
  EXPECT_EQ(cached("Rx Wx1|Rx Wx1|Rx ?x0 E").findings.size(), 1u);
  EXPECT_EQ(cached("La Lb Ub Ua|Lb La Ua Ub").findings.size(), 1u);
  EXPECT_TRUE(cached("La Lb Ub Ua|La Lb Ub Ua").findings.empty());
}

TEST(Cache, StopsWhenItsMemoryIsUsedUp) {
  const std::string program = "Wx1|Wx2|Wx3|Wx4|Wx5|Wx6|Wx7|Wx8";
  const ExploreResult r = cached(program, 64 * 16);
  EXPECT_FALSE(r.exhausted);
  EXPECT_EQ(r.stop, StopReason::memory);
  EXPECT_EQ(r.evidence.states, 56u);  // seven eighths of 64 entries
  EXPECT_TRUE(cached(program, 2048 * 16).exhausted);
}

}  // namespace
}  // namespace lockstep
