// What time it is for each process.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Clocks : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Reading the clock is an operation of its own: time may pass at any moment.
  bool clock_races() const {
    return options_.racy_timers() && !(slow_ & (kSlowMatcher | kSlowPeek));
  }
  // What time it is for the process: for all the same but with racy timers. ms
  uint64_t time_of(const Process& p) const;
  void learn_time(Process& p, uint64_t time);
  void learn_from(Process& p, const Message& message);
  // Digest of what a message tells whoever takes it: itself and, where timers race, the time that
  // its sender knew. Equal messages have equal ones.
  uint64_t told_by(const Message& message) const;
  // What the process knew at that step; of kNone, when the timer that fired then was due.
  uint64_t time_at(uint32_t process, uint32_t step) const;
};

}  // namespace lockstep::vm
