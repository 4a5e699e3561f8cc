// What the parts of lockstep.* share, and the parts: each adds its functions to the table on top.
#pragma once
#include "vm/machine.h"
#include "vm/sandbox.h"

namespace lockstep::vm {

void add_core_processes(lua_State* L);
void add_core_messages(lua_State* L);
void add_core_links(lua_State* L);
void add_core_names(lua_State* L);
void add_core_local(lua_State* L);
void add_core_properties(lua_State* L);
void add_core_info(lua_State* L);

AliasMode alias_mode(lua_State* L, int index, const char* what);  // raises if it is none
// Pushes a process's dictionary, a table that is its own; with `make` it is made if need be.
bool push_dictionary(lua_State* L, const Process& p, bool make);

inline ObjectId process_object(const Process& p) {
  return make_object(ObjectClass::process, p.index);
}
inline ObjectId mailbox_object(const Process& p) {
  return make_object(ObjectClass::mailbox, p.index);
}
inline ObjectId name_object(uint32_t node, const Term& name) {
  return make_object(ObjectClass::name, node, static_cast<uint32_t>(digest(name)) | 1);
}
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
// The sync point of a message or another signal that is sent to a process.
inline void sync_to(lua_State* L, Machine& m, Process& p, const char* what, OpKind kind,
                    uint64_t value, const Process& to) {
  if (__builtin_expect(!m.queued(p, to), 1)) {
    m.sync(L, p, what, kind, Access::append, mailbox_object(to), value);
    return;
  }
  Footprint f[2];
  const size_t n = m.sending(p, to, f);
  m.announce(L, p, what, kind, f[0].access, f[0].object, value, f + 1, n - 1);
}
inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L);
  return v;
}

}  // namespace lockstep::vm
