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
// The network between nodes: whoever cuts or heals it writes it.
inline Footprint network() { return {make_object(ObjectClass::node, 1), Access::read}; }
// The sync point of what is sent to a process: on another node it depends on the network, too.
inline void sync_to(lua_State* L, Machine& m, Process& p, const char* what, OpKind kind,
                    Access access, ObjectId object, uint64_t value, uint32_t node) {
  if (__builtin_expect(node == p.node, 1)) {
    m.sync(L, p, what, kind, access, object, value);
    return;
  }
  const Footprint net = network();
  m.announce(L, p, what, kind, access, object, value, &net, 1);
}
inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L);
  return v;
}

}  // namespace lockstep::vm
