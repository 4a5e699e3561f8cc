// Where the guest is.
#pragma once
#include <string>
#include <string_view>

#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// The innermost frame that is not the library's: "file.lua:12"; else the library's, or empty.
std::string guest_site(lua_State* L);
std::string guest_traceback(lua_State* L);  // "  at file.lua:12 in f", a frame a line
// The library's function that this frame called and that is under way: "gen_server.call", or
// "gen_server" where a tail call has left no name; empty if the guest called the operation itself.
std::string library_call(lua_State* L);
bool is_library_chunk(const char* source);  // of a lua_Debug
bool guest_is_running(lua_State* L);        // a frame of the scenario's own is on the stack

}  // namespace lockstep::vm
