// The least that a scheduler loop can do on this machine, as the yardstick for the real one: pick a
// process, record eight bytes, run it to its next sync point, perform the operation. No signals, no
// timers, no footprints, no isolation, no limits, no check of anything; a restart copies an image
// of the Lua state back.
#pragma once
#include <cstdint>

namespace lockstep::bench {

struct BareResult {
  uint64_t executions = 0;
  uint64_t steps = 0;
  double cpu_seconds = 0;
};

// Runs executions of `processes` copies of the Lua function body(id), which may call get(), put(v),
// add(v), send(to, v), recv(), lookup(k) and insert(k, v), for about `seconds` of CPU time. pct:
// priorities with two change points instead of a uniform pick.
BareResult run_bare(const char* body, int processes, bool pct, double seconds);

double cpu_now();

}  // namespace lockstep::bench
