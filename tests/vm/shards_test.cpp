// Shards of the search of a tree, each by itself: together they execute each class once, and find
// what one process finds.
//   PROOF_SEED=N PROOF_PROGRAMS=N vm_tests --gtest_filter='*Shards*'   the same again, or for
//   longer
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/vm/random_links.h"
#include "tests/vm/random_owed.h"
#include "tests/vm/random_steps.h"
#include "tests/vm/search_of.h"

namespace lockstep {
namespace {

struct Found {
  uint64_t classes = 0;
  std::map<std::string, uint64_t> failures;  // by signature
  std::map<std::string, uint64_t> goals;     // 1: reached
  friend bool operator==(const Found&, const Found&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Found& f) {
    out << f.classes << " classes";
    for (const auto& [signature, times] : f.failures) out << "; " << signature << ": " << times;
    for (const auto& [goal, one] : f.goals) out << "; reached " << goal;
    return out;
  }
};

Found found_by(const ExploreResult& r, bool counts) {
  Found found;
  if (counts) found.classes = r.iterations - r.blocked;
  for (const Finding& f : r.findings) found.failures[f.outcome.signature()] = counts ? f.times : 1;
  for (const auto& [goal, times] : r.activity.goals) found.goals[goal] = 1;
  return found;
}

class Shards : public testing::TestWithParam<Setting> {
 protected:
  // As somebody would who runs all shards, and those again that merge names. Null: too many
  // executions.
  static std::optional<ExploreResult> together(Searched search, uint64_t shards, int* rounds,
                                               std::vector<uint64_t>* learnt) {
    ShardLessons lessons;
    std::vector<std::string> saved(shards);
    std::vector<size_t> due;
    for (size_t i = 0; i < shards; i++) due.push_back(i);
    ExploreOptions& o = search.options;
    o.shards = shards;
    o.save_result = true;
    for (*rounds = 0; !due.empty(); (*rounds)++) {
      for (const size_t i : due) {
        o.shard = i;
        o.learnt = lessons.told_apart;
        const ExploreResult one = explore(search.factory, o);
        if (!one.exhausted) return {};
        saved[i] = one.saved;
        lessons.add(lessons_of_shard(one.saved));
      }
      due = shards_behind(saved);
    }
    *learnt = lessons.told_apart;
    return merge_shards(*search.factory(), o, saved);
  }

  template <class Generate>
  void compare(uint64_t salt, bool crashes, const Generate& generate) {
    int compared = 0, counted = 0;
    for (uint64_t i = 0; i < static_cast<uint64_t>(random_programs(4)) && !HasFailure(); i++) {
      Prng rng(mix64(mix64(fresh_seed(), salt), i));
      const std::string body = generate(rng);
      SCOPED_TRACE(body);
      const vm::Program program = program_of(body);
      for (const auto& [strategy, reduce] :
           {std::pair{"dpor", Reduce{}}, std::pair{"dpor", kAll}, std::pair{"dfs", Reduce{}}}) {
        SCOPED_TRACE(strategy);
        SCOPED_TRACE(reduce.unobserved_sends ? "all reductions" : "no reduction");
        Searched search = search_of(program, GetParam().machine(), strategy, reduce);
        search.options.iterations = 20'000;
        search.options.alone = 1 + rng.below(4);
        search.options.save_result = true;
        const ExploreResult whole = explore(search.factory, search.options);
        if (!whole.exhausted || whole.bound_hit > 0) continue;
        int rounds = 0;
        std::vector<uint64_t> learnt;
        const auto merged = together(search, 1 + rng.below(5), &rounds, &learnt);
        if (!merged) continue;
        compared++;
        // Several shards may execute a class that has a crash; and what a class is depends on which
        // messages were seen to be told apart.
        const bool counts = !crashes && learnt == lessons_of_shard(whole.saved).told_apart;
        counted += counts;
        EXPECT_TRUE(merged->exhausted);
        EXPECT_EQ(found_by(*merged, counts), found_by(whole, counts)) << "of " << whole.iterations;
      }
    }
    EXPECT_GT(compared, 0);
    if (!crashes) {
      EXPECT_GT(counted, 0);
    }
  }
};

TEST_P(Shards, OfProgramsOfMessagesAndTables) {
  compare(11, GetParam().faults, [&](Prng& rng) { return random_program(rng, GetParam()); });
}

TEST_P(Shards, OfProgramsOfEverything) {
  compare(12, GetParam().faults, [&](Prng& rng) {
    const uint32_t n = GetParam().racy ? 2 : 2 + rng.below(2);
    return random_steps(rng, GetParam(), n, 2);
  });
}

TEST_P(Shards, WhereCrashesMayComeLast) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  compare(13, true, [](Prng& rng) { return random_owed(rng, false, true); });
}

INSTANTIATE_TEST_SUITE_P(Proof, Shards,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true}),
                         setting_name);

}  // namespace
}  // namespace lockstep
