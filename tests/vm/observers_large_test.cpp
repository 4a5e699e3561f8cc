// The larger actor programs whose numbers of classes are published for Concuerror (its suites
// `dpor_tests` and `advanced_tests`; optimal DPOR with observers, Aronis et al. 2018).
//
// It runs them with messages in flight, each arrival a step, and with time-outs that may come at
// any time. Here delivery is instant: an arrival that nothing but its sending makes possible, and
// that commutes with whatever does not look at the mailbox, adds no class, so the numbers agree but
// for what the comments say.
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/tree_search.h"

namespace lockstep {
namespace {

struct Published {
  const char* name;
  uint64_t published, classes;
  uint64_t failed;  // of the classes, where that is published too
};
const Published kPublished[] = {
    {"after_test", 36, 36, 0},
    {"reduced", 6, 6, 0},
    // There the time-out of the receive comes before or after the timer is set, or after its
    // message; here both are due at the same time, and either fires first. Each with two orders of
    // an insert and a lookup.
    {"timer_replayed", 6, 4, 0},
    // There a receive times out whenever no message is there. Here time stands still while a
    // process can go, so nothing ever times out: the 3! orders of the sends, of which two messages
    // are equal but come from different processes.
    {"test_after_spawns", 247, 6, 6},
    {"workers", 200, 200, 0},
    {"workers_2", 1296, 1296, 0},
    {"tricky_predecessors", 124, 124, 8},
    {"receive_deps", 144, 144, 36},
    // There 9 of them fail, those where the signal finds its process alive; here crashes are
    // allowed. Here a signal that is sent before the second worker's end and handled after it is
    // not one that is sent after it. By hand, by what the worker did before the signal was handled:
    // nothing: 2 orders of the insert and the last lookup; its lookup: 2, in vain 2; its insert: 3
    // places of the last lookup; its end, before which the signal was sent: 3, in vain 2; its end,
    // after which it was sent: 1, in vain 2. In all 2 + 4 + 3 + 5 + 3.
    {"receive_deps_kill", 14, 17, 0},
    // Here the end of a process tells who watches it at once, there the message is on its way. By
    // hand, i being the i-th worker, who ends only when all after it have passed the token, and by
    // the order in which the registry hears of them: 1 first: 2 orders of its end and the stop,
    // each for 2 orders of the others. 2 1 3: 2. 2 3 1: 2 ends 1 late (2), before `alive` (2), or
    // is told of before 1 asks (2). 3 1 2: 3 is told of first (2), ends before the first `alive`
    // (4) or later (6). 3 2 1 likewise: 6, 10, 6. In all 4 + 2 + 6 + 12 + 22.
    {"simple_registry", 88, 46, 0},
    {"shared_ptr", 222, 222, 0},
    {"ring_leader_election", 64, 64, 0},
    // The name is looked up before the server's end (fails) or after. Published are these two: an
    // end before and one after a demonitor that flushes are one there, here each of two servers has
    // both (the second server's calls come after the first's end): 1 + 2 * 2.
    {"gen_server_register", 2, 5, 1},
};

TEST(Observers, PublishedLargerPrograms) {
  const vm::Program program =
      vm::Program::from_file(LOCKSTEP_SOURCE_DIR "/tests/vm/golden/larger.lua");
  EXPECT_EQ(std::size(kPublished), program.scenarios().size());
  for (const Published& p : kPublished) {
    SCOPED_TRACE(p.name);
    const Seen observed = all_of("dpor", program, p.name, {.unobserved_sends = true});
    EXPECT_TRUE(observed.complete);
    EXPECT_EQ(observed.classes(), p.classes);
    EXPECT_EQ(observed.failed, p.failed);
    for (const char* other : {"dfs", "dpor", "cache"}) {
      const Seen all = all_of(other, program, p.name, {}, {}, 5'000);
      if (!all.complete) continue;
      EXPECT_EQ(all.outcomes, observed.outcomes) << other;
    }
  }
}

}  // namespace
}  // namespace lockstep
