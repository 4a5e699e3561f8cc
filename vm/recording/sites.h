// Where the guest is.
#pragma once
#include <string>

#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// The innermost frame that is not the library's: "file.lua:12"; else the library's, or empty.
std::string guest_site(lua_State* L);
std::string guest_traceback(lua_State* L);  // "  at file.lua:12 in f", a frame a line
bool guest_is_running(lua_State* L);        // a frame of the scenario's own is on the stack

}  // namespace lockstep::vm
