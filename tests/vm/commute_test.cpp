// Steps that are called independent commute, whatever processes do to each other: they link, watch,
// trap, end and kill, own tables that go with them, take and give up names, set timers, and live on
// nodes between which signals travel, are lost or doubled.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "engine/explore/audit.h"
#include "tests/vm/random_steps.h"

namespace lockstep {
namespace {

// The pairs that were executed in both orders, all of which commute.
uint64_t audited(System& system, uint64_t states, uint64_t seed) {
  AuditOptions options;
  options.states = states;
  options.seed = seed;
  const AuditReport report = audit(system, options);
  for (const Disagreement& d : report.found)
    ADD_FAILURE() << d.first << "\n" << d.second << "\n" << d.what << "after\n" << d.path;
  return report.pairs;
}

class Commute : public testing::TestWithParam<Setting> {};

TEST_P(Commute, RandomPrograms) {
  Prng rng(random_seed(41));
  const int programs = random_programs(150);
  uint64_t pairs = 0;
  for (int i = 0; i < programs; i++) {
    const std::string body = random_steps(rng, GetParam(), 3 + rng.below(2), 5);
    SCOPED_TRACE(body);
    vm::MachineOptions machine = GetParam().machine();
    machine.drain = machine.allow_crashes = true;
    const auto system = vm::make_machine(program_of(body), "p", machine);
    pairs += audited(*system, 60, rng.next());
  }
  EXPECT_GT(pairs, 100u * static_cast<uint64_t>(programs));
}

INSTANTIATE_TEST_SUITE_P(
    Vm, Commute,
    testing::Values(Setting{.name = "instant"}, Setting{.name = "async", .async = true},
                    Setting{.name = "racy", .racy = true},
                    Setting{.name = "simultaneous", .simultaneous = true},
                    Setting{.name = "simultaneous_async", .async = true, .simultaneous = true},
                    Setting{.name = "simultaneous_nodes", .nodes = true, .simultaneous = true},
                    Setting{.name = "racy_async", .async = true, .racy = true},
                    Setting{.name = "racy_nodes", .nodes = true, .racy = true},
                    Setting{.name = "nodes", .nodes = true},
                    Setting{.name = "faults", .nodes = true, .faults = true}),
    setting_name);

// ---- what random programs found, by hand ----

struct Small {
  const char* name;
  std::set<std::string> outcomes;
  const char* body;
};
const Small kSmall[] = {
    // Names are told in one order, whoever came first.
    {"Registered",
     {"x y"},
     "for _, n in ipairs { 'x', 'y' } do\n"
     "  lockstep.spawn(function() lockstep.register(n, lockstep.self()) lockstep.recv() end)\nend\n"
     "lockstep.sleep(1000)\nerror(table.concat(lockstep.registered(), ' '), 0)\n"},
    // A process that is about to end gets a name, which goes with it.
    {"NamedWhileItEnds",
     {"true true", "true false", "false true", "false false"},
     "local p = lockstep.spawn(function() lockstep.yield() end)\n"
     "lockstep.spawn(function() pcall(lockstep.register, 'x', p) end)\n"
     "lockstep.yield()\nlocal first = lockstep.whereis('x')\n"
     "error(tostring(first ~= nil) .. ' ' .. tostring(lockstep.whereis('x') ~= nil), 0)\n"},
    // Or a table: p has it from q.
    {"OwnerWhileItEnds",
     {"none none", "none p", "none q", "p none", "p p", "q none", "q p", "q q"},
     "local p = lockstep.spawn(function() lockstep.yield() end)\n"
     "lockstep.spawn(function()\n"
     "  local t = ets.new('x', { 'public', 'named_table' })\n"
     "  pcall(ets.give_away, t, p, 'gift')\n  lockstep.recv()\nend)\n"
     "local function owner()\n  local o = ets.info('x', 'owner')\n"
     "  return not o and 'none' or o == p and 'p' or 'q'\nend\n"
     "local first = owner()\nerror(first .. ' ' .. owner(), 0)\n"},
    // An exit that is ignored when it is sent is a message when the one before it is handled.
    {"BehindASignal",
     {"killed", "boom normal mail", "boom mail normal"},
     "local log = ets.new('log', { 'public' })\n"
     "local t = lockstep.spawn(function()\n"
     "  lockstep.recv_first('go')\n  lockstep.yield()\n  lockstep.flag('trap_exit', true)\n"
     "  lockstep.sleep(10)\n"
     "  local function next() local m = lockstep.recv(0) return m[#m] end\n"
     "  ets.insert(log, { 1, next() .. ' ' .. next() .. ' ' .. next() })\nend)\n"
     "local x = lockstep.spawn(function() lockstep.link(t) lockstep.recv() end)\n"
     "lockstep.sleep(1)\nlockstep.send(t, 'go')\nlockstep.exit(t, 'boom')\n"
     "lockstep.spawn(function() lockstep.send(x, 'end') end)\n"
     "lockstep.spawn(function() lockstep.send(t, { 'mail' }) end)\n"
     "lockstep.sleep(1000)\nlocal r = ets.lookup(log, 1)[1]\nerror(r and r[2] or 'killed', 0)\n"},
    // Who monitors a process that is telling others of its end is told in one order too.
    {"LateMonitors",
     {"0 0", "0 1", "1 0", "1 1"},
     "local p = lockstep.spawn(function() end)\n"
     "for _ = 1, 3 do lockstep.monitor(p) end\n"
     "local function watch() lockstep.monitor(p) lockstep.recv_first('never') end\n"
     "local a, b = lockstep.spawn(watch), lockstep.spawn(watch)\n"
     "local function has(q) return lockstep.process_info(q, 'message_queue_len') end\n"
     "error(has(a) .. ' ' .. has(b), 0)\n"},
    // A table gets the name that an operation is about to look for.
    {"Renamed",
     {"by name", "by id"},
     "ets.new('x', { 'public', 'named_table' })\nlocal id = ets.whereis('x')\n"
     "lockstep.spawn(function() pcall(ets.insert, 'y', { 1, 'by name' }) end)\n"
     "lockstep.spawn(function() ets.insert(id, { 1, 'by id' }) end)\n"
     "ets.rename('x', 'y')\n"
     "lockstep.sleep(1000)\nerror(ets.lookup(id, 1)[1][2], 0)\n"},
    // ... or another table does, whose keys are elsewhere.
    {"KeysElsewhere",
     {"by name", "by id"},
     "ets.new('x', { 'public', 'named_table' })\n"
     "lockstep.spawn(function() pcall(ets.insert, 'x', { 'by name', 2 }) end)\n"
     "ets.delete('x')\n"
     "ets.new('x', { 'public', 'named_table', { 'keypos', 2 } })\nlocal id = ets.whereis('x')\n"
     "lockstep.spawn(function() ets.insert(id, { 'by id', 2 }) end)\n"
     "lockstep.sleep(1000)\nerror(ets.lookup(id, 2)[1][1], 0)\n"},
    // What waits behind a signal is answered when that is handled, which may be after the end.
    {"AnsweredLater",
     {"DOWN sent", "sent DOWN"},
     "local log = ets.new('log', { 'public' })\n"
     "local p = lockstep.spawn(function() lockstep.flag('trap_exit', true) lockstep.yield() end)\n"
     "local q = lockstep.spawn(function()\n"
     "  lockstep.monitor(p)\n  lockstep.sleep(5)\n"
     "  ets.insert(log, { 1, lockstep.recv(0)[1] .. ' ' .. lockstep.recv(0)[1] })\nend)\n"
     "lockstep.exit(p, 'boom')\nlockstep.send(q, { 'sent' })\n"
     "lockstep.sleep(1000)\nerror(ets.lookup(log, 1)[1][2], 0)\n"},
    // Who links to a process that was told to end hears of it after those who watch it.
    {"LateLink",
     {"DOWN EXIT"},
     "local log = ets.new('log', { 'public' })\n"
     "local p = lockstep.spawn(function() lockstep.recv() end)\n"
     "lockstep.spawn(function()\n"
     "  lockstep.flag('trap_exit', true)\n  lockstep.monitor(p)\n"
     "  lockstep.exit(p, 'boom')\n  lockstep.link(p)\n"
     "  ets.insert(log, { 1, lockstep.recv()[1] .. ' ' .. lockstep.recv()[1] })\nend)\n"
     "lockstep.sleep(1000)\nerror(ets.lookup(log, 1)[1][2], 0)\n"},
    // A name that is given back is seen by an invariant.
    {"Invariant",
     {"ended", "invariant"},
     "local atomics = lockstep.atomics\nlocal a = atomics.new(1)\n"
     "lockstep.register('x', lockstep.self())\n"
     "lockstep.invariant('set only when free', function()\n"
     "  return not lockstep.whereis('x') or atomics.get(a, 1) == 0\nend)\n"
     "lockstep.spawn(function() atomics.put(a, 1, 1) end)\n"
     "lockstep.unregister('x')\nlockstep.sleep(1000)\nerror('ended', 0)\n"},
    // A link to what cannot be reached may end the process that asks for it.
    {"CutOff",
     {"noconnection", "noproc"},
     "cluster.start_nodes({ 'a', 'b' })\ncluster.partition('a', 'b')\n"
     "local p = cluster.spawn('a', function()\n"
     "  lockstep.yield()\n  cluster.spawn_link('b', function() end)\n  lockstep.recv()\nend)\n"
     "cluster.spawn('a', function(root)\n"
     "  lockstep.monitor(p)\n  lockstep.send(root, lockstep.recv()[5])\nend, lockstep.self())\n"
     "error(lockstep.recv(), 0)\n"},
};

class Found : public testing::TestWithParam<Small> {};

TEST_P(Found, ReachesTheOutcomesOfTheNaiveSearch) {
  const Small& small = GetParam();
  const vm::Program program = program_of(small.body);
  vm::MachineOptions machine;
  machine.drain = machine.allow_crashes = true;
  audited(*vm::make_machine(program, "p", machine), 2000, 1);
  std::set<std::string> expected;
  for (const std::string& outcome : small.outcomes)
    expected.insert(outcome == "invariant"
                        ? "invariant invariant 'set only when free' does not hold"
                        : "assertion " + outcome);
  EXPECT_EQ(all_of("dpor", program, "p").outcomes, expected);
  const Seen naive = all_of("dfs", program, "p", {}, {}, 5'000);
  if (naive.complete) {
    EXPECT_EQ(naive.outcomes, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Vm, Found, testing::ValuesIn(kSmall),
                         [](const auto& info) { return std::string(info.param.name); });

// A DOWN for a monitor that was taken back does not wait behind the signal that ends its receiver.
TEST(Waiting, ADownInVainDoesNot) {
  vm::MachineOptions machine;
  machine.drain = machine.allow_crashes = true;
  const auto system = vm::make_machine(
      program_of("local p = lockstep.spawn(function()\n"
                 "  local function nothing() end\n"
                 "  local _, ref = lockstep.spawn_opt(nothing, { 'link', 'monitor' })\n"
                 "  lockstep.spawn_monitor(nothing)\n  lockstep.demonitor(ref)\n"
                 "  lockstep.recv_first('never')\nend)\n"
                 "lockstep.exit(p, 'boom')\nlockstep.sleep(1000)\n"),
      "p", machine);
  EXPECT_GT(audited(*system, 2000, 1), 20u);
}

}  // namespace
}  // namespace lockstep
