// Tables, atomics and persistent terms as the rest of the machine sees them. Implemented in
// ets*.cpp, atomics.cpp and persistent_term.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/operation.h"

struct lua_State;

namespace lockstep::vm {

class Machine;
struct Process;

// Each pushes the module's table.
void open_ets(lua_State* L);
void open_atomics(lua_State* L);
void open_counters(lua_State* L);
void open_persistent_term(lua_State* L);

// The owner has ended: its tables are deleted or go to their heirs.
void ets_owner_exit(Machine& m, Process& p);
// Footprint of that, at most `room` entries; returns how many.
size_t ets_exit_footprint(const Machine& m, const Process& p, Footprint* out, size_t room);

uint64_t shared_state_digest(const Machine& m);
// Where the object's table or array comes from: the same in executions that make them in another
// order.
uint64_t shared_object_key(const Machine& m, ObjectId object);
// "counters[1]", or empty if the object is not one of these.
std::string shared_object_name(const Machine& m, ObjectId object);

}  // namespace lockstep::vm
