// Iterations shared out among machines: together they do what one machine does.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <random>
#include <string>

#include "engine/base/prng.h"
#include "tests/engine/random_program.h"
#include "tests/engine/toy_system.h"
#include "tests/random_seed.h"

namespace lockstep {
namespace {

struct Union {
  uint64_t iterations = 0, steps = 0, sampled = 0;
  std::map<std::string, uint64_t> times, first;  // by signature

  void add(const ExploreResult& r) {
    iterations += r.iterations;
    steps += r.steps;
    sampled += r.classes_sampled;
    for (const Finding& f : r.findings) {
      const std::string signature = f.outcome.signature();
      times[signature] += f.times;
      const auto [it, fresh] = first.try_emplace(signature, f.iteration);
      if (!fresh) it->second = std::min(it->second, f.iteration);
    }
  }
  friend bool operator==(const Union&, const Union&) = default;
};

const char* const kProgram =
    "Rx Wx1 Ra ?a1 E|Rx Wx2 Wa1|Rx ?x2 Wb1 Ra ?a0 E|La Lb Ub Ua|Lb La Ua Ub";

ExploreOptions options_for(const StrategyInfo& info) {
  ExploreOptions o;
  o.strategy = info.name;
  o.iterations = 203;
  o.max_failures = 0;
  return o;
}

TEST(Shard, TogetherTheyAreTheWholeRun) {
  int strategies_tried = 0;
  for (const StrategyInfo& info : strategies()) {
    if (!info.claims.strides() || std::string_view(info.name) == "replay") continue;
    SCOPED_TRACE(info.name);
    strategies_tried++;
    ExploreOptions o = options_for(info);
    Union whole;
    whole.add(explore(ToySystem::factory(kProgram), o));
    EXPECT_EQ(whole.iterations, 203u);
    EXPECT_GE(whole.times.size(), 2u);
    for (const uint64_t shards : {2, 5, 300}) {
      Union together;
      o.shards = shards;
      for (o.shard = 0; o.shard < shards; o.shard++) {
        o.workers = 1;
        const ExploreResult one = explore(ToySystem::factory(kProgram), o);
        // 203 numbers from 0 on, every shards-th of them.
        EXPECT_EQ(one.iterations, (203 + shards - 1 - o.shard) / shards);
        for (const Finding& f : one.findings) EXPECT_EQ(f.iteration % shards, o.shard);
        together.add(one);
        if (shards != 5) continue;
        o.workers = 3;
        Union alone, many;
        alone.add(one);
        many.add(explore(ToySystem::factory(kProgram), o));
        EXPECT_EQ(alone, many);
      }
      EXPECT_EQ(together, whole) << shards;
    }
  }
  EXPECT_GE(strategies_tried, 8);
}

// Each stops at its first failure; the first of all is the one that the whole run stops at.
TEST(Shard, TheFirstFailureOfAllIsThatOfTheWholeRun) {
  ExploreOptions o = options_for(*find_strategy("pos"));
  o.max_failures = 1;
  for (o.seed = 1; o.seed <= 20; o.seed++) {
    o.shards = 1;
    o.shard = 0;
    const ExploreResult whole = explore(ToySystem::factory(kProgram), o);
    ASSERT_EQ(whole.findings.size(), 1u);
    uint64_t first = UINT64_MAX;
    o.shards = 3;
    for (o.shard = 0; o.shard < 3; o.shard++)
      for (const Finding& f : explore(ToySystem::factory(kProgram), o).findings)
        first = std::min(first, f.iteration);
    EXPECT_EQ(first, whole.findings[0].iteration);
  }
}

// Of a tree: each class, or schedule, in one of them, on programs of toy processes.
TEST(Shard, TheClassesOfATreeAreSharedOut) {
  const uint64_t seed = random_seed(std::random_device{}());
  printf("PROOF_SEED=%llu gives these programs again\n", static_cast<unsigned long long>(seed));
  Prng rng(seed);
  for (int i = 0; i < random_programs(60) && !HasFailure(); i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    for (const char* strategy : {"dpor", "dfs"}) {
      ExploreOptions o;
      o.strategy = strategy;
      o.iterations = 0;
      o.max_failures = 0;
      const auto count = [](const ExploreResult& r) {
        std::map<std::string, uint64_t> counts = {{"classes", r.iterations - r.blocked}};
        for (const Finding& f : r.findings) counts[f.outcome.signature()] = f.times;
        return counts;
      };
      const auto whole = count(explore(ToySystem::factory(program), o));
      o.shards = 1 + rng.below(6);
      o.alone = 1 + rng.below(3);
      o.save_result = true;
      std::vector<std::string> saved;
      for (o.shard = 0; o.shard < o.shards; o.shard++)
        saved.push_back(explore(ToySystem::factory(program), o).saved);
      EXPECT_TRUE(shards_behind(saved).empty());
      const auto system = ToySystem::factory(program)();
      EXPECT_EQ(count(merge_shards(*system, o, saved)), whole) << o.shards << " of " << strategy;
    }
  }
}

// What one took for granted in the end the others have to have taken for granted, too.
TEST(Shard, ThoseThatDidNotKnowWhatOthersHaveLearntAreTold) {
  ExploreOptions o;
  o.strategy = "dpor";
  o.strategy_options.reduce.unobserved_sends = true;
  o.iterations = 0;
  o.max_failures = 0;
  o.shards = 3;
  o.alone = 1;
  o.save_result = true;
  const char* const program = "Rx Wx1 Ra|Rx Wx2 Wa1|Wb1 Ra";
  std::vector<std::string> saved;
  for (o.shard = 0; o.shard < 3; o.shard++) {
    o.learnt = o.shard == 1 ? std::vector<uint64_t>{4711} : std::vector<uint64_t>{};
    const ExploreResult r = explore(ToySystem::factory(program), o);
    EXPECT_TRUE(shard_exhausted(r.saved));
    saved.push_back(r.saved);
  }
  EXPECT_EQ(lessons_of_shard(saved[1]).told_apart, std::vector<uint64_t>{4711});
  EXPECT_EQ(shards_behind(saved), (std::vector<size_t>{0, 2}));
  ShardLessons all;
  for (const std::string& one : saved) all.add(lessons_of_shard(one));
  for (o.shard = 0; o.shard < 3; o.shard += 2) {
    o.learnt = all.told_apart;
    saved[o.shard] = explore(ToySystem::factory(program), o).saved;
  }
  EXPECT_TRUE(shards_behind(saved).empty());
}

TEST(Shard, AdaptiveStrategiesAndThoseByStatesCannotBeShared) {
  for (const char* name : {"auto", "rff", "bounded", "cache", "states"})
    EXPECT_FALSE(find_strategy(name)->claims.shardable()) << name;
}

}  // namespace
}  // namespace lockstep
