// Assertions that cost too much for the hot path: with `--check`, and in builds that are not for
// users.
#pragma once
#include <functional>
#include <memory>

#include "vm/machine/machine_part.h"

namespace lockstep {
class InvariantCheck;
}

namespace lockstep::vm {

class Checks : public MachinePart {
 public:
  Checks(Machine& m, const System& system);
  ~Checks();

  void begin();                                            // of an execution: whether it is checked
  void before_choice(const std::function<void()>& renew);  // renews all stale footprints
  void took(const Alternative& a);

 private:
  const System& system_;
  std::unique_ptr<InvariantCheck> invariants_;  // null: nothing is checked
};

}  // namespace lockstep::vm
