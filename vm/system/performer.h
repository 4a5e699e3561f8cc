// What the loop over the steps leaves to the parts: what comes before a choice, what a step does
// that is no process's, and what it means that nothing can happen any more.
#pragma once
#include <string>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Performer final : public MachinePart, public Steps {
 public:
  using MachinePart::MachinePart;

  void create_root() override;
  void renew_footprints() override;
  void after_step() override;
  bool offer() override;
  void check_choice() override;
  void took(const Alternative& a) override;
  void open_event(Process* p, const Alternative& a, size_t alternatives) override;
  void close_event() override;
  void perform(const Alternative& a) override;
  [[noreturn]] void die(Process& p) override;
  Outcome decide_end() override;
  std::string label(const Process& p) const override;

 private:
  void fired(const Timer& t);  // what it brings about
};

}  // namespace lockstep::vm
