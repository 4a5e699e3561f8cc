// The referee: depth-first search with sleep sets and nothing else, which takes on trust the
// relation alone. What it and the naive search see, every other exhaustive search has to see, on
// programs that nobody has looked at before: the seed is a fresh one at each run, and printed.
//   PROOF_SEED=N PROOF_PROGRAMS=N vm_tests --gtest_filter='*Referee*'   the same again, or for
//   longer
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "tests/vm/random_late.h"
#include "tests/vm/random_links.h"
#include "tests/vm/random_owed.h"
#include "tests/vm/random_roots.h"
#include "tests/vm/random_steps.h"

namespace lockstep {
namespace {

// One for all tests of a run.
uint64_t fresh_seed() {
  static const uint64_t seed = [] {
    const uint64_t s = random_seed(std::random_device{}());
    printf("PROOF_SEED=%llu gives these programs again\n", static_cast<unsigned long long>(s));
    return s;
  }();
  return seed;
}

constexpr Reduce kReductions[] = {{.equal_writes = true},
                                  {.unused_increments = true},
                                  {.unobserved_sends = true},
                                  {.equal_messages = true},
                                  {.equal_writes = true,
                                   .unused_increments = true,
                                   .unobserved_sends = true,
                                   .equal_messages = true}};

enum class RootEnd {
  drained,  // the execution goes on after it, so classes can be counted
  shown,    // it ends the execution wherever the others are, and outcomes are all that counts
  put_off,  // the same, and it shows nothing that is not seen if it comes last: that it passes if
            // it comes early need not be seen where it fails if not
};

Seen without_passes(Seen seen) {
  seen.outcomes.erase("passed ");
  return seen;
}

void compare(const vm::Program& program, const Setting& setting, const Seen& all, RootEnd end) {
  const bool drain = end == RootEnd::drained;
  // How far the others were when a failure ended all is no difference to a fingerprint.
  const bool countable = drain && all.failures.empty();
  const bool passes = end != RootEnd::put_off || all.failures.empty();
  const Seen naive = passes ? all : without_passes(all);
  vm::MachineOptions machine = setting.machine();
  const auto search = [&](const char* strategy, const Reduce& reduce = {}) {
    Seen seen = all_of(strategy, program, "p", reduce, machine, 200'000, -1, false, drain);
    return passes ? seen : without_passes(std::move(seen));
  };
  const Seen dpor = search("dpor"), cache = search("cache");
  machine.check = true;  // the invariants of the relation, at each choice
  const Seen referee = search("sleep");
  machine.check = false;
  EXPECT_TRUE(referee.complete && dpor.complete && cache.complete);
  EXPECT_EQ(referee.outcomes, naive.outcomes);
  EXPECT_EQ(dpor.outcomes, naive.outcomes);
  EXPECT_EQ(cache.outcomes, naive.outcomes);
  for (const Seen* seen : {&referee, &dpor, &cache}) EXPECT_EQ(seen->goals, naive.goals);
  if (countable) {
    EXPECT_EQ(referee.classes(), naive.fingerprints.size());
    EXPECT_EQ(dpor.classes(), naive.fingerprints.size());
  }
  for (const uint64_t slice : {1, 2, 5}) {
    Seen parts = all_of_parts(program, "p", slice, machine, 200'000, drain);
    if (!passes) parts = without_passes(std::move(parts));
    EXPECT_TRUE(parts.complete);
    EXPECT_EQ(parts.outcomes, naive.outcomes) << slice;
    EXPECT_EQ(parts.goals, naive.goals) << slice;
    if (countable) {
      EXPECT_EQ(parts.classes(), naive.fingerprints.size()) << slice;
    }
  }
  for (const Reduce& reduce : kReductions) {
    const Seen reduced = search("dpor", reduce);
    EXPECT_EQ(reduced.outcomes, naive.outcomes);
    EXPECT_EQ(reduced.goals, naive.goals);
  }
  for (const Reduce& reduce : {Reduce{}, kReductions[std::size(kReductions) - 1]}) {
    const Seen workers = all_by_workers(program, "p", reduce, machine, drain);
    EXPECT_TRUE(workers.complete);
    if (countable && !reduce.needs_mail()) {
      EXPECT_EQ(workers.classes(), naive.fingerprints.size());
    }
    EXPECT_EQ(workers.failures, naive.failures);
    EXPECT_EQ(workers.goals, naive.goals);
  }
}

class Referee : public testing::TestWithParam<Setting> {
 protected:
  // Small enough for the naive search; those that are not are passed by, and counted.
  template <class Generate>
  void judge(int usual, uint64_t salt, RootEnd end, const Generate& generate) {
    const uint64_t seed = mix64(fresh_seed(), salt);
    const int wanted = random_programs(usual);
    int programs = 0, passed_by = 0;
    for (uint64_t i = 0; programs < wanted && passed_by < wanted * 40; i++) {
      Prng rng(mix64(seed, i));
      const std::string body = generate(rng);
      SCOPED_TRACE(body);
      const vm::Program program = program_of(body);
      const Seen naive = all_of("dfs", program, "p", {}, GetParam().machine(), 2'500, -1, true,
                                end == RootEnd::drained);
      if (!naive.complete || naive.executions < 2) {
        passed_by++;
        continue;
      }
      programs++;
      compare(program, GetParam(), naive, end);
      if (HasFailure()) break;
    }
    printf("%d programs compared, %d passed by\n", programs, passed_by);
    // With everything at once and timers that race hardly one in eighty is small enough.
    if (programs == 0) GTEST_SKIP() << "no program was small enough";
  }
};

TEST_P(Referee, AgreesOnEndsLinksAndMonitors) {
  judge(12, 1, RootEnd::drained, [&](Prng& rng) { return random_program(rng, GetParam()); });
}

TEST_P(Referee, AgreesOnEverything) {
  judge(6, 2, RootEnd::drained, [&](Prng& rng) {
    const uint32_t n = GetParam().racy ? 2 : 2 + rng.below(2);
    return random_steps(rng, GetParam(), n, GetParam().racy ? 1 : n == 2 ? 3 : 2);
  });
}

TEST_P(Referee, AgreesOnRootsThatAreTold) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(25, 3, RootEnd::shown, [](Prng& rng) { return random_root(rng); });
}

TEST_P(Referee, AgreesOnWhatIsOwedWhenTheRootEnds) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(25, 4, RootEnd::shown, [](Prng& rng) { return random_owed(rng, true); });
}

TEST_P(Referee, AgreesOnWhatOthersDoWhenTheRootEnds) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(15, 5, RootEnd::put_off, [](Prng& rng) { return random_owed(rng, false); });
}

TEST_P(Referee, AgreesOnCrashesThatMayComeLast) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(12, 6, RootEnd::drained, [](Prng& rng) { return random_owed(rng, false, true); });
}

TEST_P(Referee, AgreesOnWhatMayStillHappenWhenTheRootEnds) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(15, 7, RootEnd::put_off, [](Prng& rng) { return random_late(rng, true); });
}

TEST_P(Referee, AgreesOnWhatHappensAfterTheRootEnds) {
  if (GetParam().nodes) GTEST_SKIP() << "on one node";
  judge(15, 8, RootEnd::drained, [](Prng& rng) { return random_late(rng, true); });
}

INSTANTIATE_TEST_SUITE_P(Proof, Referee,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "nodes", .nodes = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true}),
                         setting_name);

}  // namespace
}  // namespace lockstep
