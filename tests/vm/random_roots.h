// Random programs whose root takes part: it links, watches, traps, kills and receives, and fails
// with what it has seen, wherever the others are then.
#pragma once
#include <fmt/format.h>

#include <initializer_list>
#include <string>

#include "engine/base/prng.h"

namespace lockstep {

inline std::string one_of(Prng& rng, std::initializer_list<const char*> all) {
  return all.begin()[rng.below(static_cast<uint32_t>(all.size()))];
}

// Of process number `self`; 0 is the root.
inline std::string random_root_step(Prng& rng, uint32_t self, uint32_t n) {
  const bool root = self == 0;
  const std::string to = rng.below(4) ? fmt::format("p{}", 1 + rng.below(n)) : std::string("root");
  const auto there = [&](const std::string& call) {
    return fmt::format("  if {} then {} end\n", to, call);
  };
  switch (rng.below(18)) {
    case 0:
    case 1:
      return there(
          fmt::format("lockstep.exit({}, '{}')", to, one_of(rng, {"boo", "g", "kill", "normal"})));
    case 2:
    case 3:
      return there(fmt::format("pcall(lockstep.link, {})", to));
    case 4:
    case 5:
      return there(fmt::format("ref = lockstep.monitor({})", to));
    case 6:
      return fmt::format("  lockstep.flag('trap_exit', {})\n", rng.below(4) != 0);
    case 7:
      return "  lockstep.yield()\n";
    case 8:
      return fmt::format("  lockstep.send(root, 'm{}')\n", self);
    case 9:
      return there(fmt::format("lockstep.unlink({})", to));
    case 10:
      return root ? "  add(lockstep.recv(0))\n"
                  : "  lockstep.send(root, lockstep.recv(5) or 'none')\n";
    case 11:
      return root
                 ? fmt::format("  add(lockstep.recv_first({{ 'DOWN', any, any, any, any }}, {}))\n",
                               one_of(rng, {"0", "20"}))
                 : "  lockstep.recv(0)\n";
    case 12:
      return root ? "  lockstep.sleep(5)\n" : "  lockstep.exit('e')\n";
    case 13:
      return fmt::format("  if ref then lockstep.demonitor(ref{}) end\n",
                         one_of(rng, {"", ", { flush = true }"}));
    case 14:
      return there(
          fmt::format("{}lockstep.alive({}))", root ? "add(" : "lockstep.send(root, ", to));
    case 15:
      return there(fmt::format("pcall(lockstep.register, 'n', {})", to));
    case 16:
      return root ? "  add(lockstep.whereis('n') and 1 or 0)\n"
                  : "  pcall(lockstep.send, 'n', 'x')\n";
    default:
      return fmt::format("  ets.insert(t, {{ 'k', '{}' }})\n", self);
  }
}

// A table, and what the root has seen: add() puts it down.
inline const std::string kRootSees =
    "local any = lockstep.any\nlocal t = ets.new('t', { 'public' })\n"
    "local root = lockstep.self()\nlocal p1, p2, p3, ref\nlocal saw = ''\n"
    "local function name(v)\n"
    "  return v == root and 'root' or v == p1 and 'p1' or v == p2 and 'p2' or v == p3 and 'p3'\n"
    "    or lockstep.is_ref(v) and 'ref' or tostring(v)\nend\n"
    "local function add(m)\n"
    "  if type(m) ~= 'table' then m = { m == nil and 'nil' or m } end\n"
    "  for _, v in ipairs(m) do saw = saw .. name(v) .. ',' end\n"
    "  saw = saw .. ' '\nend\n";

inline std::string random_root(Prng& rng) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kRootSees;
  if (rng.below(3) == 0) s += "lockstep.flag('trap_exit', true)\n";
  for (uint32_t p = 1; p <= n; p++) {
    s += fmt::format("p{} = lockstep.{}(function(p1, p2)\n  local ref\n", p,
                     one_of(rng, {"spawn", "spawn", "spawn_link", "spawn_monitor", "spawn_monitor",
                                  "spawn_monitor"}));
    for (uint32_t i = 1 + rng.below(3); i > 0; i--) s += random_root_step(rng, p, n);
    s += "end, p1, p2)\n";
  }
  for (uint32_t i = rng.below(3); i > 0; i--) s += random_root_step(rng, 0, n);
  for (uint32_t i = 1 + rng.below(3); i > 0; i--)
    s += fmt::format("add(lockstep.recv({}))\n", one_of(rng, {"", "", "0", "20"}));
  return s + "add((ets.lookup(t, 'k')[1] or {})[2])\nerror(saw, 0)\n";
}

}  // namespace lockstep
