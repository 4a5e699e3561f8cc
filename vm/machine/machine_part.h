// What every part of the machine has: the way to the machine, and so to the other parts, the state
// of the execution, and the memory that it lies in.
#pragma once
#include "vm/machine/machine.h"

namespace lockstep::vm {

class MachinePart {
 public:
  MachinePart(const MachinePart&) = delete;
  MachinePart& operator=(const MachinePart&) = delete;

  explicit MachinePart(Machine& m)
      : m_(m),
        world_(m.world_),
        arena_(m.arena_),
        scratch_(m.scratch_),
        options_(m.options_),
        host_(m.host_),
        L_(m.L_),
        slow_(m.scheduler_.slow()) {}

 protected:
  ~MachinePart() = default;

  Machine& m_;
  World* const world_;
  Arena& arena_;
  Bytes& scratch_;
  const MachineOptions& options_;
  Host& host_;
  lua_State* const& L_;  // runs no guest code
  uint32_t& slow_;       // bits of Slow
};

}  // namespace lockstep::vm
