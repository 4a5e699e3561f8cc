// How processes end: by themselves, or where a signal has ended them.
#pragma once
#include <array>

#include "vm/process/processes.h"

namespace lockstep::vm {

class Ends final : public MachinePart, public Lifetime {
 public:
  using MachinePart::MachinePart;

  [[noreturn]] void body(Process& p) override;
  [[noreturn]] void die(Process& p) override;
  // Of one that has announced its end and has lost or gained a name, a table or somebody to tell.
  void renew_footprint(Process& p);

 private:
  void end(Process& p, uint32_t tables);
  size_t footprint(Process& p);  // in footprint_
  void tell_of_end(Process& p);

  std::array<Footprint, 255> footprint_;  // of an end; Operation::extra_count is a byte
};

}  // namespace lockstep::vm
