// What went through the mailboxes of an execution, for a reduction that asks which messages a
// receive can tell apart. Kept in the arena, so that saved states have it too.
#include "vm/machine/clocks.h"
#include "vm/machine/lookup.h"
#include "vm/process/mailboxes.h"

namespace lockstep::vm {

uint32_t Mailboxes::note_arrival(const Process& to, const Message& message) {
  World& w = *world_;
  m_.push(w.arrivals,
          Arrival{w.steps - 1, stable_object(w, make_object(ObjectClass::mailbox, to.index)),
                  m_.clocks().told_by(message) + message.down});
  m_.push(w.arrived, copy_term(message.payload, arena_));
  return w.arrivals.size - 1;
}

// `wanted`: the pattern; null if the matcher is code.
void Mailboxes::note_reception(const Process& p, const Term* wanted, uint32_t took) {
  World& w = *world_;
  m_.push(w.receptions,
          Reception{w.steps - 1, stable_object(w, make_object(ObjectClass::mailbox, p.index)), took,
                    wanted == nullptr});
  m_.push(w.wanted, wanted ? copy_term(*wanted, arena_) : Term{});
}

}  // namespace lockstep::vm
