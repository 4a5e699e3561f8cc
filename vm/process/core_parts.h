// What the parts of lockstep.* share, and the parts: each adds its functions to the table on top.
#pragma once
#include "vm/loading/sandbox.h"
#include "vm/machine/machine.h"
#include "vm/process/objects.h"

namespace lockstep::vm {

void add_core_processes(lua_State* L);
void add_core_messages(lua_State* L);
void add_core_links(lua_State* L);
void add_core_names(lua_State* L);
void add_core_local(lua_State* L);
void add_core_properties(lua_State* L);
void add_core_info(lua_State* L);

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

// Of monitor() and of spawn_opt's monitor.
struct MonitorOptions {
  bool alias = false;
  AliasMode mode = AliasMode::explicit_unalias;
  Term tag;  // of the DOWN message
};
MonitorOptions monitor_options(lua_State* L, Machine& m, int i, const char* what);
// Pushes a process's dictionary, a table that is its own; with `make` it is made if need be.
bool push_dictionary(lua_State* L, const Process& p, bool make);

inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L, i, "a reference expected");
  return v;
}

}  // namespace lockstep::vm
