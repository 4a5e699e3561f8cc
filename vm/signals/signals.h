// What processes send each other: the channels between them, what waits there, and what becomes of
// it where it arrives (signals.cpp); what is sent to a name (signals_by_name.cpp).
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Signals : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Signals.
  void send(Process& from, Process& to, Signal signal);
  // To whoever has the name on another node when the signal arrives there.
  void send_named(Process& from, const Term& name, uint32_t node, Signal signal);
  void flush(Process& to);  // handles all that has been sent to it (instant delivery)
  void flush_from(Process& from, Process& to);
  void send_down(Process& from, const Watcher& watcher, const Term& reason);
  // Removes the monitor from its owner and from the watched process; false if it is not active.
  bool drop_watch(Process& p, uint64_t ref);
  // Removes the alias; `with_monitor`: only if its mode ties it to the monitor.
  bool drop_alias(Process& p, uint64_t ref, bool with_monitor);
  void enqueue(Channel& c, const Signal& s);
  Signal dequeue(Channel& c);
  void drop_queue(Channel& c);
  Channel& channel(uint32_t from, uint32_t to);
  void arrive(uint32_t to, uint32_t node, Signal& s);
  bool watches_there(const Watch& watch, uint32_t node) const;
  void tell_down(const Watcher& watcher, const Term& reason);
  void offer(Channel& c);  // makes the channel's head an alternative, or takes it away
  void handle(Process& to, Signal& signal);
  void handle_head(Channel& c);

 private:
  void add_watcher(Process& to, const Watcher& watcher);
  Channel::Queue& change_queue(Channel& c);
  Channel& named_channel(uint32_t from, uint32_t node);
  void no_connection(Process& from, Process* to, Signal& s);
};

}  // namespace lockstep::vm
