// A search that is broken off again and again, after random numbers of executions, and goes on each
// time from a checkpoint on new machines, comes to what one has come to that nobody broke off.
// Every other program is searched by one worker, so that the seed says all; the others by one or
// two.
//   PROOF_SEED=N PROOF_PROGRAMS=N vm_tests --gtest_filter='*Checkpoint*'   the same again, or for
//   longer
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "tests/vm/random_links.h"
#include "tests/vm/random_owed.h"
#include "tests/vm/random_steps.h"
#include "tests/vm/search_of.h"

namespace lockstep {
namespace {

void expect_equal(const ExploreResult& a, const ExploreResult& b) {
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.exhausted, b.exhausted);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.proof_executions, b.proof_executions);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.blocked, b.blocked);
  EXPECT_EQ(a.bound_hit, b.bound_hit);
  EXPECT_EQ(a.activity.goals, b.activity.goals);
  EXPECT_EQ(a.activity.executions, b.activity.executions);
  EXPECT_EQ(a.activity.assertions, b.activity.assertions);
  EXPECT_EQ(a.activity.unread, b.activity.unread);
  EXPECT_EQ(a.evidence.executions, b.evidence.executions);
  EXPECT_EQ(a.evidence.races.pairs(), b.evidence.races.pairs());
  EXPECT_EQ(a.evidence.races.both(), b.evidence.races.both());
  EXPECT_EQ(a.evidence.processes.size(), b.evidence.processes.size());
  EXPECT_EQ(a.races.sampled, b.races.sampled);
  EXPECT_NEAR(a.share, b.share, 1e-9);
  ASSERT_EQ(a.findings.size(), b.findings.size());
  for (size_t i = 0; i < a.findings.size(); i++) {
    EXPECT_EQ(a.findings[i].iteration, b.findings[i].iteration);
    EXPECT_EQ(a.findings[i].times, b.findings[i].times);
    EXPECT_EQ(a.findings[i].decisions, b.findings[i].decisions);
    EXPECT_EQ(a.findings[i].outcome.signature(), b.findings[i].outcome.signature());
    EXPECT_TRUE(b.findings[i].deterministic) << b.findings[i].divergence;
  }
}

// Killed after a few checkpoints, of which there is one after each execution: what was done since
// the last of them is lost. `executions`: of the whole search.
ExploreResult broken_off(const Searched& search, uint64_t executions, unsigned workers, Prng& rng,
                         int* times) {
  std::string last;
  for (*times = 0;; (*times)++) {
    const uint64_t most =
        *times > 40 ? UINT64_MAX : 1 + rng.below(std::min<uint64_t>(executions, 40));
    std::atomic<bool> stop{false};
    std::string kept = last;
    uint64_t made = 0;
    Checkpoints checkpoints;
    checkpoints.every = 0;
    checkpoints.share = INFINITY;
    checkpoints.last = last;
    checkpoints.write = [&](const std::string& bytes) {
      if (made++ < most) kept = bytes;
      stop = made >= most;
    };
    ExploreOptions options = search.options;
    options.checkpoints = &checkpoints;
    options.interrupted = &stop;
    options.workers = 1 + rng.below(workers);
    ExploreResult result = explore(search.factory, options);
    if (!stop) return result;
    last = kept;
  }
}

class Checkpoint : public testing::TestWithParam<Setting> {
 protected:
  template <class Generate>
  void compare(uint64_t salt, const Generate& generate) {
    int broken = 0;
    for (uint64_t i = 0; i < static_cast<uint64_t>(random_programs(8)) && !HasFailure(); i++) {
      Prng rng(mix64(mix64(fresh_seed(), salt), i));
      const std::string body = generate(rng);
      SCOPED_TRACE(body);
      const vm::Program program = program_of(body);
      for (const auto& [strategy, reduce] :
           {std::pair{"dpor", Reduce{}}, std::pair{"dpor", kAll}, std::pair{"dfs", Reduce{}}}) {
        SCOPED_TRACE(strategy);
        const Searched search = search_of(program, GetParam().machine(), strategy, reduce);
        int times = 0;
        const ExploreResult whole = explore(search.factory, search.options);
        expect_equal(whole, broken_off(search, whole.iterations, 1 + i % 2, rng, &times));
        broken += times;
      }
    }
    EXPECT_GT(broken, 0);
  }
};

TEST_P(Checkpoint, AnySearchGoesOnFromIt) {
  compare(1, [&](Prng& rng) { return random_program(rng, GetParam()); });
}

TEST_P(Checkpoint, OnProgramsOfEverything) {
  compare(2, [&](Prng& rng) {
    const uint32_t n = GetParam().racy ? 2 : 2 + rng.below(2);
    return random_steps(rng, GetParam(), n, 2);
  });
}

TEST_P(Checkpoint, WhereCrashesMayComeLast) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  compare(3, [](Prng& rng) { return random_owed(rng, false, true); });
}

INSTANTIATE_TEST_SUITE_P(Proof, Checkpoint,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true}),
                         setting_name);

// Bytes that are no checkpoint are refused whatever they are, and never followed.
TEST(CheckpointBytes, CutOrChangedTheyAreRefusedOrDoNoHarm) {
  const vm::Program program = program_of(
      "local t = ets.new('t', { 'public' })\n"
      "for i = 1, 4 do lockstep.spawn(function() ets.insert(t, { 'x', i }) end) end\n"
      "lockstep.sleep(1000)\n");
  Searched search = search_of(program, {}, "dpor", kAll);
  std::vector<std::string> all;
  Checkpoints checkpoints;
  checkpoints.every = 0;
  checkpoints.share = INFINITY;
  checkpoints.write = [&](const std::string& bytes) { all.push_back(bytes); };
  search.options.checkpoints = &checkpoints;
  explore(search.factory, search.options);
  ASSERT_GT(all.size(), 8u);
  const std::string whole = all[all.size() / 2];
  checkpoints.write = [](const std::string&) {};
  for (size_t n = 1; n < whole.size(); n += 97) {
    checkpoints.last = whole.substr(0, n);
    EXPECT_THROW(explore(search.factory, search.options), Error) << n;
  }
  checkpoints.last = whole + "x";
  EXPECT_THROW(explore(search.factory, search.options), Error);
}

}  // namespace
}  // namespace lockstep
