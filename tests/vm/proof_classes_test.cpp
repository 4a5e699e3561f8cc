// dpor executes each class once, and the class fingerprints tell the same classes apart, where
// steps change what others would do: processes that end, are killed, linked to and monitored.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/vm/each_class.h"
#include "tests/vm/random_links.h"
#include "tests/vm/random_steps.h"

namespace lockstep {
namespace {

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
  EXPECT_EQ(dpor.outcomes, (std::set<std::string>{"assertion nil", "assertion 0", "assertion 1"}));
  expect_each_class_once(body);
}

// A monitor of a process that has ended brings a message, one of a process that has not brings
// none; whoever is told of an end has its mailbox touched, but not once it has ended itself. So
// what the later step of a race touches is not what it touches when it comes first.
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

// What a pending operation touches is a matter of where things stand, not of when it was announced.
TEST(Classes, AnEndLetsGoOfTheNameThatItsProcessHasGotMeanwhile) {
  expect_each_class_once(
      "local p = lockstep.spawn(function() lockstep.whereis('other') end)\n"
      "lockstep.spawn(function() pcall(lockstep.register, 'name', p) end)\n"
      "lockstep.whereis('name')\n"
      "lockstep.sleep(1000)\n");
}

TEST(Classes, WhoAsksAfterAProcessHasNothingToWaitForOnceItsSignalsAreHandled) {
  const char* body =
      "local p = lockstep.spawn(function() lockstep.recv() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.exit(p, 'boom')\n"
      "  lockstep.whereis('name')\n"
      "  lockstep.alive(p)\n"
      "end)\n"
      "lockstep.sleep(1000)\n";
  expect_each_class_once(body);
  vm::MachineOptions machine;
  machine.async_delivery = true;
  expect_each_class_once(body, machine);
}

TEST(Classes, TheEndOfAProcessDecidesNothingForWhoSendsToItsAlias) {
  expect_each_class_once(
      "local t = ets.new('t', { 'public' })\n"
      "local p = lockstep.spawn(function() end)\n"
      "lockstep.spawn(function()\n"
      "  ets.insert(t, { 'ref', lockstep.monitor(p, { alias = 'demonitor' }) })\n"
      "end)\n"
      "local r = ets.lookup(t, 'ref')[1]\n"
      "if r then lockstep.send(r[2], 1) end\n"
      "lockstep.sleep(1000)\n");
}

// An execution ends where nothing but a crash could come, so whoever could go on after it need not
// have gone before: here the root's end, or what others do last.
TEST(Classes, ACrashComesAfterAllOfItsProcessBeforeWhatOthersDoLast) {
  const std::string crash = "cluster.faults({ crash = { p } })\n";
  expect_each_class_once(
      "local p = lockstep.spawn(function() lockstep.yield() lockstep.recv() end)\n" + crash);
  expect_each_class_once(
      "local p = lockstep.spawn(function() lockstep.recv() lockstep.recv() end)\n" + crash +
      "lockstep.spawn(function() lockstep.send(p, 1) end)\n");
}

// The first message through such an alias ends it, whether a monitor goes with it or not; those
// that come later are dropped, in whatever order.
TEST(Classes, WhatComesTooLateForAnAliasIsDroppedInAnyOrder) {
  for (const char* alias : {"lockstep.alias({ 'reply' })",
                            "lockstep.monitor(lockstep.spawn(lockstep.recv), { alias = "
                            "'reply_demonitor' })"}) {
    const std::string body = fmt::format(
        "local ref = {}\n"
        "for i = 1, 3 do lockstep.spawn(lockstep.send, ref, i) end\n"
        "lockstep.sleep(1000)\n",
        alias);
    expect_each_class_once(body);
    EXPECT_EQ(all_of("dpor", program_of(body), "p").executions, 3u);
  }
}

// A link that waits behind an exit signal is answered where that is handled.
TEST(Classes, WhatWaitsInAQueueIsPartOfTheStepThatLetsItThrough) {
  expect_each_class_once(
      "local p = lockstep.spawn(function() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.exit(p, 'boom')\n"
      "  pcall(lockstep.link, p)\n"
      "  lockstep.flag('trap_exit', true)\n"
      "end)\n"
      "lockstep.sleep(1000)\n");
}

// Whose table another deletes touches it with its end all the same: had that come first, there
// would have been nothing to delete. So does who had fixed it.
TEST(Classes, WhoDeletesATableRacesWithTheEndOfItsOwner) {
  const char* body =
      "local seen = ets.new('seen', { 'public' })\n"
      "lockstep.spawn(function() ets.insert(seen, { 't', ets.new('own', { 'public' }) }) end)\n"
      "lockstep.spawn(function()\n"
      "  local t = ets.lookup(seen, 't')[1]\n"
      "  if t then ets.insert(seen, { 'deleted', (pcall(ets.delete, t[2])) }) end\n"
      "end)\n"
      "lockstep.sleep(1000)\n"
      "local d = ets.lookup(seen, 'deleted')[1]\n"
      "error(tostring(d and d[2]), 0)\n";
  EXPECT_EQ(all_of("dpor", program_of(body), "p").outcomes,
            (std::set<std::string>{"assertion nil", "assertion false", "assertion true"}));
  expect_each_class_once(body);
  expect_each_class_once(
      "local t = ets.new('t', { 'public', 'named_table' })\n"
      "lockstep.spawn(function() ets.safe_fixtable('t', true) end)\n"
      "lockstep.spawn(function() pcall(ets.delete, 't') end)\n"
      "lockstep.sleep(1000)\n");
}

// A pattern that names a key is about that key, whether its table is there or not.
TEST(Classes, APatternIsAboutItsKeyWhereItsTableIsGone) {
  expect_each_class_once(
      "ets.new('t', { 'public', 'named_table' })\n"
      "lockstep.spawn(function() ets.rename('t', 'u') end)\n"
      "lockstep.spawn(function() pcall(ets.match_object, 't', { 1, '_' }) end)\n"
      "lockstep.spawn(function() pcall(ets.insert, 't', { 2, 3 }) end)\n"
      "lockstep.sleep(1000)\n");
  // Keys are elsewhere in the objects of a table that comes later.
  expect_each_class_once(
      "lockstep.spawn(function()\n"
      "  ets.new('t', { 'public', 'named_table', { 'keypos', 2 } })\n"
      "  ets.insert('t', { 1, 2 })\n  lockstep.recv()\nend)\n"
      "lockstep.spawn(function() pcall(ets.match_object, 't', { 1, '_' }) end)\n"
      "lockstep.sleep(1000)\n");
}

// Who is killed when it has lost a lock to another could have had it when that one gave it back.
TEST(Classes, AKillRacesWithALockThatWasLostBefore) {
  const char* body =
      "local m, a = lockstep.threads.mutex('m'), lockstep.atomics.new(2)\n"
      "local p = lockstep.spawn(function()\n"
      "  m:lock()\n  lockstep.atomics.put(a, 1, 1)\n  lockstep.recv()\nend)\n"
      "lockstep.spawn(function()\n"
      "  m:lock()\n  lockstep.atomics.put(a, 2, 1)\n  m:unlock()\nend)\n"
      "lockstep.exit(p, 'kill')\n"
      "lockstep.sleep(1000)\n"
      "error(lockstep.atomics.get(a, 1) .. lockstep.atomics.get(a, 2), 0)\n";
  EXPECT_EQ(
      all_of("dpor", program_of(body), "p").outcomes,
      (std::set<std::string>{"assertion 00", "assertion 01", "assertion 10", "assertion 11"}));
  expect_each_class_once(body);
}

// ... also if that lock was taken whenever it could have been asked for.
TEST(Classes, WhoIsKilledMayHaveHadTheLockThatItWaitsFor) {
  const char* body =
      "local n, m = lockstep.threads.mutex('n'), lockstep.threads.mutex('m')\n"
      "local seen = lockstep.atomics.new(1)\n"
      "local p = lockstep.spawn(function()\n"
      "  n:lock()\n  m:lock()\n  lockstep.atomics.put(seen, 1, 1)\nend)\n"
      "lockstep.spawn(function()\n"
      "  m:lock()\n  lockstep.exit(p, 'kill')\n  lockstep.alive(p)\n  lockstep.recv()\nend)\n"
      "lockstep.sleep(1000)\n"
      "error(lockstep.atomics.get(seen, 1), 0)\n";
  EXPECT_EQ(all_of("dpor", program_of(body), "p").outcomes,
            (std::set<std::string>{"assertion 0", "assertion 1"}));
  expect_each_class_once(body);
}

// A DOWN is queued behind the signal that is to end its receiver, and comes at once when that has
// been handled: in either order the two meet. So it is with a monitor that came after the signal.
TEST(Classes, WhatWaitsBehindAKillRacesWithIt) {
  expect_each_class_once(
      "local p = lockstep.spawn(function() lockstep.yield() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.spawn_link(function() lockstep.exit('boom') end)\n"
      "  lockstep.monitor(p)\n"
      "  lockstep.sleep(5)\n"
      "end)\n"
      "lockstep.sleep(1000)\n");
}

// A wakeup sequence is known but for its last step: it may commute with what is explored before it.
TEST(Classes, AWakeupSequenceWhoseLastFootprintIsNotKnownTakesTheRestAlong) {
  expect_each_class_once(
      "local a, b\n"
      "a = lockstep.spawn(function(a, b) if b then lockstep.exit(b, 'boom') end end, a, b)\n"
      "b = lockstep.spawn(function(a)\n"
      "  lockstep.flag('trap_exit', true)\n"
      "  pcall(lockstep.link, a)\n"
      "end, a)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.exit(a, 'kill')\n"
      "  lockstep.exit(b, 'normal')\n"
      "end)\n"
      "lockstep.sleep(1000)\n");
  vm::MachineOptions async;
  async.async_delivery = true;
  expect_each_class_once(
      "local a = lockstep.spawn(function() end)\n"
      "lockstep.spawn(function()\n"
      "  pcall(lockstep.register, 'x', lockstep.self())\n"
      "  lockstep.exit(a, 'boom')\n"
      "end)\n"
      "lockstep.spawn(function() pcall(lockstep.register, 'x', a) end)\n"
      "lockstep.sleep(1000)\n",
      async);
}

// Where everybody waits in the end, what the last step prevented may have come before it.
TEST(Classes, WhatTheLastStepPreventsMayComeBeforeIt) {
  expect_each_class_once(
      "local t = ets.new('t', { 'public' })\n"
      "local p = lockstep.spawn(function() ets.insert(t, { 'x' }) end)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.recv()\n");
  expect_each_class_once(
      "cluster.start_nodes({ 'b' })\n"
      "cluster.spawn('b', function() lockstep.yield() end)\n"
      "cluster.stop_node('b')\n"
      "lockstep.recv()\n");
}

// What comes of a crash may ask for the time, so it comes at every one.
TEST(Classes, ACrashComesBeforeTimePassesOrAfterThat) {
  const std::string body =
      "local t = ets.new('t', { 'public' })\n"
      "local p = lockstep.spawn(function() lockstep.recv() end)\n"
      "lockstep.spawn(function()\n"
      "  lockstep.monitor(p)\n"
      "  lockstep.recv()\n"
      "  ets.insert(t, { 'at', lockstep.now() })\n"
      "end)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.sleep(10)\n"
      "lockstep.sleep(10)\n";
  const std::string told =
      "local at = ets.lookup(t, 'at')[1]\n"
      "error(tostring(at and at[2]), 0)\n";
  EXPECT_EQ(
      all_of("dpor", program_of(body + told), "p").outcomes,
      (std::set<std::string>{"assertion nil", "assertion 0", "assertion 10", "assertion 20"}));
  expect_each_class_once(body);
  expect_each_class_once(  // also where nobody hears of it
      "cluster.start_nodes({ 'b' })\n"
      "cluster.set_net_ticktime(0)\n"
      "local srv = cluster.spawn('b', function() lockstep.recv() end)\n"
      "cluster.faults({ crash = { srv } })\n"
      "lockstep.spawn(function() lockstep.monitor(srv) end)\n"
      "lockstep.sleep(60000)\n");
}

// A transaction needs its table, whatever it touches of it: one of no key was taken to touch
// nothing, and of the orders with the deletion one was left out.
TEST(Classes, ATransactionOfNoKeyNeedsItsTable) {
  for (const char* keys : {"{}", "{ 'k' }", "{ read = 'all' }"}) {
    const vm::Program program = program_of(fmt::format(
        "local t = ets.new('t', {{ 'public' }})\n"
        "lockstep.spawn(function()\n"
        "  lockstep.cover(tostring((pcall(ets.transaction, t, {}, function() end))))\nend)\n"
        "ets.delete(t)\n",
        keys));
    for (const char* strategy : {"dfs", "sleep", "dpor", "cache"})
      EXPECT_EQ(all_of(strategy, program, "p").goals, (std::set<std::string>{"false", "true"}))
          << strategy << " " << keys;
  }
}

// What is executed without a crash has no race with it, so where a wakeup sequence begins with one
// something else has to be tried too: 1 of 89 classes was missing, and 3 of 155.
TEST(Classes, ACrashNeverHasToCome) {
  for (const char* waits : {"lockstep.recv()", "lockstep.recv(5)"})
    expect_each_class_once(
        fmt::format("local p1 = lockstep.spawn_link(function() end)\n"
                    "local p2 = lockstep.spawn(function() {} end)\n"
                    "local p3 = lockstep.spawn_link(function() end)\n"
                    "require('lockstep.cluster').faults({{ crash = {{ p1, p2 }}, crashes = 2 }})\n",
                    waits));
}

// Nothing waits for a crash, so it may also come when time has passed. Of two that are possible
// only one comes.
TEST(Classes, ACrashMayWaitForTimersAndNobodyWaitsForIt) {
  const std::string two =
      "cluster.start_nodes({ 'a', 'b' })\n"
      "local p = cluster.spawn('a', function() lockstep.sleep(5) end)\n"
      "local q = cluster.spawn('b', function() lockstep.sleep(5) lockstep.yield() end)\n"
      "cluster.faults({ crash = { p, q } })\n"
      "lockstep.sleep(1000)\n";
  expect_each_class_once(two);
  expect_each_class_once(
      "cluster.start_nodes({ 'a' })\n"
      "local p = cluster.spawn('a', function() lockstep.yield() end)\n"
      "cluster.spawn('a', function() lockstep.spawn_link(function() end) end)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.sleep(1000)\n");
}

// That faults are declared makes them possible, so none of them could come before it; that the
// message arrives could.
TEST(Classes, AFaultDoesNotRaceWithItsFirstDeclaration) {
  const std::string send =
      "cluster.start_nodes({ 'a', 'b' })\n"
      "local p = cluster.spawn('a', function() end)\n"
      "cluster.spawn('b', function() lockstep.send(p, 1) end)\n";
  const std::string more = "lockstep.sleep(60000)\n";
  expect_each_class_once(send + "cluster.faults({ loss = 1 })\n" + more);
  expect_each_class_once(send + "cluster.faults({ loss = 1, duplicate = 1 })\n" + more);
  // With the second one it does.
  expect_each_class_once(send + "cluster.faults({ loss = 1 })\n" +
                         "cluster.faults({ loss = 2 })\n" + more);
}

// A message is lost, doubled or arrives, and one fault at most of a kind: what one of them rules
// out is not explored after it.
TEST(Classes, WhatIsTakenAwayCannotComeLater) {
  const std::string echo =
      "cluster.start_nodes({ 'a' })\n"
      "local me = lockstep.self()\n"
      "local p = cluster.spawn('a', function()\n"
      "  for _ = 1, 2 do lockstep.send(me, lockstep.recv()) end\n"
      "end)\n"
      "cluster.faults({ loss = 1, duplicate = 1 })\n"
      "lockstep.send(p, 1)\n"
      "lockstep.send(p, 2)\n"
      "lockstep.recv(5)\n";
  const Seen referee = all_of("sleep", program_of(echo), "p"),
             dpor = all_of("dpor", program_of(echo), "p");
  EXPECT_TRUE(referee.complete && dpor.complete);
  EXPECT_EQ(dpor.classes(), referee.classes());
  EXPECT_EQ(dpor.outcomes, referee.outcomes);
}

// Of one message's arrival and the loss of the other, both are explored with a doubling that comes
// first; what has to come before that one shows only in what follows.
TEST(Classes, WhatSeemsExploredIsLookedAtWithAllThatFollows) {
  expect_each_class_once(
      "cluster.start_nodes({ 'a', 'b' })\n"
      "local p = cluster.spawn('a', function() lockstep.recv() end)\n"
      "local q = cluster.spawn('b', function() lockstep.recv() lockstep.yield() end)\n"
      "cluster.faults({ loss = 1, duplicate = 1 })\n"
      "lockstep.send(p, 1)\n"
      "lockstep.send(q, 2)\n"
      "lockstep.sleep(1000)\n");
}

// Parts of one search give executions up in favour of each other, but no class. What they leave out
// shows only where there is much to share.
void expect_parts_are_the_whole(const vm::Program& program, const std::string& scenario,
                                std::initializer_list<uint64_t> slices) {
  SCOPED_TRACE(scenario);
  const Seen whole = all_of("dpor", program, scenario, {}, {}, 200'000, -1, true);
  EXPECT_TRUE(whole.complete);
  EXPECT_GT(whole.executions, 5'000u);
  for (const uint64_t slice : slices) {
    const Seen parts = all_of_parts(program, scenario, slice, {}, 200'000);
    EXPECT_TRUE(parts.complete);
    EXPECT_EQ(parts.fingerprints, whole.fingerprints) << slice;
    EXPECT_EQ(parts.classes(), whole.classes()) << slice;
  }
}

TEST(Classes, OfPartsAreThoseOfTheWhole) {
  expect_parts_are_the_whole(
      program_of("local n, atomics = 11, lockstep.atomics\n"
                 "local a = atomics.new(n + 1)\n"
                 "lockstep.spawn(function()\n"
                 "  for i = n, 0, -1 do if atomics.get(a, i + 1) == 0 then break end end\n"
                 "end)\n"
                 "for i = 1, n do\n"
                 "  lockstep.spawn(function() atomics.put(a, i + 1, atomics.get(a, i) + 1) end)\n"
                 "end\n"),
      "p", {50, 300});
}

// The first is exact, in the second crashes change what others touch.
TEST(Classes, OfPartsOfNodesAreThoseOfTheWhole) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "too slow";
#endif
  const auto fixed = [](const char* file) {
    return vm::Program::from_file(
        fmt::format("{}/scenarios/fixed/{}.lua", LOCKSTEP_SOURCE_DIR, file));
  };
  expect_parts_are_the_whole(fixed("kv_partition"),
                             "a replicated store under a partition, repaired", {512, 4096});
  expect_parts_are_the_whole(fixed("raft_election"), "Raft election, voters counted", {512});
}

// A node may crash while one of its processes has just parked, or none runs: with saved states one
// or the other.
TEST(Classes, ACrashOfANodeDoesNotDependOnWhoseStackItIsPerformed) {
  expect_each_class_once(
      "cluster.start_nodes({ 'a' })\n"
      "cluster.spawn('a', function() lockstep.yield() lockstep.yield() end)\n"
      "cluster.spawn('a', function() lockstep.yield() end)\n"
      "cluster.faults({ crash_nodes = { 'a' } })\n"
      "lockstep.yield()\n"
      "lockstep.sleep(1000)\n");
}

class RandomClasses : public testing::TestWithParam<Setting> {};

TEST_P(RandomClasses, AreThoseOfAllExecutionsEachOnce) {
  const Setting& kind = GetParam();
  const SmallPrograms small{.seed = 53,
                            .wanted = kind.racy     ? 20
                                      : kind.faults ? 40
                                      : kind.nodes  ? 100
                                      : kind.async  ? 150
                                                    : 300,
                            .machine = kind.machine(),
                            .least = 2};
  each_of(
      small, [&](Prng& rng) { return random_program(rng, kind); },
      [&](const vm::Program& program, const Seen& naive) {
        expect_each_class_once(program, small.machine, naive);
      });
}

// As above, of all that there is, with fewer steps.
TEST_P(RandomClasses, OfEverythingAreThoseOfAllExecutions) {
  const Setting& kind = GetParam();
  SmallPrograms small{
      .seed = 59, .wanted = 10, .machine = kind.machine(), .least = 2, .most = 1000};
  if (kind.racy) small.wanted = 2, small.most = 20'000;
  each_of(
      small,
      [&](Prng& rng) {
        const uint32_t n = kind.racy ? 2 : 2 + rng.below(2);
        return random_steps(rng, kind, n, kind.racy ? 1 : n == 2 ? 3 : 2);
      },
      [&](const vm::Program& program, const Seen& naive) {
        expect_each_class_once(program, small.machine, naive);
      });
}

INSTANTIATE_TEST_SUITE_P(Proof, RandomClasses,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "nodes", .nodes = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true}),
                         setting_name);

// What a kill makes impossible could also have come after what others do without it: in a part that
// begins with the kill nothing else leads there.
TEST(Classes, AStepThatAKillPreventedAfterWhatFollowsTheKill) {
  expect_each_class_once(
      "local pids = {}\n"
      "pids[1] = lockstep.spawn(function()\n"
      "  local all = lockstep.recv_first({ 'all', lockstep.any })[2]\n"
      "  lockstep.exit(all[3], 'boom')\n"
      "  pcall(ets.give_away, 't1', all[2], 'given')\n"
      "end)\n"
      "pids[2] = lockstep.spawn(function() lockstep.recv_first({ 'all', lockstep.any }) end)\n"
      "pids[3] = lockstep.self()\n"
      "for p = 1, 2 do lockstep.send(pids[p], { 'all', pids }) end\n"
      "lockstep.sleep(60000)\n");
}

// A process that ends takes the timers with it that would have sent to it: where time may pass at
// any moment, what commutes with its end need not commute with what that makes impossible.
TEST(Classes, ATimerThatItsReceiversEndTakesAway) {
  vm::MachineOptions racy;
  racy.timers = vm::TimerMode::racy;
  expect_each_class_once(
      "lockstep.spawn(function() lockstep.now() end)\n"
      "local p = lockstep.spawn(function() lockstep.send_after(lockstep.recv(), 'late', 10) end)\n"
      "lockstep.send(p, p)\nlockstep.sleep(60000)\n",
      racy);
}

}  // namespace
}  // namespace lockstep
