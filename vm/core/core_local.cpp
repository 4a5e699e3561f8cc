// lockstep.*: what concerns the caller alone: dictionary, references, choices.
#include "vm/core/core_parts.h"
#include "vm/guest/calls.h"
#include "vm/process/processes.h"

namespace lockstep::vm {
namespace {

int l_make_ref(lua_State* L) {
  Machine& m = machine_of(L);
  push_light(L, m.processes().make_ref(m.process(L, "make_ref")));
  return 1;
}

}  // namespace

// A table in the registry, made when first written.
bool push_dictionary(lua_State* L, const Process& p, bool make) {
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

namespace {

// A key that is a table is meant by its contents: replaced by the one of the dictionary (at index
// `dictionary`) that is equal, if there is one.
void settle_key(lua_State* L, int dictionary, int key) {
  if (lua_type(L, key) != LUA_TTABLE) return;
  Machine& m = machine_of(L);
  const char* error = nullptr;
  Term wanted = make_term(L, key, m.arena(), m.scratch(), &error);
  if (error) luaL_error(L, "bad argument #1 (%s cannot be a key)", error);
  for (lua_pushnil(L); lua_next(L, dictionary); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TTABLE) continue;
    Term other = make_term(L, lua_absindex(L, -2), m.arena(), m.scratch(), &error);
    const bool same = !error && equal(wanted, other);
    free_term(other, m.arena());
    if (!same) continue;
    lua_pop(L, 1);
    lua_replace(L, key);
    break;
  }
  free_term(wanted, m.arena());
}

int l_put(lua_State* L) {
  Process& p = machine_of(L).process(L, "put");
  luaL_checkany(L, 2);
  if (lua_isnil(L, 1)) luaL_error(L, "bad argument #1 to 'put' (a key expected, got nil)");
  lua_settop(L, 2);
  p.shows = true;
  push_dictionary(L, p, true);
  settle_key(L, 3, 1);
  lua_pushvalue(L, 1);
  lua_rawget(L, 3);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawset(L, 3);
  return 1;
}
// Pushes the value of the key at index 1; false, and nil, if there is no dictionary, which else is
// below it.
bool look_up(lua_State* L, Process& p) {
  lua_settop(L, 1);
  if (!push_dictionary(L, p, false)) {
    lua_pushnil(L);
    return false;
  }
  settle_key(L, 2, 1);
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  return true;
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
  look_up(L, p);
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
  if (!look_up(L, p)) return 1;
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  lua_rawset(L, -4);
  return 1;
}

// get_keys(): all keys; get_keys(value): those with this value.
int l_get_keys(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "get_keys");
  const bool all = lua_gettop(L) == 0;
  lua_settop(L, 1);
  lua_newtable(L);
  if (!push_dictionary(L, p, false)) return 1;
  const char* error = nullptr;
  Term wanted = make_term(L, 1, m.arena(), m.scratch(), &error);
  lua_Integer n = 0;
  for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
    bool fits = all;
    if (!fits) {
      Term value = make_term(L, lua_gettop(L), m.arena(), m.scratch(), &error);
      fits = !error && equal(wanted, value);
      free_term(value, m.arena());
    }
    if (!fits) continue;
    lua_pushvalue(L, -2);
    lua_rawseti(L, 2, ++n);
  }
  free_term(wanted, m.arena());
  lua_settop(L, 2);
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
    lua_rawgeti(L, 1, static_cast<lua_Integer>(m.calls().choose(p, static_cast<uint32_t>(n))) + 1);
    return 1;
  }
  if (!lua_isinteger(L, 1))
    luaL_error(L, "bad argument #1 to 'choose' (a whole number or a list expected, got %s)",
               luaL_typename(L, 1));
  const lua_Integer n = lua_tointeger(L, 1);
  if (n < 1 || n > 0xffff)
    luaL_error(L, "bad argument #1 to 'choose' (1 to 65535 expected, got %I)", n);
  lua_pushinteger(L, static_cast<lua_Integer>(m.calls().choose(p, static_cast<uint32_t>(n))) + 1);
  return 1;
}
int l_yield(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "yield");
  m.sync(L, p, "yield", OpKind::yield, Access::none, 0);
  m.world().yielded = true;
  return m.done(L, p, 0);
}

int l_is_pid(lua_State* L) {
  lua_pushboolean(L, light_class(light_at(L, 1)) == Light::pid);
  return 1;
}
// On the BEAM the identifier of a table is a reference, as one of atomics is.
int l_is_ref(lua_State* L) {
  const Light light = light_class(light_at(L, 1));
  lua_pushboolean(L, light == Light::ref || light == Light::ets_table || light == Light::atomics);
  return 1;
}

}  // namespace

void add_core_local(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"make_ref", l_make_ref}, {"put", l_put},           {"get", l_get},
      {"erase", l_erase},       {"get_keys", l_get_keys}, {"set_label", l_set_label},
      {"choose", l_choose},     {"yield", l_yield},       {"is_pid", l_is_pid},
      {"is_ref", l_is_ref},     {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
