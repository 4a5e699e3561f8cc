// lockstep.*: what concerns the caller alone: dictionary, references, choices.
#include "vm/core_parts.h"

namespace lockstep::vm {
namespace {

int l_make_ref(lua_State* L) {
  Machine& m = machine_of(L);
  push_light(L, m.make_ref(m.process(L, "make_ref")));
  return 1;
}

// The dictionary is a table in the registry, for each process its own; made when first written.
bool push_dictionary(lua_State* L, Process& p, bool make) {
  lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
  if (lua_rawget(L, LUA_REGISTRYINDEX) == LUA_TTABLE) return true;
  lua_pop(L, 1);
  if (!make) return false;
  lua_newtable(L);
  lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return true;
}
int l_put(lua_State* L) {
  Process& p = machine_of(L).process(L, "put");
  luaL_checkany(L, 2);
  if (lua_isnil(L, 1)) luaL_error(L, "bad argument #1 to 'put' (a key expected, got nil)");
  lua_settop(L, 2);
  push_dictionary(L, p, true);
  lua_pushvalue(L, 1);
  lua_rawget(L, 3);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawset(L, 3);
  return 1;
}
int l_get(lua_State* L) {
  Process& p = machine_of(L).process(L, "get");
  if (lua_gettop(L) == 0) {  // all of it, as an array of pairs in the order of the keys' terms
    lua_newtable(L);
    if (!push_dictionary(L, p, false)) return 1;
    lua_Integer n = 0;
    lua_pushnil(L);
    while (lua_next(L, 2)) {
      lua_createtable(L, 2, 0);
      lua_pushvalue(L, -3);
      lua_rawseti(L, -2, 1);
      lua_insert(L, -2);
      lua_rawseti(L, -2, 2);
      lua_rawseti(L, 1, ++n);
    }
    lua_settop(L, 1);
    return 1;
  }
  if (!push_dictionary(L, p, false)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  return 1;
}
int l_erase(lua_State* L) {
  Process& p = machine_of(L).process(L, "erase");
  if (lua_gettop(L) == 0) {
    l_get(L);
    lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
    lua_pushnil(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 1;
  }
  if (!push_dictionary(L, p, false)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  lua_rawset(L, -4);
  return 1;
}

int l_set_label(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "set_label");
  size_t n;
  const char* s = luaL_checklstring(L, 1, &n);
  p.label = make_string({s, n}, m.arena());
  return 0;
}

// ---- choices ----

// choose(n): 1 .. n; choose(list): one of its elements. Every value is explored.
int l_choose(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "choose");
  if (lua_istable(L, 1)) {
    const lua_Unsigned n = lua_rawlen(L, 1);
    if (n == 0 || n > 0xffff)
      luaL_error(L, "bad argument #1 to 'choose' (a list of 1 to 65535 values expected, got %d)",
                 static_cast<int>(n));
    lua_rawgeti(L, 1, static_cast<lua_Integer>(m.choose_data(p, static_cast<uint32_t>(n))) + 1);
    return 1;
  }
  if (!lua_isinteger(L, 1))
    luaL_error(L, "bad argument #1 to 'choose' (a whole number or a list expected, got %s)",
               luaL_typename(L, 1));
  const lua_Integer n = lua_tointeger(L, 1);
  if (n < 1 || n > 0xffff)
    luaL_error(L, "bad argument #1 to 'choose' (1 to 65535 expected, got %I)", n);
  lua_pushinteger(L, static_cast<lua_Integer>(m.choose_data(p, static_cast<uint32_t>(n))) + 1);
  return 1;
}
int l_yield(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "yield");
  m.sync(L, p, "yield", OpKind::yield, Access::none, 0);
  return m.done(L, p, 0);
}

int l_is_pid(lua_State* L) {
  lua_pushboolean(L, light_class(light_at(L, 1)) == Light::pid);
  return 1;
}
int l_is_ref(lua_State* L) {
  lua_pushboolean(L, light_class(light_at(L, 1)) == Light::ref);
  return 1;
}

}  // namespace

void add_core_local(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"make_ref", l_make_ref},   {"put", l_put},       {"get", l_get},     {"erase", l_erase},
      {"set_label", l_set_label}, {"choose", l_choose}, {"yield", l_yield}, {"is_pid", l_is_pid},
      {"is_ref", l_is_ref},       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
