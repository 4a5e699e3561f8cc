// What guests give to calls.
#pragma once
#include "vm/memory/host.h"
#include "vm/memory/term.h"

namespace lockstep::vm {

// Options as Lua writes them, {name = value}, or as OTP's lists, {"name", {"name", value}}. Calls
// take(name) for each, its value on top of the stack (true for a name alone); badarg for what it
// does not take. No table at all: no options.
template <class F>
void each_option(lua_State* L, int i, const F& take) {
  if (lua_isnoneornil(L, i)) return;
  if (!lua_istable(L, i)) badarg(L, i, "options expected (a table)");
  const auto one = [&](int name) {  // its value is on top
    const char* text = lua_type(L, name) == LUA_TSTRING ? lua_tostring(L, name) : "";
    if (!take(text)) badarg(L, i, "no such option, or not this value");
  };
  const int top = lua_gettop(L);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, i));
  for (lua_Integer k = 1; k <= n; k++, lua_settop(L, top)) {
    if (lua_rawgeti(L, i, k) == LUA_TTABLE) {
      if (lua_rawlen(L, top + 1) != 2) badarg(L, i, "no such option", k);
      lua_rawgeti(L, top + 1, 1);
      lua_rawgeti(L, top + 1, 2);
      one(top + 2);
    } else {
      lua_pushboolean(L, 1);
      one(top + 1);
    }
  }
  for (lua_pushnil(L); lua_next(L, i); lua_settop(L, top + 1)) {
    if (lua_isinteger(L, top + 1) && lua_tointeger(L, top + 1) >= 1 &&
        lua_tointeger(L, top + 1) <= n)
      continue;  // seen above
    one(top + 1);
  }
}

inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L, i, "a reference expected");
  return v;
}

}  // namespace lockstep::vm
