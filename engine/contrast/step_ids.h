// Steps named so that other executions, and edited programs, have the same names: who (spawn path),
// what kind of operation, on which object, and the how many-th of those. Not by position, line or
// number of a table, which an edit or another order changes.
#pragma once
#include <cstdint>

#include "engine/base/flat_map.h"
#include "engine/boundary/system.h"
#include "engine/trace/deviation.h"

namespace lockstep {

using StepId = uint64_t;  // 0: none

// Of one execution, as it goes on. 2^-64 is the chance that two steps share a name.
class StepIds {
 public:
  void begin(const System& system);
  // What the alternative is, the how many-th aside; `value` is 0 there.
  uint64_t base(const Alternative& alternative);
  uint64_t base_of_choice(ActorId asker);                              // a data choice
  StepId id(uint64_t base) { return mix64(base, counts_[base]) | 1; }  // if it were taken now
  void took(uint64_t base) { counts_[base]++; }

 private:
  const System* system_ = nullptr;
  ActorKeys keys_;
  FlatMap<uint32_t> counts_;
};

}  // namespace lockstep
