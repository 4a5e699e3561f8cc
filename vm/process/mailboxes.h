// Messages: how they get into a mailbox and are found there, and what searches are told of receives
// (mail_log.cpp). Taking one out: receive.h.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Mailboxes : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Into the mailbox. `plain`: nothing else changes.
  void deliver(Process& to, const Message& message);
  // While mail is kept (mail_log.cpp).
  void note_reception(const Process& p, const Term* wanted, uint32_t took);
  // Looks at the messages not looked at yet; true if one fits: p.looked is its index.
  bool find_message(Process& p);
  uint32_t clause_of(const Process& p, const Term& payload) const;
  void wake(Process& p, bool expired, uint32_t cause);
  bool fits(Process& p, const Term& payload) const;
  bool look_here(Process& p);
  // While mail is kept (mail_log.cpp).
  uint32_t note_arrival(const Process& to, const Message& message);

 private:
  bool look(Process& p);
  bool look_at_clauses(Process& p, const Term& payload);
  bool says_yes(Process& p, const Term& payload);
};

}  // namespace lockstep::vm
