// Messages: how they get into a mailbox and out of it (receive.cpp), and what searches are told of
// receives (mail_log.cpp).
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Mailboxes : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Into the mailbox. `plain`: nothing else changes.
  void deliver(Process& to, const Message& message);
  // Receive, with the caller's matcher; pushes the message, or nil and "timeout".
  int receive(lua_State* L, Process& p, const char* what, Wait wait, int64_t timeout_ms);
  // While mail is kept (mail_log.cpp).
  void note_reception(const Process& p, const Term* wanted, uint32_t took);
  void wake(Process& p, bool expired, uint32_t cause);
  bool fits(Process& p, const Term& payload) const;
  bool look_here(Process& p);
  // While mail is kept (mail_log.cpp).
  uint32_t note_arrival(const Process& to, const Message& message);

  void begin() { looking_ = nullptr; }  // of an execution
  const Process* looking() const { return looking_; }
  void misused() { misused_ = true; }

 private:
  bool look(Process& p);
  bool look_at_clauses(Process& p, const Term& payload);
  bool says_yes(Process& p, const Term& payload);
  uint32_t clause_of(const Process& p, const Term& payload) const;
  bool find_message(Process& p);
  void flush_own_signals(Process& p);

  bool misused_ = false;              // the matcher that ran last has tried to perform an operation
  const Process* looking_ = nullptr;  // its matcher is being called, on the stack aside
};

}  // namespace lockstep::vm
