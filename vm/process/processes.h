// Processes: how they begin, how a signal ends them, and the names that they have. What they do
// then: Lifetime.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

// What runs on a process's own stack, from its first to its last instruction.
class Lifetime {
 public:
  [[noreturn]] virtual void body(Process& p) = 0;
  [[noreturn]] virtual void die(Process& p) = 0;  // the running process ends; exit_reason is set

 protected:
  ~Lifetime() = default;
};

class Processes : public MachinePart {
 public:
  using MachinePart::MachinePart;
  void live(Lifetime& lifetime) { lifetime_ = &lifetime; }
  Lifetime& lifetime() const { return *lifetime_; }

  // `values` holds a function and its arguments, encoded one after the other. start_child runs it
  // to its first operation.
  Process& spawn(Process& parent, const Term& values, uint32_t node);
  void start_child(Process& child);
  uint64_t make_ref(Process& p);
  void terminate(Process& p, const Term& reason);  // by a signal; may be the running process
  void die_if_doomed(Process& p) {  // after an effect that may have killed the process itself
    if (p.doomed) {
      p.doomed = false;
      lifetime_->die(p);
    }
  }
  // Killed, but its exit has not taken effect: dead to those who ask it.
  bool dying_by_signal(const Process& p) const { return p.killed; }
  void add_name(const Name& name);
  void release_name(Process& p);
  void create_root();
  void drop_mailbox(Process& p);

 private:
  [[noreturn]] void end_root();
  void run_to_park(Process& p);  // a starting or probing process, up to where it parks

  Lifetime* lifetime_ = nullptr;
};

}  // namespace lockstep::vm
