// A minimum that shrinking claims is one: of random programs that link, monitor, kill and stop each
// other, no smaller set of deviations fails, as trying all of them without any reduction shows.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "engine/base/prng.h"
#include "engine/explain/shrink.h"
#include "tests/random_seed.h"
#include "tests/vm/random_roots.h"
#include "tests/vm/tree_search.h"

namespace lockstep {
namespace {

// Another one at each run.
uint64_t fresh() {
  const uint64_t seed = random_seed(std::random_device{}());
  printf("PROOF_SEED=%llu gives these programs again\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::vector<Decision> random_schedule(System& system, uint64_t iteration, std::string* reason) {
  const auto strategy = find_strategy("random")->make({});
  strategy->begin(iteration, system);
  system.begin(1, 0);
  const Outcome outcome = system.run(*strategy);
  *reason = outcome.reason;
  return {system.decisions().begin(), system.decisions().end()};
}

// Sets of exactly `more` deviations beyond `set` that fail so.
bool some_set_fails(System& system, const std::vector<Deviation>& set, uint32_t more,
                    const std::string& signature) {
  Branches branches;
  const Encoding e = run_deviations(system, 1, 0, set, &branches);
  if (more == 0) return e.outcome.failed() && e.outcome.signature() == signature;
  for (const Untaken& u : branches.untaken) {
    std::vector<Deviation> larger = set;
    larger.push_back(u.deviation);
    if (some_set_fails(system, larger, more - 1, signature)) return true;
  }
  return false;
}

TEST(ShrinkMinimum, NoSmallerSetFails) {
  Prng rng(fresh());
  const int wanted = random_programs(25);
  int proved = 0;
  for (int tries = 0; proved < wanted && tries < wanted * 40; tries++) {
    std::string body = random_root(rng);
    SCOPED_TRACE(body);
    vm::MachineOptions machine;
    machine.allow_crashes = true;
    // It fails where the root sees what it saw in one execution.
    std::string saw;
    random_schedule(*vm::make_machine(program_of(body), "p", machine), 7, &saw);
    if (saw.find('\n') != std::string::npos) continue;
    const size_t last = body.rfind("error(saw, 0)");
    ASSERT_NE(last, std::string::npos);
    body = body.substr(0, last) + "if saw == [==[" + saw + "]==] then error('it', 0) end\n";
    const auto system = vm::make_machine(program_of(body), "p", machine);
    std::string reason;
    const auto schedule = random_schedule(*system, 7, &reason);
    if (reason != "it") continue;
    const ShrinkResult r = shrink(*system, 1, 0, schedule, {});
    ASSERT_TRUE(r.reproduced);
    const auto size = static_cast<uint32_t>(r.deviations.size());
    if (!r.minimum || size == 0 || size > 3) continue;
    proved++;
    for (uint32_t smaller = 0; smaller < size; smaller++)
      EXPECT_FALSE(some_set_fails(*system, {}, smaller, r.recording.outcome.signature()))
          << smaller << " deviations are enough, not " << size;
  }
  EXPECT_GT(proved, 0);
}

}  // namespace
}  // namespace lockstep
