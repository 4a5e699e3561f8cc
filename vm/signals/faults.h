// The faults that may still come, within a budget for each kind. What one does: Cluster.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Faults : public MachinePart {
 public:
  using MachinePart::MachinePart;

  void set_budget(FaultKind kind, uint32_t budget);
  void offer();  // makes those that are still allowed alternatives
  void allow(FaultKind kind, uint32_t target) { fault_for(kind, target); }
  void watch() {
    if (world_->faults.size == 0)
      fault_for(FaultKind::loss, kNone);  // a placeholder: faults are in force
  }

 private:
  uint32_t fault_for(FaultKind kind, uint32_t target);
};

}  // namespace lockstep::vm
