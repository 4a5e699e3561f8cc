// lockstep.*: what a scenario says about its executions as a whole: goals that some
// should reach, and properties (properties.cpp).
#include <cstring>

#include "vm/core/core_parts.h"
#include "vm/state/properties.h"

namespace lockstep::vm {
namespace {

constexpr size_t kLongestName = 200;

// Names of goals and properties stand in reports, one a line.
std::string_view name_argument(lua_State* L) {
  size_t n = 0;
  const char* name = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : "";
  if (n == 0 || n > kLongestName || std::memchr(name, '\n', n))
    misuse_argument(L, 1, "a name, a string of 1 to 200 bytes in one line");
  return {name, n};
}

// cover(name): a goal that some execution should reach; touches nothing that others can see.
int l_cover(lua_State* L) {
  Machine& m = machine_of(L);
  m.process(L, "cover");
  m.properties().reach_goal(name_argument(L));
  return 0;
}

// invariant(name, predicate): true after every step from now on.
int l_invariant(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "invariant");
  name_argument(L);
  lua_settop(L, 2);
  m.properties().declare(L, p, PropertyKind::invariant);
  return m.done(L, p, 0);
}

// eventually(name, predicate): true after some step, this one or a later one.
int l_eventually(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "eventually");
  name_argument(L);
  lua_settop(L, 2);
  m.properties().declare(L, p, PropertyKind::eventually);
  return m.done(L, p, 0);
}

// temporal(name, "hot" | "warm" | "cold"): hot means that something is owed.
int l_temporal(lua_State* L) {
  static const char* const heats[] = {"cold", "warm", "hot"};
  Machine& m = machine_of(L);
  Process& p = m.process(L, "temporal");
  name_argument(L);
  const char* given = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  int heat = 0;
  while (heat < 3 && std::strcmp(given, heats[heat]) != 0) heat++;
  if (heat == 3) misuse_argument(L, 2, "\"hot\", \"warm\" or \"cold\"");
  lua_settop(L, 2);
  m.properties().set_heat(L, p, static_cast<Heat>(heat));
  return m.done(L, p, 0);
}

}  // namespace

void add_core_properties(lua_State* L) {
  static const luaL_Reg functions[] = {{"cover", l_cover},
                                       {"invariant", l_invariant},
                                       {"eventually", l_eventually},
                                       {"temporal", l_temporal},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
