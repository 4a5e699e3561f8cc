// dpor and the state cache reach the outcomes of the naive search where time may pass at any
// moment: what a process reads of the clock, and which of two timers is due first, depends on what
// has fired before.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>

#include "tests/vm/each_class.h"
#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

// Two or three processes of a few operations each, which write down what they saw at once.
std::string random_timers(Prng& rng) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog + "lockstep.register('root', lockstep.self())\n";
  const auto operation = [&](uint32_t p) {
    const char* to = rng.below(2) ? "a" : "b";
    const uint32_t ms = 5 * rng.below(3) + 5 * rng.below(2);
    switch (rng.below(12)) {
      case 0:
      case 1:
        s += "  note(lockstep.now())\n";
        break;
      case 2:
        s += fmt::format("  lockstep.sleep({})\n  note('slept')\n", 5 + 5 * rng.below(2));
        break;
      case 3:
      case 4:
        s += fmt::format("  note(lockstep.recv({}))\n", ms);
        break;
      case 5:
        s +=
            fmt::format("  if {0} then lockstep.send({0}, 's{1}') end\n", to, rng.below(2) ? p : 0);
        break;
      case 6:
      case 7:
        s += fmt::format(
            "  if {0} then\n    ref = lockstep.send_after({0}, 't{1}', {2}{3})\n"
            "    ets.insert(log, {{ 'ref{1}', ref }})\n  end\n",
            rng.below(6) ? to : "'root'", p, ms, rng.below(4) ? "" : ", { abs = true }");
        break;
      case 8:
      case 9:
        s += fmt::format(
            "  do\n    local r = ets.lookup(log, 'ref{}')[1]\n"
            "    if r then note(lockstep.{}_timer(r[2])) end\n  end\n",
            1 + rng.below(n), rng.below(3) ? "cancel" : "read");
        break;
      case 10:
        s += fmt::format(
            "  if {0} and {0} ~= lockstep.self() then lockstep.exit({0}, 'kill') end\n", to);
        break;
      default:
        s += "  note(lockstep.recv(0))\n";
    }
  };
  for (uint32_t p = 1; p <= n; p++) {
    s += begin_process(p, nullptr, "lockstep.spawn_monitor(");
    const uint32_t steps = 1 + rng.below(n == 2 ? 3 : 2);
    for (uint32_t i = 0; i < steps; i++) operation(p);
    s += kEndProcess;
  }
  // The root waits for all to end, without a limit of its own.
  s += fmt::format(
      "local any = lockstep.any\nfor i = 1, {} do lockstep.recv_first({{ 'DOWN', any, any, any, "
      "any }}) end\n",
      n);
  return s + tell_log(n);
}

constexpr Reduce kAllReductions = {.equal_writes = true,
                                   .unused_increments = true,
                                   .unobserved_sends = true,
                                   .equal_messages = true};

class RacyTimers : public testing::TestWithParam<Setting> {};

TEST_P(RacyTimers, ReachTheOutcomesOfTheNaiveSearch) {
  const SmallPrograms small{
      .seed = 41, .wanted = 20, .machine = GetParam().machine(), .least = 2, .most = 5'000};
  uint64_t naive_sum = 0, dpor_sum = 0;
  each_of(small, random_timers, [&](const vm::Program& program, const Seen& naive) {
    const Seen dpor = all_of("dpor", program, "p", {}, small.machine);
    EXPECT_TRUE(dpor.complete);
    EXPECT_EQ(dpor.outcomes, naive.outcomes);
    EXPECT_LE(dpor.executions, naive.executions);
    EXPECT_EQ(all_of("dpor", program, "p", kAllReductions, small.machine).outcomes, naive.outcomes);
    EXPECT_EQ(all_of("cache", program, "p", {}, small.machine).outcomes, naive.outcomes);
    naive_sum += naive.executions;
    dpor_sum += dpor.executions;
  });
  EXPECT_LT(dpor_sum * 2, naive_sum);  // not by doing the same
}

INSTANTIATE_TEST_SUITE_P(
    Proof, RacyTimers,
    testing::Values(Setting{.name = "instant", .racy = true},
                    Setting{.name = "async", .async = true, .racy = true},
                    Setting{.name = "simultaneous", .simultaneous = true},
                    Setting{.name = "simultaneous_async", .async = true, .simultaneous = true}),
    setting_name);

// What each of these shows, and no other of them, was missed by dpor once.
struct Case {
  const char* name;
  const char* body;
  std::set<std::string> outcomes;
};
const Case kCases[] = {
    {"a process ends before the timer that would send to it fires",
     "local p = lockstep.spawn(function() end)\n"
     "lockstep.send_after(p, 'late', 5)\n"
     "error(lockstep.now(), 0)\n",
     {"assertion 0", "assertion 5"}},
    {"the clock is read, the timer fires, and then it is to be cancelled",
     "local ref = lockstep.send_after(lockstep.self(), 'late', 5)\n"
     "local p = lockstep.spawn(function(root)\n"
     "  lockstep.send(root, { 'left', lockstep.cancel_timer(ref) })\nend, lockstep.self())\n"
     "local now = lockstep.now()\n"
     "local m = lockstep.recv_first({ 'left', lockstep.any })\n"
     "error(now .. ' ' .. tostring(m[2]), 0)\n",
     {"assertion 0 5", "assertion 0 false", "assertion 5 false"}},
    {"a limit begins after one that is over earlier, and is never at the head",
     "local p = lockstep.spawn(function(root)\n"
     "  lockstep.send(root, tostring(lockstep.recv(10)))\nend, lockstep.self())\n"
     "lockstep.send(p, 'first')\n"
     "lockstep.sleep(5)\n"
     "error(lockstep.recv(), 0)\n",
     {"assertion first", "assertion nil"}},
    {"a limit is over before an earlier timer starts that sends to the same process",
     "local p = lockstep.spawn(function(root)\n"
     "  lockstep.send(root, tostring(lockstep.recv(15)))\nend, lockstep.self())\n"
     "local now = lockstep.now()\n"
     "lockstep.send_after(p, 'sent', 5)\n"
     "error(now .. ' ' .. lockstep.recv(), 0)\n",
     {"assertion 0 nil", "assertion 0 sent", "assertion 15 nil"}},
    {"timers of one process for itself, started in the order in which they are due",
     "local me = lockstep.self()\n"
     "lockstep.send_after(me, 'a', 10)\nlockstep.send_after(me, 'b', 20)\n"
     "error(lockstep.recv() .. lockstep.recv(), 0)\n",
     {"assertion ab"}},
    {"... in the other order: time may pass between the starts",
     "local me = lockstep.self()\n"
     "lockstep.send_after(me, 'b', 20)\nlockstep.send_after(me, 'a', 10)\n"
     "error(lockstep.recv() .. lockstep.recv(), 0)\n",
     {"assertion ab", "assertion ba"}},
    {"... the first of them cancelled by somebody else",
     "local me = lockstep.self()\n"
     "local a = lockstep.send_after(me, 'a', 10)\nlockstep.send_after(me, 'b', 20)\n"
     "lockstep.spawn(function() lockstep.cancel_timer(a) end)\n"
     "error(lockstep.recv() .. tostring(lockstep.recv(0)), 0)\n",
     {"assertion ab", "assertion anil", "assertion bnil"}},
    {"timers of different processes: each is late by as much as it happens to be",
     "local me = lockstep.self()\n"
     "lockstep.spawn(function() lockstep.send_after(me, 'a', 10) end)\n"
     "lockstep.spawn(function() lockstep.send_after(me, 'b', 1000) end)\n"
     "error(lockstep.recv() .. lockstep.recv(), 0)\n",
     {"assertion ab", "assertion ba"}},
    {"who was asked to wait did, by the asker's time, whatever else has fired",
     "local me = lockstep.self()\n"
     "lockstep.spawn(function() lockstep.sleep(1000) end)\n"
     "local p = lockstep.spawn(function() lockstep.recv() lockstep.sleep(10) lockstep.send(me, 1) "
     "end)\n"
     "local from = lockstep.now()\nlockstep.send(p, 'wait')\nlockstep.recv()\n"
     "error(lockstep.now() - from >= 10, 0)\n",
     {"assertion true"}},
    {"two equal words, of which one tells that time has passed",
     "local me = lockstep.self()\n"
     "local p = lockstep.spawn(function()\n"
     "  lockstep.recv() lockstep.send_after(lockstep.self(), 'late', 10)\n"
     "  lockstep.recv_first('late') lockstep.send(me, lockstep.now())\nend)\n"
     "local function tell() lockstep.recv() lockstep.send(p, 'word') end\n"
     "local slow, quick = lockstep.spawn(tell), lockstep.spawn(tell)\n"
     "lockstep.send(quick, 1) lockstep.sleep(5) lockstep.send(slow, 1)\n"
     "error(lockstep.recv(), 0)\n",
     {"assertion 10", "assertion 15"}},
};

TEST(Timers, WhatTimeMayPassBetween) {
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  for (const Case& c : kCases)
    for (const char* strategy : {"dfs", "sleep", "dpor", "cache", "dpor, reduced"}) {
      const bool reduced = std::strchr(strategy, ',');
      const Seen seen = all_of(reduced ? "dpor" : strategy, program_of(c.body), "p",
                               reduced ? kAllReductions : Reduce{}, machine);
      if (!seen.complete && std::strcmp(strategy, "dfs") == 0) continue;
      EXPECT_EQ(seen.outcomes, c.outcomes) << c.name << ", " << strategy;
    }
}

// One that could still fire is something that could still happen, whether or not it was offered yet
// and whoever else can go: the root's end was an operation in one order of independent steps, and
// none in the other, which alone was executed.
TEST(Timers, OneThatTheRootHasJustStartedMayFireBeforeTheRootEnds) {
  const std::string before =
      "local me = lockstep.self()\n"
      "lockstep.spawn(function() lockstep.send(me, 1) end)\n";
  const std::string after[] = {
      "lockstep.recv()\n"
      "lockstep.spawn(function() lockstep.recv(1) lockstep.cover('late') end)\n",
      "local q = lockstep.spawn(function() lockstep.recv() lockstep.cover('late') end)\n"
      "lockstep.recv()\n"
      "lockstep.send_after(q, 'x', 0)\n"};
  for (const auto timers : {vm::TimerMode::racy, vm::TimerMode::simultaneous})
    for (const std::string& body : after) {
      if (timers == vm::TimerMode::simultaneous && &body == &after[0]) continue;  // due later
      vm::MachineOptions machine;
      machine.timers = timers;
      for (const char* strategy : {"dfs", "sleep", "dpor", "cache"}) {
        const Seen seen =
            all_of(strategy, program_of(before + body), "p", {}, machine, 60'000, -1, false, false);
        EXPECT_TRUE(seen.complete);
        EXPECT_TRUE(seen.goals.contains("late")) << strategy << "\n" << body;
      }
    }
}

// Nobody looks at the time, so nothing orders them: Concuerror has one execution of the first, and
// 48 of the second with three clients: 3! orders at the server, and for each client its time-out
// before the answer or not. One clock for all, that each firing wrote, made 2,491 and 4,008 classes
// of them.
TEST(Timers, NoClockOrdersWhatDifferentProcessesWaitFor) {
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  const auto classes = [&](const std::string& body) {
    const Seen seen = all_of("dpor", program_of(body), "p", {.unobserved_sends = true}, machine);
    EXPECT_TRUE(seen.complete);
    return seen.classes();
  };
  EXPECT_EQ(
      classes("local ps = {}\n"
              "for i = 1, 5 do _, ps[i] = lockstep.spawn_monitor(function() lockstep.recv(10) "
              "end) end\n"
              "for i = 1, 5 do lockstep.recv_first({ 'DOWN', ps[i], lockstep.any, "
              "lockstep.any, lockstep.any }) end\n"),
      1u);
  uint64_t expected = 1;
  for (uint64_t n = 1; n <= 4; n++) {
    expected *= 2 * n;
    EXPECT_EQ(classes(fmt::format(
                  "local me, ps = lockstep.self(), {{}}\n"
                  "local server = lockstep.spawn(function()\n"
                  "  while true do local m = lockstep.recv() lockstep.send(m, 'ok') end\nend)\n"
                  "for i = 1, {0} do\n  ps[i] = lockstep.spawn(function()\n"
                  "    lockstep.send(server, lockstep.self()) lockstep.recv(100)\n"
                  "    lockstep.send(me, {{ 'done', lockstep.self() }})\n  end)\nend\n"
                  "for i = 1, {0} do lockstep.recv_first({{ 'done', ps[i] }}) end\n",
                  n)),
              expected)
        << n;
  }
}

// Timers go with the root that was killed, whatever was due first. Four of 31 classes were missing
// when one due order held for all timers.
TEST(Timers, ATimerThatEndsInItsTurnMightHaveFiredHadTheEarlierOneGoneSooner) {
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  expect_each_class_once(
      "local root = lockstep.self()\n"
      "local b = lockstep.spawn(function() lockstep.recv() lockstep.send_after(root, 'late', 10) "
      "end)\n"
      "lockstep.spawn(function() lockstep.send_after(b, 'late', 5, { abs = true }) end)\n"
      "lockstep.send(b, 'go')\n"
      "lockstep.exit(root, 'kill')\n",
      machine);
}

// The exit signal takes one timer away, and another of somebody else stays. One class was missing
// when one due order held for all timers.
TEST(Timers, WhatTookTheEarlierTimerAwayIsTheFirstThatCould) {
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  expect_each_class_once(
      "local root = lockstep.self()\n"
      "lockstep.spawn(function() lockstep.send_after(root, 'late', 5, { abs = true }) end)\n"
      "lockstep.spawn(function() lockstep.sleep(10) end)\n"
      "lockstep.exit(root, 'kill')\n",
      machine);
}

// Who has timed out may send before the other does, killed afterwards or not: the way there goes
// through executions in which all that can go sleeps, and which mail decides. "BA" was missing.
TEST(Timers, ExecutionsThatAreSleepSetBlockedAreLookedAtWhereMailDecides) {
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  const vm::Program program = program_of(
      "local root = lockstep.self()\n"
      "lockstep.spawn(function() lockstep.send(root, 'A') end)\n"
      "local p = lockstep.spawn(function() lockstep.recv(5) lockstep.send(root, 'B') end)\n"
      "lockstep.exit(p, 'kill')\n"
      "error(lockstep.recv() .. lockstep.recv(), 0)\n");
  const auto outcomes = [&](const char* strategy, const Reduce& reduce) {
    return all_of(strategy, program, "p", reduce, machine, 60'000, -1, false, false).outcomes;
  };
  const std::set<std::string> naive = outcomes("dfs", {});
  EXPECT_TRUE(naive.contains("assertion AB") && naive.contains("assertion BA"));
  EXPECT_EQ(outcomes("dpor", {}), naive);
  EXPECT_EQ(outcomes("dpor", {.unobserved_sends = true}), naive);
  EXPECT_EQ(outcomes("dpor", {.equal_messages = true}), naive);
}

}  // namespace
}  // namespace lockstep
