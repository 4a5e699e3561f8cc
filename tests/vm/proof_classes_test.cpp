// dpor executes each class once, and the class fingerprints tell the same classes apart, where steps
// change what others would do: processes that end, are killed, linked to and monitored.
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/tree_search.h"

namespace lockstep {
namespace {

void expect_each_class_once(const std::string& body, const vm::MachineOptions& machine,
                            const Seen& naive) {
  const Seen dpor = all_of("dpor", program_of(body), "p", {}, machine, 60'000, -1, true);
  EXPECT_TRUE(dpor.complete);
  EXPECT_EQ(dpor.outcomes, naive.outcomes);
  EXPECT_EQ(dpor.blocked, 0u);
  EXPECT_EQ(dpor.fingerprints, naive.fingerprints);
  EXPECT_EQ(dpor.executions, naive.fingerprints.size());
}

void expect_each_class_once(const std::string& body, const vm::MachineOptions& machine = {}) {
  SCOPED_TRACE(body);
  const Seen naive = all_of("dfs", program_of(body), "p", {}, machine);
  ASSERT_TRUE(naive.complete);
  expect_each_class_once(body, machine, naive);
}

// What a kill prevents comes before what it depends on, or after that.
TEST(Classes, WhatAKillPreventsRacesWithOthersToo) {
  const char* body =
      "local t = ets.new('t', { 'public' })\n"
      "lockstep.spawn(function() ets.insert(t, { 'x' }) end)\n"
      "local p = lockstep.spawn(function() ets.insert(t, { 'saw', #ets.lookup(t, 'x') }) end)\n"
      "lockstep.exit(p, 'boom')\n"
      "lockstep.sleep(1000)\n"
      "local saw = ets.lookup(t, 'saw')[1]\n"
      "error(tostring(saw and saw[2]), 0)\n";
  const Seen dpor = all_of("dpor", program_of(body), "p");
  EXPECT_EQ(dpor.outcomes,
            (std::set<std::string>{"assertion nil", "assertion 0", "assertion 1"}));
  expect_each_class_once(body);
}

// A monitor of a process that has ended brings a message, one of a process that has not brings
// none; whoever is told of an end has its mailbox touched, but not once it has ended itself. So what
// the later step of a race touches is not what it touches when it comes first.
TEST(Classes, AStepIsTakenForWhatItIsWithoutTheOneItRacesWith) {
  expect_each_class_once(
      "local first = lockstep.spawn(function() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.spawn_link(function() lockstep.exit('normal') end)\n"
      "  lockstep.flag('trap_exit', true)\n"
      "  lockstep.monitor(first)\n"
      "end)\n"
      "lockstep.sleep(1000)\n");
  expect_each_class_once(
      "local first = lockstep.spawn(function() end)\n"
      "local second = lockstep.spawn(function()\n"
      "  lockstep.flag('trap_exit', true)\n"
      "  lockstep.monitor(first)\n"
      "end)\n"
      "lockstep.spawn(function() pcall(lockstep.link, second) end)\n"
      "lockstep.sleep(1000)\n");
}

// A process that waits is no alternative when it is killed. What it waits for may come first.
TEST(Classes, AKillRacesWithWhatItsProcessWaitsFor) {
  const char* message =
      "local t = ets.new('t', { 'public' })\n"
      "lockstep.spawn(function()\n"
      "  local p = lockstep.spawn(function() ets.insert(t, { 'got', lockstep.recv() }) end)\n"
      "  lockstep.spawn(function() lockstep.send(p, 1) end)\n"
      "  lockstep.exit(p, 'boom')\n"
      "end)\n"
      "lockstep.sleep(1000)\n"
      "error(ets.member(t, 'got') and 'got it' or 'killed', 0)\n";
  const char* lock =
      "local threads = require 'lockstep.threads'\n"
      "local t = ets.new('t', { 'public' })\n"
      "local m = threads.mutex('m')\n"
      "lockstep.spawn(function()\n"
      "  m:lock()\n"
      "  local p = lockstep.spawn(function() m:lock() ets.insert(t, { 'got' }) end)\n"
      "  lockstep.spawn(function() m:unlock() end)\n"
      "  lockstep.exit(p, 'boom')\n"
      "end)\n"
      "lockstep.sleep(1000)\n"
      "error(ets.member(t, 'got') and 'got it' or 'killed', 0)\n";
  const std::set<std::string> both{"assertion got it", "assertion killed"};
  vm::MachineOptions async;
  async.async_delivery = true;
  EXPECT_EQ(all_of("dpor", program_of(message), "p", {}, async).outcomes, both);
  EXPECT_EQ(all_of("dpor", program_of(lock), "p").outcomes, both);
  for (const char* body : {message, lock}) {
    expect_each_class_once(body);
    expect_each_class_once(body, async);
  }
}

// Two of the above at once: what is new after a race that was looked at before is new to it too.
TEST(Classes, ALaterStepMayHaveToComeBeforeOneThatIsKnown) {
  expect_each_class_once(
      "local first = lockstep.spawn(function() lockstep.monitor('nobody') end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.flag('trap_exit', true)\n"
      "  lockstep.exit(first, 'boom')\n"
      "  lockstep.spawn_link(function() end)\n"
      "  lockstep.monitor(first)\n"
      "end)\n"
      "lockstep.sleep(1000)\n");
}

}  // namespace
}  // namespace lockstep
