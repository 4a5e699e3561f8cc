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
  // What a release touches whose caller wants to know how many may enter then.
  static ObjectId released(const Process& p, const AtomicsArray& a);

 private:
  void set_taker(AtomicsArray& a, const Process& p);
};

}  // namespace lockstep::vm
