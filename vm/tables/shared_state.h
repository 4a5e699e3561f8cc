// Tables, atomics and persistent terms as the rest of the machine sees them. Implemented in
// ets*.cpp, atomics.cpp and persistent_term.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/boundary/operation.h"

struct lua_State;

namespace lockstep::vm {

class Machine;
struct Process;

// Each pushes the module's table.
void open_ets(lua_State* L);
void open_atomics(lua_State* L);
void open_counters(lua_State* L);
void open_persistent_term(lua_State* L);
void open_locks(lua_State* L);

// The owner has ended: its tables with numbers from `from` to below `until` are deleted or go to
// their heirs.
void ets_owner_exit(Machine& m, Process& p, uint32_t from, uint32_t until);
// Footprint of that, from table `from` on, in at most `most` entries (five at least); returns how
// many. *until: the first table that it does not cover, 0xffffffff if it covers all.
size_t ets_exit_footprint(const Machine& m, const Process& p, uint32_t from, Footprint* out,
                          size_t most, uint32_t* until);

uint64_t shared_state_digest(const Machine& m);
// Where the object's table or array comes from: the same in executions that make them in another
// order.
uint64_t shared_object_key(const Machine& m, ObjectId object);
// "counters[1]", or empty if the object is not one of these.
std::string shared_object_name(const Machine& m, ObjectId object);

}  // namespace lockstep::vm
