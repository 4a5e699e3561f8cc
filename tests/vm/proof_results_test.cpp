// What the result of one call tells of another: programs whose proofs were wrong, found by reading
// what each call can tell against what it announces. All searches reach what all executions reach.
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

struct Case {
  const char* what;
  size_t goals;
  const char* body;
  bool racy = false;
};

const Case kCases[] = {
    {"a message that waits for a partition to heal, and its alias", 2, R"(
local me = lockstep.self()
cluster.start_node('a') cluster.start_node('b')
local w = cluster.spawn('b', function()
  local ref = lockstep.alias()
  lockstep.send(me, ref)
  lockstep.recv_first('go')
  lockstep.unalias(ref)
  lockstep.sleep(10)
  lockstep.send(me, lockstep.process_info(lockstep.self(), 'message_queue_len'))
end)
local ref = lockstep.recv()
cluster.partition('a', 'b', { mode = 'defer' })
cluster.spawn('a', function() lockstep.send(ref, 'late') lockstep.send(me, 'sent') end)
lockstep.recv_first('sent')
lockstep.send(w, 'go')
cluster.heal()
lockstep.cover('n' .. lockstep.recv())
)"},
    {"an answer behind two kills, and whom its monitor watches", 3, R"(
local me = lockstep.self()
local t = lockstep.spawn(function() lockstep.recv() end)
local a = lockstep.spawn(function()
  local ref = lockstep.monitor(t, { alias = 'reply_demonitor' })
  lockstep.send(me, ref)
  lockstep.recv_first('never')
end)
local ref = lockstep.recv()
lockstep.spawn(function()
  lockstep.exit(a, 'kill')
  lockstep.spawn(function()
    lockstep.exit(a, 'kill') lockstep.send(ref, 'x') lockstep.send(me, 'sent')
  end)
end)
lockstep.recv()
local lives = lockstep.alive(a)
lockstep.cover(tostring(lives) .. #lockstep.process_info(t, 'monitored_by'))
)"},
    {"a transaction waits while its table is renamed", 1, R"(
ets.new('t', { 'named_table', 'public' })
local id, me = ets.whereis('t'), lockstep.self()
lockstep.spawn(function()
  lockstep.yield()
  lockstep.send(me, (pcall(ets.transaction, id, { 'k' }, function() ets.insert(id, { 'k', 1 }) end)))
end)
ets.rename('t', 'u')
lockstep.cover(tostring(lockstep.recv()))
)"},
    {"a fold goes on after its table was renamed", 2, R"(
ets.new('t', { 'named_table', 'public' })
local id = ets.whereis('t')
ets.insert(id, { 1 })
local n = ets.foldl(function(o, n)
  if o[1] == 1 then
    ets.rename(id, 'u')
    lockstep.spawn(function() ets.insert(id, { 2 }) end)
  end
  return n + 1
end, 0, id)
lockstep.cover('objects ' .. n)
)"},
    {"a predicate looks at a table while its process is about to write another", 3, R"(
ets.new('t', { 'named_table', 'public' })
ets.new('w', { 'named_table', 'public' })
local id = ets.whereis('t')
lockstep.invariant('i', function()
  return not ets.whereis('w') or #ets.lookup('w', 'k') == 0
end)
lockstep.spawn(function()
  ets.rename(id, 'u')
  local first = #ets.lookup(id, 'k')
  lockstep.cover('renamed, then ' .. first .. #ets.lookup(id, 'k'))
end)
ets.insert(id, { 'k', 1 })
lockstep.sleep(10)
)"},
    {"a model is refused an operation, and nothing is left of it", 3, R"(
local history, checker = require 'lockstep.history', require 'lockstep.checker'
local atomics = require 'lockstep.atomics'
local h, a, q = history.start(), atomics.new(1), lockstep.spawn(function() lockstep.recv() end)
history.invoke(h, 'op') lockstep.yield() history.ok(h, 'op')
checker.check(h, { init = 0, step = function(s) pcall(lockstep.alive, q) return s end })
lockstep.spawn(function()
  lockstep.yield()
  local first = atomics.get(a, 1)
  lockstep.cover('saw ' .. first .. atomics.get(a, 1))
end)
lockstep.spawn(function() end)
atomics.put(a, 1, 1)
lockstep.sleep(10)
)"},
    {"a transaction of many keys and the clock", 2, R"(
local t = ets.new('t', { 'public' })
local keys = { read = { 'a', 'b', 'c' }, clock = true }
for i = 1, 61 do keys[i] = i end
lockstep.spawn(function() ets.delete(t) end)
lockstep.cover(tostring((pcall(ets.transaction, t, keys, function() ets.lookup(t, 'a') end))))
)",
     true},
    {"keys of equal content lie where others' memory leaves room", 1, R"(
local t = ets.new('t', { 'public' })
lockstep.spawn(function()
  local key = {}
  for i = 1, 3 do
    key[{}] = i
    lockstep.yield()
  end
  ets.insert(t, { key, 'x' })
  lockstep.cover('found ' .. #ets.lookup(t, { [{}] = 1, [{}] = 2, [{}] = 3 }))
end)
lockstep.spawn(function()
  local kept = {}
  for i = 1, 3 do
    lockstep.yield()
    kept[i] = {}
  end
end)
lockstep.sleep(10)
)"}};

TEST(Results, TellWhatIsAnnounced) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    const vm::Program program = program_of(c.body);
    vm::MachineOptions machine;
    machine.drain = true;
    if (c.racy) machine.timers = vm::TimerMode::racy;
    const Seen dfs = all_of("dfs", program, "p", {}, machine, 400'000);
    EXPECT_TRUE(dfs.complete);
    EXPECT_EQ(dfs.goals.size(), c.goals);
    EXPECT_TRUE(dfs.failures.empty()) << *dfs.failures.begin();
    for (const char* strategy : {"sleep", "dpor", "cache"}) {
      const Seen seen = all_of(strategy, program, "p", {}, machine);
      EXPECT_EQ(seen.goals, dfs.goals) << strategy;
      EXPECT_EQ(seen.outcomes, dfs.outcomes) << strategy;
    }
  }
}

// Nodes are known of by the sources' words, as timers and crashes are.
TEST(Results, NodesAreStartedByAModuleThatIsNamed) {
  const vm::Program program = vm::Program::from_sources(
      {{"p.lua",
        "local lockstep = require 'lockstep'\n"
        "local nodes = require('lockstep.clu' .. 'ster')\n"
        "lockstep.scenario('p', function() nodes.start_node('a') end)\n"}});
  const Seen dfs = all_of("dfs", program, "p");
  ASSERT_EQ(dfs.failures.size(), 1u);
  EXPECT_NE(dfs.outcomes.begin()->find("required by that name"), std::string::npos)
      << *dfs.outcomes.begin();
}

}  // namespace
}  // namespace lockstep
