// Reductions that look at messages, on the real machine: the outcomes of the naive search on random
// programs, and the numbers of classes of published programs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/vm/random_programs.h"
#include "tests/vm/search_of.h"

namespace lockstep {
namespace {

constexpr Reduce kObserved = {.unobserved_sends = true};
constexpr Reduce kEqual = {.equal_messages = true};
constexpr Reduce kBoth = {.unobserved_sends = true, .equal_messages = true};

// Processes that send each other a few kinds of messages and receive them in every way there is;
// each writes down what it saw, and the root tells it all when nothing else can happen.
std::string random_mail(Prng& rng) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog + "local t = ets.new('t', { 'public' })\nets.insert(t, { 'x', 0 })\n";
  for (uint32_t p = 1; p <= n; p++) {
    s += begin_process(p);
    if (p > 1 && rng.below(4) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 5 : 3);
    for (uint32_t i = 0; i < steps; i++) {
      const char* to = p == 1 || rng.below(4) == 0 ? "lockstep.self()" : rng.below(3) ? "a" : "b";
      const uint32_t value = 1 + rng.below(2);
      switch (rng.below(16)) {
        case 0:
          s += fmt::format("  note(lockstep.recv_first({}, {}))\n", value, rng.below(2) * 5);
          break;
        case 1:
          s += fmt::format("  note(lockstep.recv_first({}))\n", value);
          break;
        case 2:
          s += "  note(lockstep.recv())\n";
          break;
        case 3:
          s += fmt::format("  note(lockstep.recv_first(function(m) return m == {} end, {}))\n",
                           value, rng.below(2) * 5);
          break;
        case 4:
          s += "  note(lockstep.recv(0))\n";
          break;
        case 5:
          s += "  note(lockstep.process_info(lockstep.self(), 'message_queue_len'))\n";
          break;
        case 6:
          s +=
              "  for _, m in ipairs(lockstep.process_info(lockstep.self(), 'messages')) do note(m) "
              "end\n";
          break;
        case 7:
          s += "  note(ets.lookup_element(t, 'x', 2))\n";
          break;
        case 8:
          s += "  ets.insert(t, { 'x', 1 })\n";
          break;
        case 9:
          s += fmt::format("  if {0} then ref = lockstep.monitor({0}) end\n", to);
          break;
        case 10:
          s += rng.below(2) ? fmt::format("  if {0} then pcall(lockstep.link, {0}) end\n", to)
                            : fmt::format("  if {0} then lockstep.exit({0}, 'boom') end\n", to);
          break;
        default:
          s += fmt::format("  if {0} then lockstep.send({0}, {1}) end\n", to, value);
      }
    }
    s += kEndProcess;
  }
  return s + tell_all(n);
}

void compare_random(const vm::MachineOptions& machine, uint64_t seed, int most) {
  int differ = 0;
  uint64_t all = 0, fewer = 0, repeated = 0;
  const int programs = each_of({.seed = seed, .wanted = most, .machine = machine}, random_mail,
                               [&](const vm::Program& program, const Seen& naive) {
                                 const Seen dpor = all_of("dpor", program, "p", {}, machine);
                                 EXPECT_EQ(dpor.outcomes, naive.outcomes);
                                 differ += dpor.executions != naive.fingerprints.size();
                                 for (const Reduce& reduce : {kObserved, kEqual, kBoth}) {
                                   const Seen less = all_of("dpor", program, "p", reduce, machine);
                                   EXPECT_TRUE(less.complete);
                                   EXPECT_EQ(less.outcomes, naive.outcomes)
                                       << reduce.unobserved_sends << reduce.equal_messages;
                                   EXPECT_LE(less.classes(), dpor.classes());
                                   all += dpor.classes();
                                   fewer += less.classes();
                                   repeated += less.blocked + less.redundant;
                                 }
                               });
  EXPECT_LT(fewer, all);  // the switches do something
  EXPECT_LT(repeated, fewer);
  EXPECT_LE(differ * 10, programs);  // links and monitors, see proof_test.cpp
}

TEST(Observers, RandomProgramsReachTheOutcomesOfTheNaiveSearch) { compare_random({}, 12, 60); }

TEST(Observers, RandomProgramsReachTheOutcomesOfTheNaiveSearchWhenMessagesTravel) {
  compare_random({.async_delivery = true}, 13, 30);
}

// The order of messages that nobody takes is seen by who lists them.
TEST(Observers, ListsOfMessagesTellTheirOrder) {
  for (const bool own : {true, false}) {
    const vm::Program program = program_of(fmt::format(
        "local me = lockstep.self()\n"
        "local function other() lockstep.send(me, 1) end\n"
        "lockstep.spawn(other)\n{}\nlockstep.sleep(1)\n"
        "error(table.concat(lockstep.process_info(me, 'messages')), 0)\n",
        own ? "lockstep.send(me, 2) lockstep.send(me, 3)"
            : "lockstep.spawn(function() lockstep.send(me, 2) lockstep.send(me, 3) end)"));
    const std::set<std::string> orders = {"assertion 123", "assertion 213", "assertion 231"};
    for (const Reduce& reduce : {kObserved, kEqual, kBoth})
      EXPECT_EQ(all_of("dpor", program, "p", reduce).outcomes, orders);
    EXPECT_EQ(all_of("dfs", program, "p").outcomes, orders);
  }
}

// What is sent after an exit signal waits behind it: the end of the inner process, and the signal
// that ends who watches it, are not two messages. By hand: the value is read as 1, the DOWN is
// taken, and only then the signal is handled.
TEST(Observers, AnExitSignalIsNoMessage) {
  const vm::Program program = program_of(
      "local atomics = require 'lockstep.atomics'\n"
      "local at = atomics.new(1)\n"
      "local watching = lockstep.spawn_monitor(function()\n"
      "  local me = lockstep.self()\n"
      "  lockstep.spawn_monitor(function() end)\n"
      "  lockstep.spawn(function() lockstep.exit(me, 'x') atomics.put(at, 1, 1) end)\n"
      "  local seen = atomics.get(at, 1)\n"
      "  lockstep.recv()\n"
      "  if seen == 1 then lockstep.exit('hit') end\n"
      "end)\n"
      "error(lockstep.recv()[5], 0)\n");
  const Seen naive = all_of("dfs", program, "p");
  EXPECT_TRUE(naive.outcomes.contains("assertion hit")) << "the program is not what it should be";
  for (const Reduce& reduce : {Reduce{}, kObserved, kEqual, kBoth})
    EXPECT_EQ(all_of("dpor", program, "p", reduce).outcomes, naive.outcomes);
}

// Concuerror's programs, instant delivery. It counts with observers (optimal DPOR with observers,
// Aronis et al. 2018), which is `observed`; where ours differs, why. Plain: a mailbox keeps the
// order of all that enters it; by hand.
struct Published {
  const char* name;
  uint64_t plain, observed;
};
const Published kPublished[] = {
    {"indifferent_senders", 6, 1},    // 3! orders of the sends
    {"independent_receivers", 2, 2},  //
    {"no_observers", 2, 1},           // published 2 without and 1 with patterns
    {"same_messages", 2, 2},          //
    {"same_messages_2", 6, 4},        // C(4, 2) ways to mix two and two sends
    {"send_it_ets", 4, 4},            // of two equal messages one follows the insert
    {"diff_obs", 120, 5},             // 5! orders of four sends and a poll
    {"messages_1", 12, 3},            // 3 orders of the sends, the poll at 4 places
    {"messages_2", 12, 3},            //
    {"receive_order_1", 2, 1},        // 2! orders of the sends
    {"receive_order_2", 2, 1},        //
    {"receive_order_3", 3, 1},        // one send among two
    {"proxy", 2, 2},                  // with 100 proxies
    {"proxy2", 2, 2},                 //
    {"dep_unobs", 36, 5},       // 4! sends; insert and lookup free where the sends permit: half
    {"indep_unobs", 36, 5},     //
    {"dep_obs", 180, 4},        // 6! / 2! / 2! orders of the sends
    {"indep_obs", 180, 4},      //
    {"demonitor_plain", 3, 3},  // the end before, between and after
    {"demonitor_flush", 3, 3},  // published 2: an end before a flush and one after are one there
    {"demonitor_flush_info", 3, 3},  //
    {"demonitor_info", 3, 3},        // published 4: a DOWN may be on its way there
    {"register_again", 6, 6},        //
    {"after_poll", 6, 6},  // not published: the send before one of five polls, or after all
};

TEST(Observers, PublishedActorPrograms) {
  const vm::Program program =
      vm::Program::from_file(LOCKSTEP_SOURCE_DIR "/tests/vm/golden/actors.lua");
  EXPECT_EQ(std::size(kPublished), program.scenarios().size());
  for (const Published& p : kPublished) {
    SCOPED_TRACE(p.name);
    const Seen plain = all_of("dpor", program, p.name),
               observed = all_of("dpor", program, p.name, kObserved);
    EXPECT_TRUE(plain.complete && observed.complete);
    EXPECT_EQ(plain.classes(), p.plain);
    EXPECT_EQ(observed.classes(), p.observed);
    EXPECT_EQ(observed.outcomes, plain.outcomes);
    const Seen naive = all_of("dfs", program, p.name, {}, {}, 5'000);
    EXPECT_TRUE(!naive.complete || naive.outcomes == observed.outcomes);
  }
}

// Each class fails, and is counted as one that does: also the one in which it shows that messages
// are told apart, with which the search begins anew.
TEST(Observers, WhatAlwaysFailsFailsInEachClass) {
  const vm::Program program = program_of(
      "local log = ets.new('log', { 'public' })\n"
      "local function who(n, f)\n"
      "  return lockstep.spawn(function()\n"
      "    lockstep.flag('trap_exit', true)\n"
      "    ets.insert(log, { n, pcall(lockstep.unregister, 'y') })\n"
      "    if f then f() end\n  end)\nend\n"
      "who(1)\n"
      "local b = who(2, function() ets.insert(log, { 2, (lockstep.recv(0)) }) end)\n"
      "lockstep.spawn(function() pcall(lockstep.link, b) end)\n"
      "lockstep.sleep(60000)\nerror('always', 0)\n");
  for (const bool async : {false, true}) {
    vm::MachineOptions machine;
    machine.async_delivery = async;
    const Searched search = search_of(program, machine, "dpor", kAll);
    const ExploreResult r = explore(search.factory, search.options);
    EXPECT_TRUE(r.exhausted);
    ASSERT_EQ(r.findings.size(), 1u);
    EXPECT_EQ(r.findings[0].times, r.iterations - r.blocked) << async;
  }
}

}  // namespace
}  // namespace lockstep
