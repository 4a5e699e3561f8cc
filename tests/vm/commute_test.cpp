// Steps that are called independent commute, whatever processes do to each other: they link, watch,
// trap, end and kill, own tables that go with them, take and give up names, set timers, and live on
// nodes between which signals travel, are lost or doubled.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>

#include "tests/vm/commute_check.h"
#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

// `to` is a process, `name` a name, `ref` what it monitored or its alias, `other` such a reference
// of another's, `timer` a timer.
const char* const kSteps[] = {
    "lockstep.send(to, 1)",
    "lockstep.send(name, 2)",
    "if other then lockstep.send(other, 3) end",
    "lockstep.recv(0)",
    "lockstep.recv(5)",
    "lockstep.recv_first({ 'DOWN', lockstep.any, lockstep.any, lockstep.any, lockstep.any }, 5)",
    "lockstep.recv_first(function(m) return m == 1 end, 5)",
    "lockstep.sleep(5)",
    "lockstep.yield()",
    "lockstep.link(to)",
    "lockstep.link(to)",
    "lockstep.unlink(to)",
    "lockstep.flag('trap_exit', true)",
    "lockstep.flag('trap_exit', false)",
    "lockstep.exit(to, 'normal')",
    "lockstep.exit(to, 'boom')",
    "lockstep.exit(to, 'kill')",
    "ref = lockstep.monitor(to)",
    "ref = lockstep.monitor(to, { tag = 'GONE' })",
    "ref = lockstep.monitor(name)",
    "ref = lockstep.monitor(to, { alias = 'explicit_unalias' }) tell(ref)",
    "ref = lockstep.monitor(to, { alias = 'demonitor' }) tell(ref)",
    "ref = lockstep.monitor(to, { alias = 'reply_demonitor' }) tell(ref)",
    "ref = lockstep.alias() tell(ref)",
    "if ref then lockstep.unalias(ref) end",
    "if ref then lockstep.demonitor(ref) end",
    "if ref then lockstep.demonitor(ref, { info = true }) end",
    "if ref then lockstep.demonitor(ref, { flush = true }) end",
    "lockstep.alive(to)",
    "lockstep.process_info(to, 'links')",
    "lockstep.process_info(to, 'monitored_by')",
    "lockstep.process_info(to, 'message_queue_len')",
    "lockstep.register(name, to)",
    "lockstep.register(name, lockstep.self())",
    "lockstep.unregister(name)",
    "lockstep.whereis(name)",
    "lockstep.registered()",
    "lockstep.spawn(function() lockstep.exit(to, 'boom') end)",
    "lockstep.spawn_link(function() lockstep.exit('boom') end)",
    "lockstep.spawn_link(function() lockstep.recv(5) end)",
    "_, ref = lockstep.spawn_monitor(function() end)",
    "_, ref = lockstep.spawn_opt(function() lockstep.exit('boom') end, { 'link', 'monitor' })",
    "timer = lockstep.send_after(to, 'late', 5)",
    "timer = lockstep.send_after(name, 'late', 5)",
    "if timer then lockstep.cancel_timer(timer) end",
    "if timer then lockstep.cancel_timer(timer, { async = true }) end",
    "if timer then lockstep.read_timer(timer) end",
    "ets.new('t1', { 'public', 'named_table' })",
    "ets.new('t1', { 'public', 'named_table', { 'heir', to, 'left' } })",
    "ets.new('t2', { 'named_table' })",
    "ets.insert(t, { 'x', 1 })",
    "ets.insert(t, { 'y', 1 })",
    "ets.update_counter(t, 'x', 1)",
    "ets.lookup(t, 'x')",
    "ets.tab2list(t)",
    "ets.rename('t1', 't2')",
    "ets.rename('t2', 't1')",
    "ets.delete(t)",
    "tid = ets.whereis(t) or tid",
    "tid = ets.whereis(t) or tid",
    "if tid then ets.insert(tid, { 'x', 2 }) end",
    "if tid then ets.delete(tid, 'y') end",
    "if tid then ets.lookup(tid, 'x') end",
    "if tid then ets.rename(tid, 't2') end",
    "ets.info(t, 'owner')",
    "ets.all()",
    "ets.give_away(t, to, 'given')",
    "ets.setopts(t, { 'heir', to, 'left' })",
    "ets.safe_fixtable(t, true)",
    "error('boom', 0)",
};
const char* const kNodeSteps[] = {
    "lockstep.send({ name, 'a' }, 4)",
    "lockstep.send({ name, 'b' }, 5)",
    "ref = lockstep.monitor({ name, 'a' })",
    "ref = lockstep.monitor({ name, 'b' })",
    "cluster.spawn('a', function() lockstep.exit(to, 'boom') end)",
    "cluster.spawn_link('b', function() lockstep.recv(5) end)",
    "_, ref = cluster.spawn_monitor('a', function() end)",
    "cluster.partition('a', 'b', { mode = 'defer' })",
    "cluster.partition('a', 'b')",
    "cluster.heal()",
    "cluster.heal()",
    "lockstep.monitor_node('a', true)",
    "lockstep.monitor_node('b', true)",
    "lockstep.monitor_node('b', false)",
    "lockstep.monitor_nodes(true)",
    "lockstep.nodes()",
    "cluster.stop_node('b')",
    "cluster.start_node('b')",
};

const char* const kTimeSteps[] = {
    "lockstep.now()",
    "lockstep.recv(10)",
    "lockstep.sleep(10)",
    "timer = lockstep.send_after(to, 'late', 10)",
    "timer = lockstep.send_after(name, 'late', 0)",
    "timer = lockstep.send_after(to, 'late', 5, { abs = true })",
};

// Each process first learns who the others are. Nothing that fails ends a process but error().
std::string random_steps(Prng& rng, const Setting& setting) {
  std::string s =
      "local refs = ets.new('refs', { 'public' })\nlocal pids = {}\n"
      "local function try(f) pcall(f) end\n";
  if (setting.nodes) s += "cluster.start_nodes({ 'a', 'b' })\n";
  const uint32_t n = 3 + rng.below(2);
  const auto steps = [&](uint32_t p, uint32_t most) {
    for (uint32_t i = 1 + rng.below(most); i > 0; i--) {
      const std::string step =
          setting.nodes && rng.below(4) == 0  ? kNodeSteps[rng.below(std::size(kNodeSteps))]
          : setting.racy && rng.below(3) == 0 ? kTimeSteps[rng.below(std::size(kTimeSteps))]
                                              : kSteps[rng.below(std::size(kSteps))];
      const uint32_t to = 1 + rng.below(n + 1), names = rng.below(4);
      s += fmt::format("  to, name, t = all[{}], 'n{}', 't{}'\n", to, 1 + names % 2, 1 + names / 2);
      if (step.find("other") != std::string::npos)
        s += fmt::format("  other = (ets.lookup(refs, {})[1] or {{}})[2]\n", rng.below(n + 1));
      const bool ends = step.starts_with("error");
      if (!ends)
        s += "  try(function() " + step + " end)\n";
      else if (p != 0)  // the root's error would end it all
        s += "  do " + step + " end\n";
    }
  };
  const auto locals = [&](uint32_t p) {
    s += fmt::format(
        "  local to, name, t, tid, ref, other, timer, _\n"
        "  local function tell(r) ets.insert(refs, {{ {}, r }}) end\n",
        p);
  };
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format(
        "pids[{}] = {}function()\n", p,
        setting.nodes ? fmt::format("cluster.spawn('{}', ", p % 2 ? "a" : "b") : "lockstep.spawn(");
    s += "  local all = lockstep.recv_first({ 'all', lockstep.any })[2]\n";
    locals(p);
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    steps(p, n == 3 ? 5 : 4);
    s += "end)\n";
  }
  if (setting.faults)
    s += rng.below(2)   ? "cluster.faults({ loss = 1, duplicate = 1 })\n"
         : rng.below(2) ? "cluster.faults({ crash = { pids[1], pids[2] } })\n"
                        : "cluster.faults({ loss = 1 })\n";
  s += "pids[" + std::to_string(n + 1) + "] = lockstep.self()\ndo\n  local all = pids\n";
  locals(0);
  s += fmt::format("  for p = 1, {} do lockstep.send(pids[p], {{ 'all', all }}) end\n", n);
  steps(0, 3);
  return s + "end\nlockstep.sleep(60000)\n";
}

class Commute : public testing::TestWithParam<Setting> {};

TEST_P(Commute, RandomPrograms) {
  Prng rng(random_seed(41));
  const int programs = random_programs(150);
  CommuteCount all;
  for (int i = 0; i < programs; i++) {
    const std::string body = random_steps(rng, GetParam());
    SCOPED_TRACE(body);
    vm::MachineOptions machine = GetParam().machine();
    machine.drain = machine.allow_crashes = true;
    const auto system = vm::make_machine(program_of(body), "p", machine);
    const CommuteCount one = check_commuting(*system, rng, 4, 6);
    all.states += one.states;
    all.pairs += one.pairs;
    for (const std::string& what : one.broken) ADD_FAILURE() << what;
  }
  EXPECT_GT(all.pairs, 100u * static_cast<uint64_t>(programs));
}

INSTANTIATE_TEST_SUITE_P(Vm, Commute,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "racy", .racy = true},
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
  Prng rng(1);
  const CommuteCount count = check_commuting(*vm::make_machine(program, "p", machine), rng, 60, 6);
  EXPECT_TRUE(count.broken.empty()) << count.broken.front();
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
  Prng rng(1);
  const CommuteCount count = check_commuting(*system, rng, 60, 6);
  EXPECT_GT(count.pairs, 100u);
  EXPECT_TRUE(count.broken.empty()) << count.broken.front();
}

}  // namespace
}  // namespace lockstep
