// Proofs on the real machine: dpor, its reductions and its parts reach the outcomes that the naive
// search reaches, on random programs and on programs whose numbers of classes are known.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/explore/explorer.h"
#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

// A few operations on two keys, two mailboxes, a name and a clock; each process writes down what it
// saw, and the root tells it all when nothing else can happen.
std::string random_body(Prng& rng) {
  const uint32_t n = 2 + rng.below(2);
  std::string s =
      "local t = ets.new('t', { 'public' })\nets.insert(t, { 'x', 0 })\nets.insert(t, { 'y', 0 "
      "})\n" +
      kLog;
  for (uint32_t p = 1; p <= n; p++) {
    s += "pids[" + std::to_string(p) +
         "] = lockstep.spawn(function(a, b)\n  local saw = ''\n"
         "  local function note(v) saw = saw .. ' ' .. tostring(v) end\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 3);
    for (uint32_t i = 0; i < steps; i++) {
      const char key = static_cast<char>('x' + rng.below(2));
      const uint32_t value = 1 + rng.below(2);
      const char* to = rng.below(2) ? "a" : "b";
      switch (rng.below(12)) {
        case 0:
        case 1:
          s += fmt::format("  ets.insert(t, {{ '{}', {} }})\n", key, value);
          break;
        case 2:
        case 3:
          s += fmt::format("  note(ets.lookup_element(t, '{}', 2))\n", key);
          break;
        case 4:
          s += fmt::format("  ets.update_counter(t, '{}', {})\n", key, value);
          break;
        case 5:
          s += fmt::format("  note(ets.update_counter(t, '{}', 1))\n", key);
          break;
        case 6:
        case 7:
          s += fmt::format("  if {0} then lockstep.send({0}, {1}) end\n", to, value);
          break;
        case 8:
          s += "  note(lockstep.recv(0))\n";
          break;
        case 9:
          s += fmt::format("  note(lockstep.recv_first({}, {}))\n", value, rng.below(2) * 5);
          break;
        case 10:
          s += "  note(pcall(lockstep.register, 'name', lockstep.self()))\n";
          break;
        default:
          s += rng.below(2) ? "  note(lockstep.choose(2))\n"
                            : "  note(lockstep.whereis('name') ~= nil)\n";
      }
    }
    s += fmt::format("  ets.insert(log, {{ {}, saw }})\nend, pids[1], pids[2])\n", p);
  }
  return s + tell_all(n,
                      " .. ' x' .. ets.lookup_element(t, 'x', 2) .. ' y' .. "
                      "ets.lookup_element(t, 'y', 2)");
}

constexpr Reduce kEach[] = {{.equal_writes = true},
                            {.unused_increments = true},
                            {.equal_writes = true, .unused_increments = true}};

// dpor, and the search that visits each state once.
Seen expect_outcomes(const vm::Program& program, const Seen& naive) {
  Seen dpor = all_of("dpor", program, "p");
  EXPECT_TRUE(dpor.complete);
  EXPECT_EQ(dpor.outcomes, naive.outcomes);
  const Seen once = all_of("cache", program, "p");
  EXPECT_TRUE(once.complete);
  EXPECT_EQ(once.outcomes, naive.outcomes);
  return dpor;
}

TEST(Proof, RandomProgramsReachTheOutcomesOfTheNaiveSearch) {
  int reduced_more = 0;
  each_of({.seed = 7, .wanted = 50}, random_body,
          [&](const vm::Program& program, const Seen& naive) {
            const Seen dpor = expect_outcomes(program, naive);
            EXPECT_EQ(dpor.executions, naive.fingerprints.size());
            for (const Reduce& reduce : kEach) {
              const Seen less = all_of("dpor", program, "p", reduce);
              EXPECT_TRUE(less.complete);
              EXPECT_EQ(less.outcomes, naive.outcomes);
              EXPECT_LE(less.executions - less.blocked, dpor.executions);
              reduced_more += less.executions < dpor.executions;
            }
          });
  EXPECT_GT(reduced_more, 0);  // the switches do something
}

// Processes that end, and others that link to, monitor, poll and kill them.
std::string random_ends(Prng& rng) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog;
  for (uint32_t p = 1; p <= n; p++) {
    s += begin_process(p);
    if (rng.below(2)) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 2);
    for (uint32_t i = 0; i < steps; i++) {
      const char* to = rng.below(2) ? "a" : "b";
      switch (rng.below(9)) {
        case 0:
        case 1:
          s += fmt::format("  if {0} then ref = lockstep.monitor({0}) end\n", to);
          break;
        case 2:
          s += "  if ref then note(lockstep.demonitor(ref, { info = true })) end\n";
          break;
        case 3:
          s += fmt::format("  if {0} then note(pcall(lockstep.link, {0})) end\n", to);
          break;
        case 4:
          s += fmt::format("  if {0} then lockstep.exit({0}, 'boom') end\n", to);
          break;
        case 5:
          s += fmt::format("  if {0} then note(lockstep.alive({0})) end\n", to);
          break;
        case 6:
          s += "  ref = select(2, lockstep.spawn_monitor(function() end))\n";
          break;
        default:
          s += "  note(lockstep.recv(0))\n";
      }
    }
    s += kEndProcess;
  }
  return s + tell_all(n);
}

TEST(Proof, ProgramsOfEndsReachTheOutcomesOfTheNaiveSearch) {
  each_of({.seed = 11, .wanted = 50}, random_ends,
          [&](const vm::Program& program, const Seen& naive) {
            const Seen dpor = expect_outcomes(program, naive);
            EXPECT_LE(dpor.executions, naive.executions);
            EXPECT_EQ(dpor.classes(), naive.fingerprints.size());
          });
}

// A DOWN that a poll finds, does not find yet, or that its demonitor forestalls.
TEST(Proof, APollRacesWithTheEndThatTellsIt) {
  const vm::Program program = program_of(
      "local p, ref = lockstep.spawn_monitor(function() end)\n"
      "local down = lockstep.recv_first({ 'DOWN', ref, 'process', p, lockstep.any }, 0)\n"
      "if down then error('down', 0) end\n"
      "lockstep.demonitor(ref)\n"
      "error('left ' .. lockstep.process_info(lockstep.self(), 'message_queue_len'), 0)\n");
  const Seen dpor = all_of("dpor", program, "p");
  EXPECT_EQ(dpor.outcomes.size(), 3u);
  // The end comes first, or before the demonitor, or before process_info reads the mailbox, or
  // last.
  EXPECT_EQ(dpor.executions, 4u);
}

// What `tell` says of each execution that came to its end, where executions end as `machine` says.
template <class Tell>
std::set<std::string> ends_of(const char* strategy, const vm::Program& program,
                              const vm::MachineOptions& machine, const Tell& tell) {
  const auto system = vm::make_machine(program, "p", machine);
  const auto s = find_strategy(strategy)->make({});
  std::set<std::string> seen;
  for (uint64_t i = 0; s->begin(i, *system); i++) {
    if (!s->resumed()) system->begin(1, 0);
    const Outcome outcome = system->run(*s);
    s->end(outcome, *system);
    if (outcome.verdict != Verdict::stopped) seen.insert(tell(outcome));
  }
  return seen;
}
std::set<std::string> verdicts(const char* strategy, const vm::Program& program,
                               const vm::MachineOptions& machine = {}) {
  return ends_of(strategy, program, machine,
                 [](const Outcome& outcome) { return verdict_name(outcome.verdict); });
}

// Where executions go on after their root, its end is one like every other: its tables go with it.
TEST(Proof, TheRootsEndTakesItsTablesWithIt) {
  const vm::Program program = program_of(
      "local t = ets.new('t', { 'public' })\nets.insert(t, { 'x', 1 })\n"
      "lockstep.register('root', lockstep.self())\n"
      "lockstep.spawn(function()\n"
      "  local ok = pcall(ets.lookup_element, t, 'x', 2)\n"
      "  local there = lockstep.whereis('root') ~= nil\n"
      "  lockstep.exit((ok and 'table' or 'no table') .. (there and ' name' or ' no name'))\n"
      "end)\n");
  vm::MachineOptions machine;
  machine.drain = true;
  const auto outcomes = [&](const char* strategy) {
    return ends_of(strategy, program, machine, [](const Outcome& o) { return o.reason; });
  };
  // With both, without either, and the end between the two looks.
  EXPECT_EQ(outcomes("dfs").size(), 3u);
  EXPECT_EQ(outcomes("dpor"), outcomes("dfs"));
  EXPECT_EQ(outcomes("cache"), outcomes("dfs"));
}

// ... and each who is told of it is told in a step of its own: the first may act before the second
// is told, or after that.
TEST(Proof, TheRootsEndTellsEachInAStepOfItsOwn) {
  const vm::Program program = program_of(
      "local a = lockstep.atomics.new(1)\n"
      "lockstep.spawn_link(function()\n"
      "  lockstep.flag('trap_exit', true)\n  lockstep.recv()\n"
      "  lockstep.atomics.put(a, 1, 1)\nend)\n"
      "lockstep.spawn_link(function()\n"
      "  lockstep.flag('trap_exit', true)\n  lockstep.recv()\n"
      "  lockstep.exit(lockstep.atomics.get(a, 1) == 0 and 'early' or 'late')\nend)\n"
      "lockstep.sleep(10)\n");
  vm::MachineOptions machine;
  machine.drain = true;
  machine.async_delivery = true;
  const auto outcomes = [&](const char* strategy) {
    return ends_of(strategy, program, machine, [](const Outcome& o) { return o.reason; });
  };
  EXPECT_EQ(outcomes("dfs").size(), 2u);
  for (const char* strategy : {"sleep", "dpor", "cache"})
    EXPECT_EQ(outcomes(strategy), outcomes("dfs")) << strategy;
}

// The root's failure ends all else wherever it is, so it comes after all that is reversed: where
// receives are looked at, it covered what would have come before it. Killed before it sends, the
// child is told of; the default of verify said that this could not be. A class there is what the
// root saw before it failed: what others did meanwhile repeats it.
TEST(Proof, AFailureThatEndsAllCoversNothing) {
  const vm::Program program = program_of(
      "local root = lockstep.self()\n"
      "local p = lockstep.spawn_monitor(function() lockstep.send(root, 'm') end)\n"
      "lockstep.spawn(function() lockstep.exit(p, 'kill') end)\n"
      "local m = lockstep.recv(0)\nlockstep.yield()\n"
      "error(type(m) == 'table' and m[5] or tostring(m), 0)\n");
  const auto outcomes = [&](const char* strategy, const Reduce& reduce) {
    return all_of(strategy, program, "p", reduce, {}, 60'000, -1, false, false);
  };
  const Seen naive = outcomes("dfs", {});
  EXPECT_EQ(naive.outcomes.size(), 3u);
  for (const bool sends : {false, true}) {
    const Seen dpor = outcomes("dpor", {.unobserved_sends = sends});
    EXPECT_EQ(dpor.outcomes, naive.outcomes) << sends;
    EXPECT_EQ(dpor.blocked, 0u) << sends;
    EXPECT_GE(dpor.classes(), dpor.outcomes.size()) << sends;
  }
}

// A timer for a process that kills itself: started before the end, where it fires before that (and
// before or after the message that leads there is taken, which commutes) or never; or started after
// the end, so that there is none. The root's sleep ends whenever it likes. When one due order held
// for all timers these were 13 classes, for which the sleep had to be waited.
TEST(Proof, NoTimerHoldsBackThoseOfOthers) {
  const vm::Program program = program_of(
      "local a = lockstep.spawn(function()\n"
      "  lockstep.recv()\n  lockstep.exit(lockstep.self(), 'kill')\nend)\n"
      "local b = lockstep.spawn(function()\n"
      "  lockstep.recv()\n  lockstep.send_after(a, 'late', 5, { abs = true })\nend)\n"
      "lockstep.send(a, 1)\nlockstep.send(b, 1)\nlockstep.sleep(60000)\n");
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::racy;
  const Seen naive = all_of("dfs", program, "p", {}, machine);
  EXPECT_TRUE(naive.complete);
  EXPECT_EQ(all_of("dpor", program, "p", {}, machine).classes(), naive.fingerprints.size());
}

// Whoever asks for a timer after the end of the process that it was for finds none, whenever that
// was announced: what it touches does not tell whether the timer is still there.
TEST(Proof, ATimerIsAskedForWhetherItsTargetHasEndedOrNot) {
  for (const char* asks : {"cancel_timer", "read_timer"}) {
    const vm::Program program =
        program_of(std::string("local a = lockstep.spawn(function() lockstep.yield() end)\n"
                               "local timer = lockstep.send_after(a, 'late', 5)\n"
                               "lockstep.yield()\n"
                               "lockstep.") +
                   asks + "(timer)\n");
    for (const bool racy : {false, true}) {
      const auto classes = [&](const char* strategy) {
        return all_of(strategy, program, "p", {},
                      {.timers = racy ? vm::TimerMode::racy : vm::TimerMode::quiescent}, 60'000, -1,
                      true);
      };
      const Seen naive = classes("dfs");
      EXPECT_TRUE(naive.complete);
      for (const char* strategy : {"sleep", "dpor"}) {
        const Seen seen = classes(strategy);
        EXPECT_EQ(seen.fingerprints, naive.fingerprints) << asks << " " << strategy << racy;
        EXPECT_EQ(seen.classes(), naive.fingerprints.size()) << asks << racy;
      }
      // The end of the target comes before the timer is started, before it is asked for, or after.
      if (!racy) {
        EXPECT_EQ(naive.fingerprints.size(), 3u) << asks;
      }
    }
  }
}

// An exit signal that was sent before its receiver began to trap exits, and is handled after that,
// is a message: what the receiver does meanwhile has nothing to do with it. By hand: sent after the
// end of the receiver, between that and the flag, or before; then it kills, is trapped, or comes
// too late.
TEST(Proof, ATrappedSignalMeetsNothingOfWhatItsReceiverDoes) {
  for (const char* writes : {"1", "2", "3"}) {
    const vm::Program program = program_of(
        std::string("local t = ets.new('t', {'public'})\n"
                    "local p = lockstep.spawn(function()\n"
                    "  lockstep.flag('trap_exit', true)\n"
                    "  for i = 1, ") +
        writes + " do ets.insert(t, {i, i}) end\nend)\nlockstep.exit(p, 'x')\nlockstep.recv(10)\n");
    EXPECT_EQ(all_of("dfs", program, "p").fingerprints.size(), 5u) << writes;
    for (const char* strategy : {"sleep", "dpor"})
      EXPECT_EQ(all_of(strategy, program, "p").classes(), 5u) << strategy << writes;
  }
}

// Who asks after a process has the signals handled that it has sent there, which may end it.
TEST(Proof, AskingRacesWithAllThatASignalWouldPrevent) {
  for (const char* asks : {"alive(a)", "process_info(a, 'links')"}) {
    SCOPED_TRACE(asks);
    const vm::Program program =
        program_of(fmt::format("local log = ets.new('log', {{ 'public' }})\n"
                               "local p = lockstep.spawn(function()\n"
                               "  lockstep.recv(0)\n  ets.insert(log, {{ 1 }})\nend)\n"
                               "lockstep.spawn(function(a)\n"
                               "  lockstep.exit(a, 'boom')\n  lockstep.{}\nend, p)\n"
                               "lockstep.sleep(1000)\n"
                               "error(#ets.lookup(log, 1) .. ' inserted', 0)\n",
                               asks));
    const Seen dpor = all_of("dpor", program, "p");
    EXPECT_EQ(dpor.outcomes.size(), 2u);
    EXPECT_EQ(dpor.outcomes, all_of("dfs", program, "p").outcomes);
  }
}

// What process_info tells of another process may be that one's own doing, which no footprint names.
TEST(Proof, ProcessInfoRacesWithAllThatAProcessDoes) {
  const char* const programs[] = {
      "local q = lockstep.spawn(function()\n"
      "  lockstep.yield()\n  lockstep.put('k', 1)\n  lockstep.recv()\nend)\n"
      "local d = lockstep.process_info(q, 'dictionary')\n"
      "error('entries ' .. #(d[2] or d), 0)\n",
      "local q = lockstep.spawn(function() lockstep.yield() lockstep.recv() end)\n"
      "local d = lockstep.process_info(q, 'status')\n"
      "error(tostring(d[2] or d), 0)\n",
      "local me = lockstep.self()\n"
      "local q = lockstep.spawn(function() lockstep.monitor(me) lockstep.recv() end)\n"
      "local d = lockstep.process_info(q, 'monitors')\n"
      "error('monitors ' .. #(d[2] or d), 0)\n"};
  for (const char* body : programs) {
    SCOPED_TRACE(body);
    const Seen dpor = all_of("dpor", program_of(body), "p");
    EXPECT_EQ(dpor.outcomes.size(), 2u);
    EXPECT_EQ(dpor.outcomes, all_of("dfs", program_of(body), "p").outcomes);
  }
}

// Whatever leaves executions out sees what the naive search saw.
void expect_others_see(const Seen& dfs, const vm::Program& program,
                       const vm::MachineOptions& machine = {}) {
  for (const char* strategy : {"sleep", "dpor", "cache"}) {
    const Seen seen = all_of(strategy, program, "p", {}, machine);
    EXPECT_EQ(seen.outcomes, dfs.outcomes) << strategy;
    EXPECT_EQ(seen.goals, dfs.goals) << strategy;
  }
}

// That a sleep is over is nobody's step, and nothing but process_info can tell: the process sleeps,
// may go on, or has ended.
TEST(Proof, ProcessInfoRacesWithTheEndOfASleep) {
  const std::string asks =
      "lockstep.sleep(10)\n"
      "error(tostring(lockstep.process_info(q, 'status')), 0)\n";
  const vm::Program program =
      program_of("local q = lockstep.spawn(function() lockstep.sleep(10) end)\n" + asks);
  for (const auto mode : {vm::TimerMode::simultaneous, vm::TimerMode::racy}) {
    vm::MachineOptions machine;
    machine.timers = mode;
    const Seen dfs = all_of("dfs", program, "p", {}, machine);
    EXPECT_EQ(dfs.outcomes.size(), 3u);
    expect_others_see(dfs, program, machine);
  }
}

// Nobody waits in vain for what another process does to itself.
TEST(Proof, WhoWaitsForWhatProcessInfoTellsIsNotHeldForEver) {
  const char* const waits[] = {
      "local q = lockstep.spawn(function()\n"
      "  lockstep.yield() lockstep.put('k', 1) lockstep.recv()\nend)\n"
      "while #lockstep.process_info(q, 'dictionary') == 0 do end\n",
      "local r = lockstep.spawn(function() lockstep.recv() end)\n"
      "local q = lockstep.spawn(function() lockstep.monitor(r) lockstep.recv() end)\n"
      "while #lockstep.process_info(q, 'monitors') == 0 do end\n",
      "local q = lockstep.spawn(function() lockstep.yield() lockstep.yield() lockstep.recv() end)\n"
      "while lockstep.process_info(q, 'status') ~= 'waiting' do end\n"};
  for (const char* body : waits) {
    SCOPED_TRACE(body);
    for (const char* strategy : {"dfs", "sleep", "dpor", "cache"}) {
      const Seen seen = all_of(strategy, program_of(body), "p");
      EXPECT_TRUE(seen.complete) << strategy;
      EXPECT_EQ(seen.outcomes.size(), 1u) << strategy;  // it passes
    }
  }
}

// That a kill meets what waits in the mailbox does not depend on a node that is started later.
TEST(Proof, AKillBeforeTheFirstNode) {
  const vm::Program program = program_of(
      "local q = lockstep.spawn(function() lockstep.recv() lockstep.cover('got') lockstep.recv() "
      "end)\n"
      "lockstep.exit(q, 'kill')\n"
      "cluster.start_node('a')\n"
      "local s = cluster.spawn('a', function() lockstep.recv() lockstep.send(q, 'm') "
      "lockstep.recv() end)\n"
      "lockstep.send(s, 'go')\n"
      "lockstep.sleep(10)\n");
  vm::MachineOptions machine;
  machine.timers = vm::TimerMode::quiescent;
  const Seen dfs = all_of("dfs", program, "p", {}, machine);
  EXPECT_EQ(dfs.goals.size(), 1u);
  expect_others_see(dfs, program, machine);
}

// A partition that waits while the time until it is noticed becomes none, and one that only adds to
// another.
TEST(Proof, APartitionThatIsNoticedAtOnce) {
  const std::string begin =
      "local me = lockstep.self()\n"
      "cluster.start_node('a') cluster.start_node('b')\n"
      "local w = cluster.spawn('a', function()\n"
      "  cluster.monitor_nodes(true)\n  lockstep.send(me, 'ready')\n"
      "  local first = lockstep.recv() lockstep.recv()\n"
      "  lockstep.cover(type(first))\nend)\n"
      "lockstep.recv()\n";
  const std::string says = "cluster.spawn('a', function() lockstep.send(w, 'hello') end)\n";
  const std::string programs[] = {
      begin +
          "lockstep.spawn(function() cluster.partition('a', 'b') end)\n"
          "cluster.set_net_ticktime(0)\n" +
          says + "lockstep.sleep(100000)\n",
      begin +
          "cluster.partition('a', 'b', { asymmetric = true })\n"
          "cluster.set_net_ticktime(0)\n" +
          says +
          "cluster.partition('b', 'a', { asymmetric = true, mode = 'defer' })\n"
          "lockstep.sleep(100)\n"};
  for (const std::string& body : programs) {
    SCOPED_TRACE(body);
    const vm::Program program = program_of(body);
    const Seen dfs = all_of("dfs", program, "p");
    EXPECT_EQ(dfs.goals.size(), 2u);
    expect_others_see(dfs, program);
  }
}

// A flush races with its monitor alone: what looks like a message of it, and is another's, stays.
TEST(Proof, AFlushTakesWhatTheMonitorSent) {
  const vm::Program program = program_of(
      "local me = lockstep.self()\n"
      "local q = lockstep.spawn(function() lockstep.recv(5) end)\n"
      "local ref = lockstep.monitor(q)\n"
      "lockstep.spawn(function() lockstep.send(me, { 'DOWN', ref, 'process', q, 'normal' }) end)\n"
      "lockstep.recv_first(function() return false end, 5)\n"
      "lockstep.demonitor(ref, { flush = true })\n"
      "lockstep.sleep(10)\n"
      "error(lockstep.process_info(me, 'message_queue_len'), 0)\n");
  const Seen dfs = all_of("dfs", program, "p");
  EXPECT_EQ(dfs.outcomes.size(), 1u);
  expect_others_see(dfs, program);
}

// A receive that gives up is a step of the operation that it is recorded in; and what a history
// tells of its processes is not in which order others have spawned theirs.
TEST(Proof, WhatAHistoryTellsConflicts) {
  const struct {
    const char* body;
    size_t outcomes;
  } cases[] = {{"for i = 1, 2 do\n"
                "  lockstep.spawn(function()\n"
                "    history.invoke(h, 'op' .. i) lockstep.recv(10) history.ok(h, 'op' .. i)\n"
                "    lockstep.send(me, 'done')\n  end)\nend\n"
                "lockstep.recv() lockstep.recv()\n"
                "local s = ''\n"
                "for _, e in ipairs(history.events(h)) do s = s .. e.type .. e.f end\n"
                "error(s, 0)\n",
                2},
               {"lockstep.spawn(function()\n"
                "  lockstep.spawn(function()\n"
                "    history.invoke(h, 'read') lockstep.yield() history.ok(h, 'read')\n"
                "    lockstep.send(me, 'done')\n  end)\nend)\n"
                "lockstep.spawn(function() lockstep.spawn(function() lockstep.recv() end) end)\n"
                "lockstep.recv()\n"
                "error(tostring(history.events(h)[1].process), 0)\n",
                1}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.body);
    const vm::Program program = program_of(
        "local history = require('lockstep.history')\nlocal h, me = history.start(), "
        "lockstep.self()\n" +
        std::string(c.body));
    const Seen dfs = all_of("dfs", program, "p");
    EXPECT_EQ(dfs.outcomes.size(), c.outcomes);
    expect_others_see(dfs, program);
  }
}

// At a lock a process waits, whether it is free or not: else whoever takes it or gives it back
// would decide what process_info tells.
TEST(Proof, ProcessInfoTellsOfNoLock) {
  const vm::Program program = program_of(
      "local m = require('lockstep.threads').mutex('m')\n"
      "local q = lockstep.spawn(function() m:lock() lockstep.recv() end)\n"
      "lockstep.spawn(function() m:lock() m:unlock() end)\n"
      "error(tostring(lockstep.process_info(q, 'status')), 0)\n");
  const Seen dfs = all_of("dfs", program, "p");
  EXPECT_EQ(dfs.outcomes.size(), 1u);
  expect_others_see(dfs, program);
}

// Making is nothing that others could come before or after, and neither is tostring: it tells no
// numbers in the order of making, and no name that a process is given later.
TEST(Proof, TostringTellsNothingThatOthersDo) {
  const std::string two =
      "local t = ets.new('log', { 'public' })\n"
      "for i = 1, 2 do\n"
      "  lockstep.spawn(function() ets.insert(t, { i, tostring(MAKE) }) lockstep.recv() end)\nend\n"
      "lockstep.sleep(10)\n"
      "error(ets.lookup_element(t, 1, 2) .. ' ' .. ets.lookup_element(t, 2, 2), 0)\n";
  const std::string named =
      "local t = ets.new('log', { 'public' })\n"
      "local a = lockstep.spawn(function() lockstep.yield() MAKE lockstep.recv() end)\n"
      "lockstep.spawn(function() ets.insert(t, { 1, tostring(a) }) end)\n"
      "lockstep.sleep(10)\n"
      "error(ets.lookup_element(t, 1, 2), 0)\n";
  // The text of an error tells what was raised.
  const std::string raised =
      "local a = lockstep.spawn(function() lockstep.yield() MAKE lockstep.recv() end)\n"
      "lockstep.yield()\n"
      "local _, e = pcall(lockstep.error, { a, 1 })\n"
      "error(tostring(e):match('{.*}'), 0)\n";
  const struct {
    std::string body, make;
    const char* outcome;
  } cases[] = {{two, "ets.new('t')", "assertion #Tid<1.1> #Tid<2.1>"},
               {two, "lockstep.atomics.new(1)", "assertion #Atomics<1.1> #Atomics<2.1>"},
               {two, "lockstep.history.start()", "assertion #History<1.1> #History<2.1>"},
               {two, "lockstep.make_ref()", "assertion #Ref<1.1> #Ref<2.1>"},
               {two, "lockstep.self()", "assertion P1(fn:7) P2(fn:7)"},
               {raised, "lockstep.set_label('x')", "assertion {P1(fn:5), 1}"},
               {raised, "lockstep.register('x', lockstep.self())", "assertion {P1(fn:5), 1}"},
               {named, "lockstep.set_label('x')", "assertion P1(fn:6)"},
               {named, "lockstep.register('x', lockstep.self())", "assertion P1(fn:6)"}};
  for (const auto& c : cases) {
    std::string body = c.body;
    body.replace(body.find("MAKE"), 4, c.make);
    SCOPED_TRACE(body);
    for (const char* strategy : {"dfs", "dpor", "cache"})
      EXPECT_EQ(all_of(strategy, program_of(body), "p").outcomes, std::set<std::string>{c.outcome})
          << strategy;
  }
}

// ... nor does the list of all tables.
TEST(Proof, TablesAreNotListedAsTheyWereMade) {
  const vm::Program program = program_of(
      "for _, name in ipairs { 'b', 'a', 'c' } do\n"
      "  lockstep.spawn(function() ets.new(name) lockstep.recv() end)\nend\n"
      "lockstep.sleep(10)\n"
      "local names = ''\n"
      "for _, t in ipairs(ets.all()) do names = names .. ets.info(t, 'name') end\n"
      "error(names, 0)\n");
  for (const char* strategy : {"dfs", "dpor", "cache"})
    EXPECT_EQ(all_of(strategy, program, "p").outcomes, std::set<std::string>{"assertion abc"})
        << strategy;
}

// Who unlocks a mutex that it has not locked is told so unless another has: that is a race, as that
// of a release with the next acquire is not.
TEST(Proof, AStrayUnlockRacesWithALock) {
  const char* const orders[] = {"lockstep.spawn(unlock)\nlockstep.spawn(lock)\n",
                                "lockstep.spawn(lock)\nlockstep.spawn(unlock)\n"};
  for (const char* order : orders) {
    const vm::Program program = program_of(
        std::string("local m, t = lockstep.threads.mutex('m'), ets.new('t', { 'public' })\n"
                    "local function lock() m:lock() end\n"
                    "local function unlock() ets.insert(t, { 1, (pcall(m.unlock, m)) }) end\n") +
        order +
        "lockstep.sleep(10)\n"
        "error(tostring(ets.lookup_element(t, 1, 2)), 0)\n");
    for (const char* strategy : {"dfs", "dpor", "cache"})
      EXPECT_EQ(all_of(strategy, program, "p").outcomes,
                (std::set<std::string>{"assertion false", "assertion true"}))
          << order << strategy;
  }
}

// What is written before a predicate looks is not what is written after: where it begins to look
// counts, though what it looks at conflicts with nothing until then.
TEST(Proof, APredicateRacesWithAllThatItWillLookAt) {
  const char* const declared[] = {
      "lockstep.invariant('zero', function() return atomics.get(a, 1) == 0 end)\n",
      "lockstep.eventually('one', function() return atomics.get(a, 1) == 1 end)\n"};
  for (const char* property : declared)
    for (const bool by_root : {true, false}) {
      const std::string body =
          "local atomics = lockstep.atomics\nlocal a = atomics.new(1)\n"
          "lockstep.spawn(function() atomics.put(a, 1, 1) atomics.put(a, 1, 0) end)\n" +
          (by_root ? property : fmt::format("lockstep.spawn(function()\n{}end)\n", property)) +
          "lockstep.sleep(10)\n";
      SCOPED_TRACE(body);
      const Seen naive = all_of("dfs", program_of(body), "p");
      EXPECT_EQ(naive.outcomes.size(), 2u);
      for (const char* strategy : {"dpor", "cache"})
        EXPECT_EQ(all_of(strategy, program_of(body), "p").outcomes, naive.outcomes) << strategy;
    }
}

// The root may end before what is owed has come, so its end is not only looked at last.
TEST(Proof, TheRootsEndRacesWithWhatIsOwed) {
  const char* const bodies[] = {
      "local a = lockstep.atomics.new(1)\n"
      "lockstep.eventually('one', function() return lockstep.atomics.get(a, 1) == 1 end)\n"
      "lockstep.spawn(function() lockstep.atomics.put(a, 1, 1) end)\n",
      "lockstep.temporal('x', 'hot')\n"
      "lockstep.spawn(function() lockstep.temporal('x', 'cold') end)\n",
      "lockstep.spawn(function()\n"
      "  lockstep.temporal('x', 'hot')\n  lockstep.temporal('x', 'cold')\nend)\n",
      // Those that come before it in the first execution: their race with it has to be seen.
      "lockstep.temporal('x', 'hot')\nlockstep.flag('trap_exit', true)\n"
      "lockstep.spawn_link(function() end)\n"
      "lockstep.spawn(function() lockstep.temporal('x', 'cold') end)\nlockstep.recv(5)\n",
      "lockstep.temporal('x', 'cold')\nlocal root = lockstep.self()\n"
      "lockstep.spawn(function() lockstep.send(root, 1) end)\n"
      "lockstep.spawn(function() lockstep.temporal('x', 'hot') end)\nlockstep.recv()\n"};
  for (const char* body : bodies)
    for (const char* strategy : {"dfs", "sleep", "dpor", "cache"})
      EXPECT_EQ(verdicts(strategy, program_of(body)), (std::set<std::string>{"liveness", "passed"}))
          << body << strategy;
}

// ... also where load() is given the text; a name that is put together is refused, as where timers
// and crashes are made by one.
TEST(Proof, WhatTheSourcesHaveToSayIsSaid) {
  const vm::Program loaded = program_of(
      "load([[local lockstep = ...\nlockstep.temporal('x', 'hot')\n"
      "local root = lockstep.self()\nlockstep.spawn(function() lockstep.send(root, 1) end)\n"
      "lockstep.spawn(function() lockstep.temporal('x', 'cold') end)\n"
      "lockstep.recv()]])(lockstep)\n");
  for (const char* strategy : {"dfs", "sleep", "dpor", "cache"})
    EXPECT_EQ(verdicts(strategy, loaded), (std::set<std::string>{"liveness", "passed"}))
        << strategy;
  const std::string calls[] = {"lockstep['tempo' .. 'ral']('x', 'hot')",
                               "lockstep['eventu' .. 'ally']('x', function() end)",
                               "lockstep['send' .. '_after'](lockstep.self(), 1, 5)",
                               "cluster['fau' .. 'lts']({ crash = { lockstep.self() } })"};
  for (const std::string& call : calls) {
    const Seen seen = all_of("dpor", program_of(call + "\n"), "p");
    ASSERT_EQ(seen.outcomes.size(), 1u) << call;
    EXPECT_NE(seen.outcomes.begin()->find("has to be called by that name"), std::string::npos)
        << *seen.outcomes.begin();
  }
}

// It may also end before a step of another that ends all.
TEST(Proof, TheRootsEndRacesWithAFailure) {
  const auto expect_both = [](const char* body, const char* failure,
                              const vm::MachineOptions& machine = {}) {
    for (const char* strategy : {"dfs", "dpor", "cache"})
      EXPECT_EQ(verdicts(strategy, program_of(body), machine),
                (std::set<std::string>{failure, "passed"}))
          << body << strategy;
  };
  expect_both("lockstep.spawn(function() error('boom') end)\n", "crash");
  expect_both(
      "local p = lockstep.spawn(function() lockstep.recv() end)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.spawn(function()\n"
      "  lockstep.monitor(p)\n  lockstep.recv()\n  error('boom')\nend)\n",
      "crash");
  vm::MachineOptions racy;
  racy.timers = vm::TimerMode::racy;
  expect_both(
      "local a = lockstep.atomics.new(2)\n"
      "lockstep.spawn(function() lockstep.atomics.put(a, 1, 1) lockstep.recv(5) end)\n"
      "lockstep.spawn(function() lockstep.atomics.put(a, 2, 1) end)\n"
      "lockstep.invariant('in time', function()\n"
      "  return lockstep.now() == 0 or lockstep.atomics.get(a, 2) == 0\nend)\n"
      "lockstep.recv_first('x', 100)\n",
      "invariant", racy);
}

// A crash does not come last, so it is also looked at before the others have done all they will.
TEST(Proof, ACrashMayComeAfterTheLastStepOfItsProcess) {
  const std::string body =
      "local a = lockstep.atomics.new(1)\n"
      "local p = lockstep.spawn(function()\n"
      "  lockstep.recv()\n  lockstep.atomics.put(a, 1, 1)\n  lockstep.recv()\nend)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.spawn(function()\n"
      "  lockstep.monitor(p)\n"
      "  lockstep.send(p, 'go')\n"
      "  lockstep.recv()\n"
      "  if lockstep.atomics.get(a, 1) == 1 then error('too late', 0) end\n"
      "end)\n";
  vm::MachineOptions machine;
  machine.drain = true;
  for (const char* strategy : {"dfs", "dpor", "cache"})
    EXPECT_EQ(verdicts(strategy, program_of(body), machine),
              (std::set<std::string>{"crash", "passed"}))
        << strategy;
}

// The same where all that is left goes round for ever.
TEST(Proof, ACrashMayComeAfterTheLastStepOfItsProcessWhileOthersSpin) {
  const std::string body =
      "local atomics = lockstep.atomics\nlocal a = atomics.new(2)\n"
      "local p = lockstep.spawn(function()\n"
      "  lockstep.recv()\n  atomics.put(a, 1, 1)\n  lockstep.recv()\nend)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.spawn(function()\n"
      "  lockstep.monitor(p)\n"
      "  lockstep.send(p, 'go')\n"
      "  lockstep.recv()\n"
      "  if atomics.get(a, 1) == 1 then atomics.put(a, 2, 1) end\n"
      "end)\n"
      "repeat lockstep.yield() until atomics.get(a, 2) == 1\n"
      "error('too late', 0)\n";
  for (const char* strategy : {"dfs", "dpor", "cache"}) {
    const Seen seen = all_of(strategy, program_of(body), "p");
    EXPECT_EQ(seen.outcomes.size(), 2u) << strategy;
    EXPECT_TRUE(seen.outcomes.contains("assertion too late")) << strategy;
  }
}

// What the last step makes impossible may come before it, too. Where everybody waits then, that
// step is no failure that others could come before.
TEST(Proof, WhatTheLastStepBeforeADeadlockPreventsMayComeBeforeIt) {
  const std::string ended =
      "local q = lockstep.spawn(function() lockstep.recv() end)\n"
      "local p = lockstep.spawn(function() lockstep.link(q) end)\n"
      "cluster.faults({ crash = { p } })\n"
      "lockstep.monitor(q)\n"
      "lockstep.recv()\n"
      "error('told', 0)\n";
  const std::string stopped =
      "cluster.start_nodes({ 'b' })\n"
      "local root = lockstep.self()\n"
      "cluster.spawn('b', function() lockstep.send(root, 'here') end)\n"
      "cluster.stop_node('b')\n"
      "lockstep.recv()\n"
      "error('told', 0)\n";
  for (const std::string& body : {ended, stopped})
    for (const char* strategy : {"dfs", "dpor", "cache"})
      EXPECT_EQ(verdicts(strategy, program_of(body)),
                (std::set<std::string>{"assertion", "deadlock"}))
          << strategy << ":\n"
          << body;
}

// A timer for a process goes with that process.
TEST(Proof, ATimerRacesWithTheEndOfWhomItIsFor) {
  const vm::Program program = program_of(
      "local p = lockstep.spawn(function() lockstep.yield() end)\n"
      "local timer = lockstep.send_after(p, 'late', 5)\n"
      "error(tostring(lockstep.read_timer(timer)), 0)\n");
  const Seen dpor = all_of("dpor", program, "p"), naive = all_of("dfs", program, "p");
  EXPECT_EQ(dpor.outcomes, (std::set<std::string>{"assertion 5", "assertion false"}));
  EXPECT_EQ(dpor.outcomes, naive.outcomes);
}

// The answer of an asynchronous cancel_timer or read_timer is a message among others.
TEST(Proof, ATimersAnswerRacesWithASend) {
  for (const char* asked : {"cancel_timer", "read_timer"}) {
    SCOPED_TRACE(asked);
    const vm::Program program =
        program_of(fmt::format("local self = lockstep.self()\n"
                               "lockstep.spawn(function() lockstep.send(self, 'sent') end)\n"
                               "local ref = lockstep.send_after(self, 'late', 1000)\n"
                               "lockstep.{}(ref, {{ async = true }})\n"
                               "local first = lockstep.recv()\n"
                               "error(type(first) == 'table' and 'answer' or first, 0)\n",
                               asked));
    const Seen dpor = all_of("dpor", program, "p");
    EXPECT_EQ(dpor.outcomes.size(), 2u);
    EXPECT_EQ(dpor.outcomes, all_of("dfs", program, "p").outcomes);
  }
}

// How often a matcher or a predicate is asked hangs on the order of steps that no footprint tells,
// so of who keeps that no search says that it has seen all. Naive search needs no footprints.
TEST(Proof, WhoKeepsHowOftenItIsAskedIsNotProved) {
  const auto kept = [](const std::string& body, const char* strategy) {
    ExploreOptions o;
    o.strategy = strategy;
    o.iterations = 0;
    o.max_failures = 0;
    const vm::Program program = program_of(body);
    const auto factory = [&] { return vm::make_machine(program, "p", {}); };
    const ExploreResult r = explore(factory, o);
    EXPECT_EQ(r.stop == StopReason::unordered, !r.exhausted) << strategy << " " << body;
    return r.exhausted ? "" : r.activity.kept;
  };
  const auto with = [](std::string body, const char* code) {
    return body.replace(body.find('@'), 1, code);
  };
  const std::string mail =
      "local me, n, seen, nested = lockstep.self(), 0, {}, { list = { {} } }\n"
      "nested.itself = nested\n"
      "local co = coroutine.wrap(function() while true do coroutine.yield(true) end end)\n"
      "local words = ('a b c'):gmatch('%a')\n"
      "local function inner() n = n + 1 return true end\n"
      "for i = 1, 2 do lockstep.spawn(function() lockstep.send(me, i) end) end\n"
      "lockstep.recv_first(function(m) @ end)\n";
  for (const char* matcher :
       {"n = n + 1 return n == 2", "seen[#seen + 1] = m return #seen == 2",
        "table.insert(seen, m) return true", "nested.list[1].x = m return true", "return inner()",
        "return words() == 'b'", "return rawset(seen, m, true)[1]",
        "setmetatable(nested, {}) return true", "return math.random(2) == 1",
        "return lockstep.random(2) == 1", "return lockstep.put('k', m)", "return co()",
        "return lockstep.now() == 0"}) {
    const std::string body = with(mail, matcher);
    for (const char* strategy : {"dpor", "sleep", "cache", "states"})
      EXPECT_NE(kept(body, strategy), "") << strategy << " " << matcher;
    EXPECT_EQ(kept(body, "dfs"), "") << matcher;
  }
  for (const char* matcher :
       {"local t = {} t[m] = m return nested.list[1] and t[2]",
        "return lockstep.self() == me and m == 2", "return lockstep.get('k') == nil",
        "return ('x'):gmatch('x')() == 'x'"})
    EXPECT_EQ(kept(with(mail, matcher), "dpor"), "") << matcher;

  const std::string watch =
      "local atomics = require 'lockstep.atomics'\n"
      "local a, n, last = atomics.new(2), 0, 0\n"
      "lockstep.invariant('i', function() @ return true end)\n"
      "lockstep.spawn(function() lockstep.yield() atomics.put(a, 1, 1) end)\n"
      "atomics.put(a, 1, 2)\nlockstep.sleep(5)\n";
  EXPECT_NE(kept(with(watch, "n = n + 1"), "dpor"), "");
  EXPECT_EQ(kept(with(watch, "n = n + 1"), "dfs"), "");
  // What it saw last, as in scenarios that compare it.
  EXPECT_EQ(kept(with(watch, "last = atomics.get(a, 1)"), "dpor"), "");
}

// A process may ask for values before anybody is told that it is there. Two senders of two messages
// that are told apart: two classes for each way to choose.
TEST(Proof, ValuesThatAProcessStartsWith) {
  for (int choices = 0; choices <= 6; choices++) {
    const vm::Program program = program_of(fmt::format(
        "local me = lockstep.self()\n"
        "lockstep.spawn(function() for _ = 1, {} do lockstep.choose(2) end lockstep.send(me, 1) "
        "end)\n"
        "lockstep.spawn(function() lockstep.send(me, 2) end)\n"
        "lockstep.cover(lockstep.recv() .. ' first')\nlockstep.recv()\n",
        choices));
    for (const Reduce& reduce :
         {Reduce{}, Reduce{.unobserved_sends = true}, Reduce{.equal_messages = true},
          Reduce{.unobserved_sends = true, .equal_messages = true}})
      for (int time = 0; time < 3; time++) {  // what is made of rows that there are not differs
        const Seen dpor = all_of("dpor", program, "p", reduce);
        EXPECT_EQ(dpor.classes(), 2u << choices) << choices << " " << reduce.unobserved_sends;
        EXPECT_EQ(dpor.goals.size(), 2u);
      }
  }
}

// An increment whose result nobody asks for cannot fail, so it commutes with all others: it leaves
// 64 bits and comes back.
TEST(Proof, IncrementsThatNobodyLooksAtComeRound) {
  const vm::Program program = program_of(
      "local t = ets.new('t', { 'public' })\n"
      "ets.insert(t, { 'k', math.maxinteger - 1 })\n"
      "lockstep.spawn_monitor(function() ets.update_counter(t, 'k', 2) end)\n"
      "lockstep.spawn_monitor(function() ets.update_counter(t, 'k', -2) end)\n"
      "lockstep.recv() lockstep.recv()\n"
      "assert(ets.lookup_element(t, 'k', 2) == math.maxinteger - 1)\n"
      "assert(not pcall(ets.update_counter, t, 'k', 2))\n");
  for (const char* strategy : {"dfs", "sleep", "dpor"})
    EXPECT_TRUE(all_of(strategy, program, "p").failures.empty()) << strategy;
  EXPECT_TRUE(all_of("dpor", program, "p", {.unused_increments = true}).failures.empty());
}

}  // namespace
}  // namespace lockstep
