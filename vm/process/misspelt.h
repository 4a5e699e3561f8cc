// A call of what is nil: what was it meant to be?
#pragma once
#include <string>
#include <string_view>

#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Of an error of Lua's such as "attempt to call a nil value (field 'spwan')", while the function
// that raised it is still on the stack: "did you mean lockstep.spawn?"; empty if nothing that the
// function can see has a name near enough, or if it is another error.
std::string did_you_mean(lua_State* L, std::string_view error);

// What a report says below an error, while its function is on the stack: that, and the traceback.
std::string told_trace(lua_State* L, std::string_view error);

}  // namespace lockstep::vm
