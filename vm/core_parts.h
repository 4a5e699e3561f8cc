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

inline ObjectId process_object(const Process& p) {
  return make_object(ObjectClass::process, p.index);
}
inline ObjectId mailbox_object(const Process& p) {
  return make_object(ObjectClass::mailbox, p.index);
}
inline ObjectId name_object(uint32_t node, const Term& name) {
  return make_object(ObjectClass::name, node, static_cast<uint32_t>(digest(name)) | 1);
}
inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L);
  return v;
}

}  // namespace lockstep::vm
