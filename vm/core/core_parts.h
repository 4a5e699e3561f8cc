// What the parts of lockstep.* share, and the parts: each adds its functions to the table on top.
#pragma once
#include "vm/guest/arguments.h"
#include "vm/machine/machine.h"
#include "vm/machine/objects.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {

void add_core_processes(lua_State* L);
void add_core_messages(lua_State* L);
void add_core_links(lua_State* L);
void add_core_names(lua_State* L);
void add_core_local(lua_State* L);
void add_core_properties(lua_State* L);
void add_core_info(lua_State* L);

// Of monitor() and of spawn_opt's monitor.
struct MonitorOptions {
  bool alias = false;
  AliasMode mode = AliasMode::explicit_unalias;
  Term tag;  // of the DOWN message
};
MonitorOptions monitor_options(lua_State* L, Machine& m, int i, const char* what);
// Pushes a process's dictionary, a table that is its own; with `make` it is made if need be.
bool push_dictionary(lua_State* L, const Process& p, bool make);

}  // namespace lockstep::vm
