// Random programs whose root returns, mostly before the others are done: they turn properties hot
// and cold and write what predicates look at, or owe nothing.
#pragma once
#include <fmt/format.h>

#include <string>

#include "tests/vm/random_roots.h"

namespace lockstep {

inline std::string random_owed_step(Prng& rng, bool owes, uint32_t self, uint32_t n) {
  switch (rng.below(owes ? 9 : 6)) {
    case 0:
      return fmt::format("  ets.insert(t, {{ 'k', {} }})\n", rng.below(3));
    case 1:
      return fmt::format(
          "  lockstep.invariant('i{}', function()\n"
          "    return (ets.lookup(t, 'k')[1] or {{}})[2] ~= {} end)\n",
          self, rng.below(3));
    case 6:
    case 7:
      return fmt::format("  lockstep.temporal('{}', '{}')\n", one_of(rng, {"x", "x", "y"}),
                         one_of(rng, {"hot", "hot", "cold", "cold", "warm"}));
    case 8:
      return fmt::format(
          "  lockstep.eventually('e{}', function()\n"
          "    return (ets.lookup(t, 'k')[1] or {{}})[2] == {} end)\n",
          self, rng.below(3));
    default:
      return random_root_step(rng, self, n);
  }
}

// What each process saw is a goal. `owes`: its end may come before what is owed has come; else it
// shows nothing that is not seen if it comes last. `crashes`: one process may, or two.
inline std::string random_owed(Prng& rng, bool owes, bool crashes = false) {
  const uint32_t n = 2 + rng.below(2);
  const auto steps = [&](uint32_t self) {
    std::string s;
    for (uint32_t i = rng.below(4); i > 0; i--) s += random_owed_step(rng, owes, self, n);
    return s;
  };
  std::string s =
      kRootSees + "local add_to = add\nadd = function(m) add_to(m) lockstep.cover(saw) end\n";
  if (rng.below(3) == 0) s += "lockstep.flag('trap_exit', true)\n";
  if (owes)
    s += fmt::format("lockstep.temporal('x', '{}')\n", one_of(rng, {"hot", "warm", "cold"}));
  for (uint32_t p = 1; p <= n; p++)
    s += fmt::format(
        "p{0} = lockstep.{1}(function(p1, p2)\n  local ref\n{2}  lockstep.cover('end of {0}')\n"
        "end, p1, p2)\n",
        p, one_of(rng, {"spawn", "spawn", "spawn_link", "spawn_monitor"}), steps(p));
  if (crashes)
    s += fmt::format("cluster.faults({{ crash = {{ {} }} }})\n", one_of(rng, {"p1", "p1, p2"}));
  s += steps(0);
  if (rng.below(2)) s += fmt::format("add(lockstep.recv({}))\n", one_of(rng, {"", "0", "20"}));
  if (!crashes && rng.below(4) == 0) s += "error(saw, 0)\n";
  return s;
}

}  // namespace lockstep
