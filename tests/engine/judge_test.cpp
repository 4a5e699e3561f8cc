// The judge of proofs, on toy systems: whatever a search says, it finds what that left out.
#include "engine/explore/judge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/base/prng.h"
#include "tests/engine/random_program.h"
#include "tests/engine/toy_system.h"
#include "tests/random_seed.h"

namespace lockstep {
namespace {

ExploreOptions proof_options(const char* strategy) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = 0;
  o.max_failures = 0;
  o.bounds_fail = false;
  return o;
}

// A search that came to its end, and says that it met no failure.
ExploreResult says_that_all_pass() {
  ExploreResult r;
  r.exhausted = true;
  r.proof_executions = 1;
  return r;
}

TEST(Judge, FindsTheFailureThatAProofLeftOut) {
  // The reader fails if it reads 1: in one of the two orders.
  const std::string program = "Wx1|Rx ?x1 E";
  const auto factory = ToySystem::factory(program);
  const ExploreOptions options = proof_options("dpor");
  const ExploreResult truth = explore(factory, options);
  ASSERT_EQ(truth.findings.size(), 1u) << "the program is not what it is meant to be";
  const Judgement wrong = judge(factory, options, says_that_all_pass(), 1000);
  EXPECT_TRUE(wrong.contradicts());
  ASSERT_TRUE(wrong.failure);
  EXPECT_EQ(wrong.failure->outcome.signature(), truth.findings[0].outcome.signature());
  const Judgement right = judge(factory, options, truth, 1000);
  EXPECT_FALSE(right.contradicts()) << "what the proof knows is nothing new";
  EXPECT_TRUE(right.every_state);
}

TEST(Judge, WalksWhereThereAreTooManyStates) {
  std::string many;
  for (int i = 0; i < 8; i++) many += fmt::format("{}Wx{} Wy{}", i ? "|" : "", i, i);
  const auto factory = ToySystem::factory(many);
  const Judgement some = judge(factory, proof_options("dpor"), says_that_all_pass(), 40);
  EXPECT_FALSE(some.every_state);
  EXPECT_EQ(some.walks, 10u) << "a quarter";
  EXPECT_FALSE(some.contradicts());
}

TEST(Judge, AgreesWithEveryProofOfRandomPrograms) {
  Prng rng(random_seed(47));
  int whole = 0;
  for (int i = 0; i < random_programs(300); i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const auto factory = ToySystem::factory(program);
    for (const char* strategy : {"dpor", "cache", "sleep"}) {
      const ExploreOptions options = proof_options(strategy);
      const ExploreResult proof = explore(factory, options);
      ASSERT_TRUE(proof.exhausted);
      const Judgement judged = judge(factory, options, proof, 20'000);
      EXPECT_FALSE(judged.contradicts()) << strategy;
      whole += judged.every_state;
    }
  }
  EXPECT_GT(whole, 0) << "none was judged by all of its states";
}

}  // namespace
}  // namespace lockstep
