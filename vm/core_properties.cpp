// lockstep.*: what a scenario says about its executions as a whole: goals that some should reach.
#include <cstring>

#include "vm/core_parts.h"

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
  m.reach_goal(name_argument(L));
  return 0;
}

}  // namespace

void add_core_properties(lua_State* L) {
  static const luaL_Reg functions[] = {{"cover", l_cover}, {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
