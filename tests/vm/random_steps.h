// Random programs of all that processes can do to each other: they link, watch, trap, end and kill,
// own tables that go with them, take and give up names, set timers, and live on nodes between which
// signals travel, are lost or doubled.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "tests/vm/random_programs.h"

namespace lockstep {

// `to` is a process, `name` a name, `ref` what it monitored or its alias, `other` such a reference
// of another's, `timer` a timer.
inline const char* const kSteps[] = {
    "lockstep.send(to, 1)",
    "lockstep.send(name, 2)",
    "if other then lockstep.send(other, 3) end",
    "lockstep.recv(0)",
    "lockstep.recv(5)",
    "lockstep.recv_first({ 'DOWN', lockstep.any, lockstep.any, lockstep.any, lockstep.any }, 5)",
    "lockstep.recv_first(function(m) return m == 1 end, 5)",
    "lockstep.receive { { 3, print }, { lockstep.any, print, when = function(m) return m < 3 end "
    "}, "
    "after = 5 }",
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
    "lockstep.process_info(to, 'status')",
    "lockstep.process_info(to)",
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
    "ets.transaction(t, { 'x' }, function() ets.insert(t, { 'x', #ets.lookup(t, 'x') }) end)",
    "ets.transaction(t, { read = { 'x', 'y' } }, function() return { ets.lookup(t, 'x'), "
    "ets.lookup(t, 'y') } end)",
    "if tid then ets.transaction(tid, { write = 'all' }, function() return ets.tab2list(tid) end) "
    "end",
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
inline const char* const kNodeSteps[] = {
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
    "cluster.monitor_nodes(true)",
    "lockstep.nodes()",
    "cluster.stop_node('b')",
    "cluster.start_node('b')",
};

inline const char* const kTimeSteps[] = {
    "lockstep.now()",
    "lockstep.recv(10)",
    "lockstep.sleep(10)",
    "timer = lockstep.send_after(to, 'late', 10)",
    "timer = lockstep.send_after(name, 'late', 0)",
    "timer = lockstep.send_after(to, 'late', 5, { abs = true })",
};

// What each process has seen so far is a goal (lockstep.cover): pids by their place, references
// and whatever else is an address by their kind.
inline const char* const kShow = R"lua(
local function show(v, all)
  if type(v) == 'userdata' then
    for i, p in pairs(all) do if p == v then return 'p' .. i end end
    return 'u'
  end
  if type(v) ~= 'table' then return type(v) == 'function' and 'f' or tostring(v) end
  local parts = {}
  for i, x in ipairs(v) do parts[i] = show(x, all) end
  local n = #parts
  for k, x in pairs(v) do
    if type(k) == 'string' then table.insert(parts, k .. '=' .. show(x, all)) end
  end
  table.sort(parts, function(a, b) return a < b end)
  return '{' .. n .. ':' .. table.concat(parts, ',') .. '}'
end
local function try(see, f)
  local t = table.pack(pcall(f))
  see(t)
end
)lua";

// `n` processes of at most `most` steps. Each first learns who the others are. Nothing that fails
// ends a process but error().
inline std::string random_steps(Prng& rng, const Setting& setting, uint32_t n, uint32_t most) {
  std::string s =
      std::string("local refs = ets.new('refs', { 'public' })\nlocal pids = {}\n") + kShow;
  if (setting.nodes) s += "cluster.start_nodes({ 'a', 'b' })\n";
  const auto steps = [&](uint32_t p, uint32_t at_most) {
    for (uint32_t i = 1 + rng.below(at_most); i > 0; i--) {
      const std::string step = setting.nodes && rng.below(4) == 0
                                   ? kNodeSteps[rng.below(std::size(kNodeSteps))]
                               : (setting.racy || setting.simultaneous) && rng.below(3) == 0
                                   ? kTimeSteps[rng.below(std::size(kTimeSteps))]
                                   : kSteps[rng.below(std::size(kSteps))];
      const uint32_t to = 1 + rng.below(n + 1), names = rng.below(4);
      s += fmt::format("  to, name, t = all[{}], 'n{}', 't{}'\n", to, 1 + names % 2, 1 + names / 2);
      if (step.find("other") != std::string::npos)
        s += fmt::format("  other = (ets.lookup(refs, {})[1] or {{}})[2]\n", rng.below(n + 1));
      const bool ends = step.starts_with("error");
      const bool tells = step.starts_with("lockstep.") || step.starts_with("ets.");
      if (!ends)
        s += std::string("  try(see, function() ") + (tells ? "return " : "") + step + " end)\n";
      else if (p != 0)  // the root's error would end it all
        s += "  do " + step + " end\n";
    }
  };
  const auto locals = [&](uint32_t p) {
    s += fmt::format(
        "  local to, name, t, tid, ref, other, timer, _\n"
        "  local function tell(r) ets.insert(refs, {{ {}, r }}) end\n"
        "  local saw = '{}'\n"
        "  local function see(t) saw = saw .. ' ' .. show(t, all)\n"
        "    lockstep.cover(#saw <= 200 and saw or saw:sub(1, 80) .. '~' .. saw:sub(-100))\n"
        "  end\n",
        p, p);
  };
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format(
        "pids[{}] = {}function()\n", p,
        setting.nodes ? fmt::format("cluster.spawn('{}', ", p % 2 ? "a" : "b") : "lockstep.spawn(");
    s += "  local all = lockstep.recv_first({ 'all', lockstep.any })[2]\n";
    locals(p);
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    steps(p, n > 3 ? most - 1 : most);
    s += "end)\n";
  }
  if (setting.faults) s += random_fault(rng);
  s += "pids[" + std::to_string(n + 1) + "] = lockstep.self()\ndo\n  local all = pids\n";
  locals(0);
  s += fmt::format("  for p = 1, {} do lockstep.send(pids[p], {{ 'all', all }}) end\n", n);
  steps(0, std::min(most, 3u));
  return s + "end\nlockstep.sleep(60000)\n";
}

}  // namespace lockstep
