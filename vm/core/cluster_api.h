// lockstep.cluster_core: what lua/lockstep/cluster.lua is made of, and {name, node} as a
// destination.
#pragma once
#include "vm/machine/machine.h"

namespace lockstep::vm {

void open_cluster(lua_State* L);  // pushes the table
// True if the value at `index` is {name, node}, two strings; then *name (to be freed) and *node,
// kNone if unknown.
bool remote_name(lua_State* L, Machine& m, int index, Term* name, uint32_t* node);
int l_node(lua_State* L);   // node() or node(pid)
int l_nodes(lua_State* L);  // the connected ones
int l_monitor_node(lua_State* L);

}  // namespace lockstep::vm
