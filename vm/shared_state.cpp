#include "vm/shared_state.h"

#include "vm/lua_api.h"
#include "vm/machine.h"

namespace lockstep::vm {

void open_ets(lua_State* L) { lua_newtable(L); }
void open_atomics(lua_State* L) { lua_newtable(L); }
void open_counters(lua_State* L) { lua_newtable(L); }
void open_persistent_term(lua_State* L) { lua_newtable(L); }
void ets_owner_exit(Machine&, Process&) {}
size_t ets_exit_footprint(const Machine&, const Process&, Footprint*, size_t) { return 0; }
uint64_t shared_state_digest(const Machine&) { return 0; }
std::string shared_object_name(const Machine&, ObjectId) { return {}; }

}  // namespace lockstep::vm
