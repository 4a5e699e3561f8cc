// Errors of OTP's kind: a table {class, reason, where} that pcall can catch.
#include "vm/machine/calls.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {

void raise_top(lua_State* L, const char* cls) {
  machine_of(L).calls().observe_raised(L);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "reason");
  lua_pushstring(L, cls);
  lua_setfield(L, -2, "class");
  {
    const std::string where = guest_site(L);
    lua_pushlstring(L, where.data(), where.size());
  }
  lua_setfield(L, -2, "where");
  luaL_setmetatable(L, kException);
  lua_error(L);
  __builtin_unreachable();
}

namespace {
constexpr size_t kShownOf = 60;  // longer strings are told by their length
}

bool is_exception(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return false;
  luaL_getmetatable(L, kException);
  const bool yes = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return yes;
}

void raise(lua_State* L, const char* cls, const char* reason) {
  lua_pushstring(L, reason);
  raise_top(L, cls);
}

void misuse_argument(lua_State* L, int argument, const char* expected) {
  const char* got = nullptr;
  size_t n = 0;
  switch (lua_type(L, argument)) {
    case LUA_TSTRING:
      got = lua_tolstring(L, argument, &n);
      got = n == 0         ? "an empty string"
            : n > kShownOf ? lua_pushfstring(L, "a string of %I bytes", static_cast<lua_Integer>(n))
                           : lua_pushfstring(L, "the string \"%s\"", got);
      break;
    case LUA_TNUMBER:
      lua_pushvalue(L, argument);
      got = lua_tostring(L, -1);
      break;
    case LUA_TBOOLEAN:
      got = lua_toboolean(L, argument) != 0 ? "true" : "false";
      break;
    default:
      luaL_typeerror(L, argument, expected);
  }
  luaL_argerror(L, argument, lua_pushfstring(L, "%s expected, got %s", expected, got));
  __builtin_unreachable();
}

}  // namespace lockstep::vm
