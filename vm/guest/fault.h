// What interrupts guest code: the watchdog's signal, and faults that it runs into on purpose of
// ours, which are the end of a C stack and memory that holds what processes share and that may only
// be read (frozen.h). Such a fault ends the execution; the frames below are abandoned, as they
// always are.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

// From here on such faults on the calling thread end the execution of its machine. All others are
// what they were.
void catch_faults_on_this_thread();
// Starts the periodic signal for the calling thread, once. Its handler calls Watchdog::on_tick for
// the machine that runs.
void watch_this_thread();

class GuestFaults : public MachinePart {
 public:
  using MachinePart::MachinePart;
  void begin() { fault_ = nullptr; }  // of an execution, also where it goes on from a mark

  // From the handler: whether it is a fault that guest code can run into. Then end() is to be
  // called, on the stack that is kept for it.
  bool is_expected(const void* address);
  [[noreturn]] void end();

 private:
  const void* fault_ = nullptr;  // the address that guest code must not touch
};

}  // namespace lockstep::vm
