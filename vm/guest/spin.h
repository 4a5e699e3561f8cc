// Waits that spin: who came back to where it was, and has only looked meanwhile (spin.cpp).
#pragma once
#include <vector>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Spins : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Waits that spin (spin.cpp).
  void note_footprint(const Alternative& a);
  void look_for_round(lua_State* L, Process& p, const Operation& next);
  bool outdated(Process& p) const;
  bool any_held();
  bool waits_in_vain();  // somebody is held who could have gone on
  void let_look_again();
  [[noreturn]] void give_up();

  // What the process does just now is not seen from its operation: no round without effect.
  static void did_more_than_look(Process& p) { p.spin.written = kNone; }

  void begin() { given_up_ = false; }  // of an execution
  bool given_up() const { return given_up_; }
  bool again() const { return again_; }
  void forget_again() { again_ = false; }

 private:
  void hold(Process& p, const Operation& next);
  [[noreturn]] void learn(std::vector<uint64_t>& places, uint64_t place);
  uint64_t state_of(const Process& p, uint64_t place);

  // Sorted: places that some process came back to, and those that one came round to, as far as its
  // surface tells.
  std::vector<uint64_t> met_again_, rounds_;
  bool again_ = false;     // one was learned: the execution is to be run again
  bool given_up_ = false;  // somebody was held who could have gone on
};

}  // namespace lockstep::vm
