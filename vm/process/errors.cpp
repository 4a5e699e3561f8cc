// Errors of OTP's kind: a table {class, reason, where} that pcall can catch.
#include "vm/guest/calls.h"
#include "vm/guest/guest.h"
#include "vm/memory/term.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {

namespace {

constexpr size_t kShownOf = 60;  // longer strings are told by their length

// The error on top of the stack, with the reason that was there.
void make_exception(lua_State* L, const char* cls) {
  Machine& m = machine_of(L);
  m.calls().observe_raised(L);
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
  lua_remove(L, -2);
  // A new error may have the address of one that is gone.
  if (m.world().current && m.guest().self().badarg.error == lua_topointer(L, -1))
    m.guest().self().badarg.error = nullptr;
}

// The function that is called, as a scenario calls it: "ets.insert"; "" if it is nobody's.
std::string called_function(lua_State* L) {
  lua_Debug ar;
  if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "nf", &ar)) return {};
  const int function = lua_gettop(L);
  std::string found;
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  for (lua_pushnil(L); found.empty() && lua_next(L, function + 1); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1)) continue;
    const std::string_view module = lua_tostring(L, -2);
    if (!module.starts_with("lockstep")) continue;
    const int table = lua_gettop(L);
    for (lua_pushnil(L); found.empty() && lua_next(L, table); lua_pop(L, 1))
      if (lua_type(L, -2) == LUA_TSTRING && lua_rawequal(L, -1, function))
        found = std::string(module.substr(module.rfind('.') + 1)) + "." + lua_tostring(L, -2);
    lua_settop(L, table);
  }
  lua_settop(L, function - 1);
  return found.empty() && ar.name ? ar.name : found;
}

std::string shown_value(lua_State* L, int index) {
  Machine& m = machine_of(L);
  const char* error = nullptr;
  if (lua_isnone(L, index)) return "missing";
  Term value = make_term(L, index, m.arena(), m.scratch(), &error);
  if (error) return luaL_typename(L, index);
  const std::string text = print(value, kShownOf);
  free_term(value, m.arena());
  return text;
}

}  // namespace

void raise_top(lua_State* L, const char* cls) {
  make_exception(L, cls);
  lua_error(L);
  __builtin_unreachable();
}

void badarg(lua_State* L, int argument, const char* why, lua_Integer element) {
  Machine& m = machine_of(L);
  luaL_checkstack(L, 12, nullptr);
  if (m.world().current) {
    const std::string text = called_function(L) + ", argument " + std::to_string(argument) + ", " +
                             shown_value(L, argument) +
                             (element ? ", element " + std::to_string(element) : std::string()) +
                             ": " + why;
    free_term(m.guest().self().badarg.text, m.arena());
    m.guest().self().badarg.text = make_string(text, m.arena());
  }
  lua_pushliteral(L, "badarg");
  make_exception(L, "error");
  if (m.world().current) m.guest().self().badarg.error = lua_topointer(L, -1);
  lua_error(L);
  __builtin_unreachable();
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
