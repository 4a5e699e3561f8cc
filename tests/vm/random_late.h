// Random programs of what may still happen when the root is about to end: timers of 0 ms and sleeps
// of 0 ms, equal words from several processes, exit signals in a row, processes that may crash.
// What each sees is a goal, so that an end that comes too early hides it.
#pragma once
#include <fmt/format.h>

#include <string>

#include "tests/vm/random_roots.h"

namespace lockstep {

// Of process number `self`; 0 is the root. Each knows the root, and the root those before.
inline std::string random_late_step(Prng& rng, uint32_t self) {
  const std::string to =
      self != 0 ? one_of(rng, {"root", "root", "p1"}) : one_of(rng, {"p1", "p1", "p2", "root"});
  const auto there = [&](const std::string& call) {
    return fmt::format("  if {} then {} end\n", to, call);
  };
  const auto see = [&](const char* what) { return fmt::format("  see({}, {})\n", self, what); };
  switch (rng.below(14)) {
    case 0:
    case 1:
      return "  lockstep.sleep(0)\n";
    case 2:
      return see("lockstep.recv(0)");
    case 3:
      return see("lockstep.recv(5)");
    case 4:
      return see("lockstep.now()");
    case 5:
    case 6:
    case 7:
      return there(fmt::format("lockstep.send({}, 'word')", to));
    case 8:
    case 9:
      return there(fmt::format("lockstep.exit({}, '{}')", to, one_of(rng, {"a", "b"})));
    case 10:
      return there(fmt::format("lockstep.send_after({}, 'word', {})", to, 5 * rng.below(2)));
    case 11:
      return there(fmt::format("see({}, lockstep.alive({}))", self, to));
    case 12:
      return see("lockstep.recv()");
    default:
      return "  lockstep.yield()\n";
  }
}

// `crashes`: one of them may crash, or both.
inline std::string random_late(Prng& rng, bool crashes) {
  std::string s =
      "local root, p1, p2 = lockstep.self()\n"
      "local function see(who, what)\n"
      "  lockstep.cover(who .. ' ' .. tostring(lockstep.is_pid(what) and 'pid' or what))\nend\n";
  if (rng.below(3) == 0) s += "lockstep.flag('trap_exit', true)\n";
  for (uint32_t p = 1; p <= 2; p++) {
    s += fmt::format("p{} = lockstep.{}(function()\n", p,
                     one_of(rng, {"spawn", "spawn", "spawn_link"}));
    for (uint32_t i = 0, n = 1 + rng.below(3); i < n; i++) s += random_late_step(rng, p);
    s += fmt::format("  see({}, 'end')\nend)\n", p);
  }
  if (crashes && rng.below(3) == 0)
    s += fmt::format(
        "require('lockstep.cluster').faults({{ crash = {{ p1, p2 }}, crashes = {} }})\n",
        1 + rng.below(2));
  for (uint32_t i = 0, n = rng.below(3); i < n; i++) s += random_late_step(rng, 0);
  if (rng.below(2))
    s += "lockstep.spawn(function()\n" + random_late_step(rng, 3) + "  see(3, 'end')\nend)\n";
  return s;
}

}  // namespace lockstep
