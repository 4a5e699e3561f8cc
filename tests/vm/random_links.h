// Random programs of ends, links, monitors, aliases, exit signals and names, whose root tells in
// the end what each process saw.
#pragma once
#include <fmt/format.h>

#include <string>

#include "tests/vm/random_programs.h"

namespace lockstep {

// Two or three processes of a few operations each; what they see is told when nothing else can
// happen.
inline std::string random_operation(Prng& rng, const Setting& kind, uint32_t process,
                                    uint32_t processes) {
  const char* to = rng.below(2) ? "a" : "b";
  const char* name = rng.below(2) ? "x" : "y";
  const char* reasons[] = {"normal", "boom", "kill"};
  const char* modes[] = {"explicit_unalias", "demonitor", "reply_demonitor"};
  const std::string there = fmt::format("  if {} then ", to);
  switch (rng.below(22)) {
    case 0:
      return fmt::format("  note(lockstep.flag('trap_exit', {}))\n", rng.below(3) != 0);
    case 1:
    case 2:
      return there + fmt::format("note(pcall(lockstep.link, {})) end\n", to);
    case 3:
      return there + fmt::format("lockstep.unlink({}) end\n", to);
    case 4:
    case 5:
      return there + fmt::format("lockstep.exit({}, '{}') end\n", to, reasons[rng.below(3)]);
    case 6:
    case 7:
      return there + fmt::format(
                         "ref = lockstep.monitor({}, {{ alias = '{}' }}) "
                         "ets.insert(log, {{ 'ref{}', ref }}) end\n",
                         to, modes[rng.below(3)], process);
    case 8:
      return there + fmt::format("ref = lockstep.monitor({}) end\n", to);
    case 9:
      return fmt::format("  if ref then note(lockstep.demonitor(ref, {{ {} = true }})) end\n",
                         rng.below(2) ? "flush" : "info");
    case 10:
      return "  if ref then note(lockstep.unalias(ref)) end\n";
    case 11:
      return fmt::format(
          "  do local r = ets.lookup(log, 'ref{}')[1] if r then lockstep.send(r[2], {}) end end\n",
          1 + rng.below(processes), 1 + rng.below(2));
    case 12:
      return fmt::format("  lockstep.spawn_link(function() lockstep.exit('{}') end)\n",
                         rng.below(2) ? "normal" : "boom");
    case 13:
      return kind.nodes
                 ? there + fmt::format("lockstep.send({}, 1) end\n", to)
                 : there +
                       fmt::format("note(#(lockstep.process_info({}, 'links') or {{}})) end\n", to);
    case 14:
      return rng.below(2) ? "  lockstep.sleep(5)\n" : "  note(lockstep.recv(5))\n";
    case 15:
      return fmt::format("  note(pcall(lockstep.register, '{}', lockstep.self()))\n", name);
    case 16:
      return there + fmt::format("note(pcall(lockstep.register, '{}', {})) end\n", name, to);
    case 17:
      return fmt::format("  note(pcall(lockstep.unregister, '{}'))\n", name);
    case 18:
      return rng.below(2) ? fmt::format("  note(lockstep.whereis('{}'))\n", name)
                          : fmt::format("  ref = lockstep.monitor('{}')\n", name);
    case 19:
      return fmt::format("  note(pcall(lockstep.send, '{}', 1))\n", name);
    case 20:
      return kind.nodes ? "  lockstep.exit('boom')\n"
                        : there + fmt::format("note(lockstep.alive({})) end\n", to);
    default:
      return "  note(lockstep.recv(0))\n";
  }
}

inline std::string random_program(Prng& rng, const Setting& kind) {
  const uint32_t n = 2 + rng.below(2);
  std::string s = kLog;
  if (kind.nodes) s += "cluster.start_nodes({ 'a', 'b' })\n";
  for (uint32_t p = 1; p <= n; p++) {
    s += begin_process(p, kind.nodes ? (p % 2 ? "a" : "b") : nullptr);
    if (rng.below(3) == 0) s += "  lockstep.flag('trap_exit', true)\n";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 2);
    for (uint32_t i = 0; i < steps; i++) s += random_operation(rng, kind, p, n);
    s += kEndProcess;
  }
  if (kind.faults) s += random_fault(rng);
  // Where time may pass at any moment the error would end the others' work somewhere in its middle.
  return s + (kind.racy ? "lockstep.sleep(60000)\n" : tell_all(n));
}

}  // namespace lockstep
