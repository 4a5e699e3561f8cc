// The objects that footprints name: processes and their parts, mailboxes, monitors, timers, names,
// nodes and faults.
#pragma once
#include <cstddef>

#include "vm/machine/world.h"

namespace lockstep::vm {

inline ObjectId process_object(const Process& p) {
  return make_object(ObjectClass::process, p.index);
}
// What of a process others touch without touching all of it.
enum class Part : uint32_t {
  life = 2,      // whether there still is one
  flags = 4,     // trap_exit
  watchers = 6,  // who monitors it
  name = 8,
  links = 10,  // their order
  sleep = 12,  // whether it is over
};
inline ObjectId part_object(const Process& p, Part part) {
  return make_object(ObjectClass::process, p.index, static_cast<uint32_t>(part));
}
// Of the link of two processes the half that is kept at `p`.
inline ObjectId link_end(const Process& p, const Process& other) {
  return make_object(ObjectClass::process, p.index, static_cast<uint32_t>(other.key) | 1);
}
// A monitor and the alias that goes with it.
inline ObjectId monitor_object(uint64_t ref) {
  return make_object(ObjectClass::monitor, light_index(ref), light_low(ref) | 1);
}
inline ObjectId mailbox_object(const Process& p) {
  return make_object(ObjectClass::mailbox, p.index);
}
// A timer, and the time limit of a receive, by its number in its process.
inline ObjectId timer_object(uint64_t ref) {
  return make_object(ObjectClass::timer, light_index(ref), light_low(ref) | 1);
}
inline ObjectId limit_object(const Process& p, uint32_t nth) {
  return make_object(ObjectClass::timer, p.index, 2 * nth);
}
// How late it is: when the latest timer that has fired was due. Only where one may fire at any
// moment (--timers racy); else time passes when nothing else can happen, and no two orders differ
// in it.
inline ObjectId clock_object() { return make_object(ObjectClass::clock, 1); }
inline ObjectId name_object(uint32_t node, const Term& name) {
  return make_object(ObjectClass::name, node, static_cast<uint32_t>(digest(name)) | 1);
}
// To a monitor or an alias that is no more, nor will be again.
inline bool in_vain(const Process& to, const Signal& s) {
  const auto active = [&](const auto& list) {
    for (const auto& x : list)
      if (x.ref == s.ref) return true;
    return false;
  };
  if (s.kind == SignalKind::down) return !active(to.watches);
  return s.kind == SignalKind::message && s.ref != 0 && !active(to.aliases);
}
// Footprints of one signal's effects, and of an arrival with all that follows it, at most.
inline constexpr size_t kEffects = 6, kArrival = 48;
// Of nodes: the network, of which each connection is an element, and how long a lost one stays
// unnoticed.
inline constexpr uint32_t kNetworkContainer = 1;
inline ObjectId network_object() { return make_object(ObjectClass::node, kNetworkContainer); }
inline ObjectId ticktime_object() { return make_object(ObjectClass::node, 2); }
// Of faults: which are in force, and how many of a kind are left.
inline ObjectId faults_object() { return make_object(ObjectClass::fault, 1); }
inline ObjectId budget_object(FaultKind kind) {
  return make_object(ObjectClass::fault, 2, static_cast<uint32_t>(kind) + 1);
}

}  // namespace lockstep::vm
