// What operations touch that pass between processes: what they announce, and how that follows what
// others do meanwhile (footprints.cpp); what a signal touches where it arrives (effects.cpp).
#pragma once
#include "vm/machine/machine_part.h"
#include "vm/machine/objects.h"

namespace lockstep::vm {

class Footprints : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Footprints of what passes between processes (footprints.cpp). Queued: it travels, and arrives
  // by a step of its own.
  bool queued(const Process& from, const Process& to) const;
  // From one process to another through the one queue of the receiver; kNone: from a timer.
  bool instant(uint32_t from, uint32_t to) const {
    const World& w = *world_;
    return !options_.async_delivery &&
           (from == kNone || w.processes[from]->node == w.processes[to]->node);
  }
  ObjectId link_object(uint32_t a, uint32_t b) const;  // the connection of two nodes
  ObjectId channel_object(uint32_t from, uint32_t to, uint32_t node) const;
  size_t sending(const Process& from, const Process& to, Footprint* out) const;  // one or two
  size_t killing(const Process& to, Footprint* out) const;                       // up to two
  size_t telling(const Process& from, const Process& to, SignalKind kind, uint64_t ref,
                 const Term& payload, Footprint* out) const;  // at most five
  bool ends(const Process& to, const Signal& s) const;        // handling it would end the process
  void announce_signal(lua_State* L, Process& p, const char* what, OpKind kind, uint64_t value,
                       const Process& to, const Signal& s);
  // As announce(), for a process or for who has the name on a node; the footprint follows what
  // others do meanwhile. `name` must stay where it is.
  void announce_deferred(lua_State* L, Process& p, const char* what, OpKind kind, uint64_t value,
                         DeferredTarget target, const Process* to, const Term* name, uint32_t node);
  // The sync point of a message or another signal that is sent to a process.
  void sync_to(lua_State* L, Process& p, const char* what, OpKind kind, uint64_t value,
               const Process& to) {
    if (__builtin_expect(!queued(p, to), 1)) {
      m_.sync(L, p, what, kind, Access::append, mailbox_object(to), value);
      return;
    }
    sync_queued(L, p, what, kind, value, to);
  }
  void sync_against_all(lua_State* L, Process& p, const char* what, OpKind kind, ObjectId object);
  bool signals_wait(const Process& to) const;  // instant delivery: one that is to end it
  size_t flushing(const Channel& c, const Process& to, Footprint* out) const;
  void renew_poll(Process& p);
  void renew(Process& p, bool signals, bool targets);  // as far as these have changed
  void drop_target(Process& p);
  void of_arrival(const Channel& c, Operation& op) const;
  void of_fault(const Fault& fault, Operation& op) const;

 private:
  bool reachable(uint32_t from, uint32_t node) const;
  size_t effects(const Process& to, const Signal& s, Footprint* out) const;
  void renew_target(Process& p);
  void sync_queued(lua_State* L, Process& p, const char* what, OpKind kind, uint64_t value,
                   const Process& to);
};

}  // namespace lockstep::vm
