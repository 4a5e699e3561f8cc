// An error that nobody has caught ends its process.
#pragma once
#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Turns whatever was raised into class, reason and place. Runs where the error was raised, before
// the stack unwinds.
int on_uncaught(lua_State* L);

}  // namespace lockstep::vm
