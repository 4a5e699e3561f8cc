// What guests call of histories and checkers.
#pragma once
#include "vm/memory/lua_api.h"

namespace lockstep::vm {

void open_history(lua_State* L);  // pushes lockstep.history_core
void open_checker(lua_State* L);  // pushes lockstep.checker_core

}  // namespace lockstep::vm
