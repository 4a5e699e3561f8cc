// Locks and semaphores: arrays of atomics whose first value says how many may still enter.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Locks : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Waits until array `number` lets somebody enter, and takes that off.
  void take(lua_State* L, Process& p, const char* what, uint32_t number);
  void changed(uint32_t number);  // lets those go on who can, and holds the others back
  int64_t permits(ObjectId lock) const;
};

}  // namespace lockstep::vm
