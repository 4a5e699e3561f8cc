// What is asked of the state of an execution, and changes nothing: who has a name or a pid, which
// nodes see each other.
#pragma once
#include <string>

#include "vm/machine/world.h"

namespace lockstep::vm {

inline bool alive(const Process& p) { return p.life == Life::alive; }
// As process_info tells it: at a lock also when it could go on, which others decide; and who goes
// round in a loop is not known to be in vain.
inline bool waiting(const Process& p) {
  return p.wait == Wait::lock || (p.status == Status::blocked && !p.spin.held);
}
Process* find_process(const World& w, uint64_t pid);  // null if it is not a pid of this execution
// Who has the name there; terms are compared exactly.
Process* whereis(const World& w, const Term& name, uint32_t node);

std::string node_name(const World& w, uint32_t node);
uint32_t find_node(const World& w, const Term& name);  // kNone if there is none
// The place of theirs in World::connections, kNone if they have none.
uint32_t connection_of(const World& w, uint32_t a, uint32_t b);
bool connected(const World& w, uint32_t a, uint32_t b);
Cut cut_between(const World& w, uint32_t from, uint32_t to);

// The channel of two processes, or under instant delivery that of the receiver; null if nothing has
// needed it yet.
Channel* find_channel(const World& w, uint32_t from, uint32_t to, bool instant);
// Sent by the one to the other and not arrived yet. With instant delivery the one queue of a
// receiver holds the signals of all its senders.
bool on_its_way(const World& w, const Process& from, const Process& to);

// By spawn path instead of number, so that it is the same in executions that create things in
// another order.
ObjectId stable_object(const World& w, ObjectId object);

}  // namespace lockstep::vm
