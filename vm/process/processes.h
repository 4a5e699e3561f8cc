// Processes: how they begin and end, and the names that they have (process.cpp).
#pragma once
#include <array>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Processes : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // `values` holds a function and its arguments, encoded one after the other. start_child runs it
  // to its first operation.
  Process& spawn(Process& parent, const Term& values, uint32_t node);
  void start_child(Process& child);
  uint64_t make_ref(Process& p);
  void terminate(Process& p, const Term& reason);  // by a signal; may be the running process
  void die_if_doomed(Process& p) {  // after an effect that may have killed the process itself
    if (p.doomed) {
      p.doomed = false;
      die(p);
    }
  }
  [[noreturn]] void die(Process& p);  // the running process ends; exit_reason is set
  // Killed, but its exit has not taken effect: dead to those who ask it.
  bool dying_by_signal(const Process& p) const { return p.killed; }
  void add_name(const Name& name);
  void release_name(Process& p);
  void renew_end_footprint(Process& p);
  void create_root();
  void body(Process& p);

 private:
  [[noreturn]] void end_root();
  void run_to_park(Process& p);  // a starting or probing process, up to where it parks
  void end(Process& p, uint32_t tables);
  size_t end_footprint(Process& p);  // in end_footprint_
  void tell_of_end(Process& p);

  std::array<Footprint, 255> end_footprint_;  // of an end; Operation::extra_count is a byte
};

}  // namespace lockstep::vm
