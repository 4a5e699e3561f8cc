// Mutexes and semaphores under reduction: an acquire is possible only while there is a permit,
// which decides what it races with.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "tests/vm/each_class.h"
#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

const char* const kLocks =
    "local threads = require 'lockstep.threads'\nlocal atomics = require 'lockstep.atomics'\n"
    "local a = atomics.new(8)\n";

std::set<std::string> outcomes(const std::string& body, const vm::MachineOptions& machine = {}) {
  return all_of("dpor", program_of(body), "p", {}, machine).outcomes;
}

// Two posts, and a wait that the first of them makes possible: it need not come after the second,
// nor does what its process does then.
TEST(Locks, AWaitComesBeforeAPostThatItDoesNotNeed) {
  const char* steps[] = {
      "lockstep.spawn(function() s:post() end)\n",
      "lockstep.spawn(function() atomics.put(a, 1, 1) s:post() end)\n",
      "lockstep.spawn(function() s:wait() atomics.put(a, 2, 10 + atomics.get(a, 1)) end)\n"};
  int order[] = {0, 1, 2};
  do {
    std::string body = std::string(kLocks) + "local s = threads.semaphore('s', 0)\n";
    for (const int i : order) body += steps[i];
    body += "lockstep.sleep(1000)\nerror(tostring(atomics.get(a, 2)), 0)\n";
    EXPECT_EQ(outcomes(body), (std::set<std::string>{"assertion 10", "assertion 11"}));
    expect_each_class_once(body);
  } while (std::next_permutation(std::begin(order), std::end(order)));
}

// The semaphore has a permit left, so the post may come first, and what follows it.
TEST(Locks, APostComesBeforeAWaitThatDoesNotNeedIt) {
  const char* first = "lockstep.spawn(function() atomics.put(a, 1, 1) s:wait() end)\n";
  const char* second =
      "lockstep.spawn(function() s:post() atomics.put(a, 2, atomics.get(a, 1)) end)\n";
  const std::string begin = std::string(kLocks) + "local s = threads.semaphore('s', 1)\n";
  const std::string end = "lockstep.sleep(1000)\nerror(tostring(atomics.get(a, 2)), 0)\n";
  for (const std::string& both : {std::string(first) + second, std::string(second) + first}) {
    std::string body = begin;
    body += both;
    body += end;
    EXPECT_EQ(outcomes(body), (std::set<std::string>{"assertion 0", "assertion 1"}));
    expect_each_class_once(body);
  }
}

// Taking a lock may conflict with what is no lock: where a history is open, which comes first is
// recorded, and who is killed does not take it. The lock is given back by a step that waits for
// neither, so each may come first, also where the lock was still taken when the other came.
TEST(Locks, ATakingRacesWithWhatComesBeforeItsReleaseButNeedNot) {
  const struct {
    const char *other, *taker;
  } cases[] = {{"history.op(h, 'w', nil, function() atomics.put(a, 1, 1) end)",
                "history.op(h, 'l', nil, function() m:lock() end)"},
               {"lockstep.exit(y, 'kill')", "m:lock() atomics.put(a, 2, 1)"}};
  for (const auto& c : cases) {
    const std::string body = std::string(kLocks) + fmt::format(R"(
local history = require 'lockstep.history'
local h, m = history.start(), threads.mutex('m')
local w = lockstep.spawn(function()
  local y = lockstep.recv()
  lockstep.send(lockstep.recv(), 'go')
  {}
end)
lockstep.spawn(function()
  m:lock()
  lockstep.send(w, lockstep.self())
  lockstep.recv()
  m:unlock()
end)
lockstep.send(w, lockstep.spawn(function() {} end))
lockstep.sleep(10)
local s = ''
for _, e in ipairs(history.events(h)) do s = s .. e.type .. e.f .. ' ' end
error(s .. atomics.get(a, 2), 0)
)",
                                                               c.other, c.taker);
    SCOPED_TRACE(body);
    vm::MachineOptions machine;
    machine.drain = true;
    const Seen dfs = all_of("dfs", program_of(body), "p", {}, machine);
    EXPECT_TRUE(dfs.complete);
    EXPECT_GE(dfs.outcomes.size(), 2u);
    for (const char* strategy : {"sleep", "dpor", "cache"})
      EXPECT_EQ(all_of(strategy, program_of(body), "p", {}, machine).outcomes, dfs.outcomes)
          << strategy;
  }
}

// What takes it is no operation on atomics, so nobody looks at it or changes it as such.
TEST(Locks, ALockIsNoArrayOfAtomics) {
  const std::string body = std::string(kLocks) +
                           "local s = threads.semaphore('s', 1)\n"
                           "error(tostring(pcall(atomics.get, s.lock, 1)) ..\n"
                           "  tostring(pcall(atomics.put, s.lock, 1, 0)), 0)\n";
  EXPECT_EQ(outcomes(body), (std::set<std::string>{"assertion falsefalse"}));
}

// The last place is taken by one of two; the other waits for ever.
TEST(Locks, WhoWaitsToTheEndCouldHaveHadTheLastPlace) {
  const std::string body =
      std::string(kLocks) +
      "local s = threads.semaphore('s', 2)\n"
      "for i = 1, 3 do\n"
      "  lockstep.spawn(function() s:wait() atomics.put(a, i, 1) end)\n"
      "end\n"
      "lockstep.sleep(1000)\n"
      "error(atomics.get(a, 1) .. atomics.get(a, 2) .. atomics.get(a, 3), 0)\n";
  EXPECT_EQ(outcomes(body),
            (std::set<std::string>{"assertion 011", "assertion 101", "assertion 110"}));
  expect_each_class_once(body);
}

TEST(Locks, ASemaphoreAMutexAndAKill) {
  expect_each_class_once(std::string(kLocks) +
                         "local m, n = threads.semaphore('m', 2), threads.mutex('n')\n"
                         "local p = lockstep.spawn(function()\n"
                         "  n:lock() m:wait() atomics.put(a, 1, 1) m:post() n:unlock()\n"
                         "end)\n"
                         "lockstep.spawn(function() m:post() end)\n"
                         "lockstep.exit(p, 'kill')\n");
}

// A part may give an execution up where all that could go is explored elsewhere. Who waits for a
// lock then could have had it before.
TEST(Locks, WhoWaitsWhereAnExecutionIsGivenUpCouldHaveGone) {
  expect_each_class_once(std::string(kLocks) +
                         "local s = threads.semaphore('s', 2)\n"
                         "lockstep.spawn(function() s:wait() s:post() s:wait() end)\n"
                         "local p = lockstep.spawn(function() s:wait() s:wait() end)\n"
                         "lockstep.exit(p, 'kill')\n");
}

// Two or three processes that wait, post, lock, write and read; one may be killed.
std::string random_locks(Prng& rng) {
  std::string s = kLocks;
  s += fmt::format(
      "local s = {{ threads.semaphore('s', {}), threads.semaphore('t', {}) }}\n"
      "local m = threads.mutex('m')\nlocal pids = {{}}\n",
      rng.below(3), rng.below(2));
  const uint32_t n = 2 + rng.below(2);
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format("pids[{}] = lockstep.spawn(function()\n  local saw = 0\n", p);
    bool locked = false;
    for (uint32_t i = 1 + rng.below(n == 2 ? 4 : 3); i > 0; i--) {
      const uint32_t which = 1 + rng.below(2);
      switch (rng.below(7)) {
        case 0:
        case 1:
          s += fmt::format("  s[{}]:wait()\n", which);
          break;
        case 2:
        case 3:
          s += fmt::format("  s[{}]:post()\n", which);
          break;
        case 4:
          s += locked ? "  m:unlock()\n" : "  m:lock()\n";
          locked = !locked;
          break;
        case 5:
          s += fmt::format("  atomics.put(a, {}, saw)\n", which);
          break;
        default:
          s += fmt::format("  saw = saw * 10 + atomics.get(a, {})\n", which);
      }
    }
    s += fmt::format("  atomics.put(a, {}, saw)\n", 2 + p) + "end)\n";
  }
  if (rng.below(3) == 0) s += fmt::format("lockstep.exit(pids[{}], 'kill')\n", 1 + rng.below(n));
  return s +
         "lockstep.sleep(60000)\nlocal all = ''\n"
         "for i = 1, 5 do all = all .. ' ' .. atomics.get(a, i) end\nerror(all, 0)\n";
}

TEST(Locks, ClassesOfRandomProgramsAreThoseOfAllExecutionsEachOnce) {
  for (const bool async : {false, true}) {
    SmallPrograms small{.seed = 61, .wanted = 60, .least = 2, .most = 6'000};
    small.machine.async_delivery = async;
    each_of(small, random_locks, [&](const vm::Program& program, const Seen& naive) {
      expect_each_class_once(program, small.machine, naive);
    });
  }
}

}  // namespace
}  // namespace lockstep
