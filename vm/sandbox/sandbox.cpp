#include "vm/sandbox/sandbox.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "vm/guest/file_level.h"
#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/machine/machine.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

// pairs and next refuse keys whose order would depend on addresses, and so on what other processes
// allocated.
int checked_next(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  if (!lua_next(L, 1)) {
    lua_pushnil(L);
    return 1;
  }
  switch (lua_type(L, -2)) {
    case LUA_TTABLE:
    case LUA_TFUNCTION:
    case LUA_TTHREAD:
    case LUA_TUSERDATA:
      return luaL_error(L,
                        "pairs: a %s as key has no order that is the same in every run; use a pid, "
                        "a reference, a string or a number as key",
                        luaL_typename(L, -2));
    default:
      return 2;
  }
}
int checked_pairs(lua_State* L) {
  luaL_checkany(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushcfunction(L, checked_next);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  return 3;
}

// As Lua's own, and counted: a scenario that never asserts anything shows nothing.
int counted_assert(lua_State* L) {
  machine_of(L).world().assertions++;
  if (lua_toboolean(L, 1)) return lua_gettop(L);
  luaL_checkany(L, 1);
  lua_remove(L, 1);
  lua_pushliteral(L, "assertion failed!");
  lua_settop(L, 1);
  return lua_error(L);
}

int safe_tostring(lua_State* L) {
  luaL_checkany(L, 1);
  push_text(L, 1);
  return 1;
}

// Seen only where somebody looks: in the recorded run of a failure. A __tostring is called always,
// since it may have effects; nothing else here touches the guest's memory, so that the recorded run
// stays the same as the one that failed.
int safe_print(lua_State* L) {
  Machine& m = machine_of(L);
  const Process* p = m.world().current;
  std::string line;
  const int top = lua_gettop(L);
  for (int i = 1; i <= top; i++) {
    const bool own = luaL_getmetafield(L, i, "__tostring") != LUA_TNIL;
    if (own) lua_pop(L, 1), luaL_tolstring(L, i, nullptr);
    if (!p || !m.recording()) continue;
    if (i > 1) line += '\t';
    const int at = own ? lua_gettop(L) : i;
    if (lua_type(L, at) == LUA_TSTRING) {
      size_t n;
      const char* s = lua_tolstring(L, at, &n);
      line.append(s, n);
      continue;
    }
    m.scratch().clear();
    const char* error = encode(L, at, m.scratch());
    line += error ? std::string(luaL_typename(L, at)) : print(View{m.scratch().data()}, 400);
  }
  if (p && m.recording()) m.recorder().print_line(*p, line);
  return 0;
}

int safe_setmetatable(lua_State* L) {
  const int t = lua_type(L, 2);
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, t == LUA_TNIL || t == LUA_TTABLE, 2, "nil or table");
  if (t == LUA_TTABLE) {
    static const char* const forbidden[] = {"__gc", "__mode"};
    for (const char* name : forbidden) {
      lua_pushstring(L, name);
      if (lua_rawget(L, 2) != LUA_TNIL)
        return luaL_error(
            L, "setmetatable: %s depends on when garbage is collected, which a scenario cannot see",
            name);
      lua_pop(L, 1);
    }
  }
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  const void* table = lua_topointer(L, 1);
  if (is_of_image(L, table)) machine_of(L).frozen().shared_write(table);
  lua_setmetatable(L, 1);
  return 1;
}

// The compiler alone, on (text, name): a chunk, or its error. Of its errors that of nesting too
// deeply goes through the handler of whoever called last, and that of a process takes it for its
// end.
int compile_text(lua_State* L) {
  size_t n;
  const char* s = lua_tolstring(L, 1, &n);
  if (luaL_loadbufferx(L, s, n, lua_tostring(L, 2), "t") != LUA_OK) return lua_error(L);
  return 1;
}

// load of text only.
int safe_load(lua_State* L) {
  if (lua_type(L, 1) != LUA_TSTRING) return luaL_error(L, "load: only text is loaded, as a string");
  const char* name = luaL_optstring(L, 2, lua_tostring(L, 1));
  lua_pushcfunction(L, compile_text);
  lua_pushvalue(L, 1);
  lua_pushstring(L, name);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (!lua_isnone(L, 4)) {
    lua_pushvalue(L, 4);
    if (!lua_setupvalue(L, -2, 1)) lua_pop(L, 1);
  }
  // Messages refer to code by its address, and what is in a message keeps nothing alive.
  luaL_getsubtable(L, LUA_REGISTRYINDEX, kCompiled);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, static_cast<lua_Integer>(lua_rawlen(L, -2)) + 1);
  lua_pop(L, 1);
  return 1;
}

uint64_t draw(lua_State* L, uint64_t range) {  // uniform in 0 .. range-1; range 0 means all 64 bits
  Machine& m = machine_of(L);
  Process& p = m.process(L, "math.random");
  if (!p.seeded) {
    // Its own stream for each process: what one draws does not depend on what others did.
    p.random.reseed(
        mix64(stream_seed(m.world().seed, m.world().iteration, Stream::scenario), p.key));
    p.seeded = true;
  }
  return range == 0 ? p.random.next() : p.random.below64(range);
}
int safe_random(lua_State* L) {
  lua_Integer low, high;
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(
          L, static_cast<lua_Number>(draw(L, 0) >> 11) * (0.5 / (static_cast<uint64_t>(1) << 52)));
      return 1;
    case 1:
      low = 1;
      high = luaL_checkinteger(L, 1);
      if (high == 0) {
        lua_pushinteger(L, static_cast<lua_Integer>(draw(L, 0)));
        return 1;
      }
      break;
    default:
      low = luaL_checkinteger(L, 1);
      high = luaL_checkinteger(L, 2);
  }
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  const uint64_t from = static_cast<uint64_t>(low), to = static_cast<uint64_t>(high);
  const uint64_t drawn = from + draw(L, to - from + 1);
  lua_pushinteger(L, static_cast<lua_Integer>(drawn));
  return 1;
}

int write_global(lua_State* L) {
  Machine& m = machine_of(L);
  if (m.file_level().under_way()) {
    lua_rawset(L, 1);
    return 0;
  }
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
  Outcome o{
      Verdict::misuse,
      "the scenario wrote to the global '" + name + "' while it ran: processes share no variables",
      guest_site(L),
      "global '" + name + "'",
      "make it a local variable of the process, or share it through a table, an atomic or messages",
      m.world().current ? m.recorder().label(m.guest().self()) : ""};
  m.scheduler().finish(std::move(o));
}
int read_global(lua_State* L) {
  const char* name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (const char* why = absent_reason(name))
    return luaL_error(L, "'%s' is not available in a scenario: %s", name, why);
  lua_pushnil(L);
  return 1;
}

void remove_fields(lua_State* L, const char* library, std::initializer_list<const char*> names) {
  lua_getglobal(L, library);
  for (const char* name : names) {
    lua_pushnil(L);
    lua_setfield(L, -2, name);
  }
  lua_pop(L, 1);
}
void set_field(lua_State* L, const char* library, const char* name, lua_CFunction f) {
  lua_getglobal(L, library);
  lua_pushcfunction(L, f);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

}  // namespace

lua_CFunction gmatch_iterator(lua_State* L) {
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "gmatch");
  lua_pushliteral(L, "");
  lua_pushliteral(L, "");
  lua_call(L, 2, 1);
  const lua_CFunction gmatch = lua_tocfunction(L, -1);
  lua_pop(L, 2);
  return gmatch;
}

// Not string.format itself, which asks the C library for memory.
std::vector<lua_CFunction> long_calls(lua_State* L) {
  std::vector<lua_CFunction> all;
  for (const char* library : {"string", "table", "utf8"}) {
    lua_getglobal(L, library);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      if (const lua_CFunction f = lua_tocfunction(L, -1); f && f != safe_format) all.push_back(f);
    lua_pop(L, 1);
  }
  all.push_back(format_of_long_texts());
  all.push_back(compile_text);
  all.push_back(safe_load);
  lua_getglobal(L, "select");
  all.push_back(lua_tocfunction(L, -1));
  lua_pop(L, 1);
  all.push_back(gmatch_iterator(L));
  return all;
}

const char* absent_reason(std::string_view name) {
  static const struct {
    std::string_view name;
    const char* why;
  } absent[] = {
      {"os", "a scenario has no clock, files or environment; lockstep.now() is the virtual time"},
      {"io", "a scenario reads and writes no files"},
      {"debug", "it would let a scenario see addresses"},
      {"package", "modules beside the scenario's file are found by require"},
      {"dofile", "use require for a module beside the scenario's file"},
      {"loadfile", "use require for a module beside the scenario's file"},
      {"collectgarbage", "when garbage is collected cannot be seen by a scenario"},
      {"warn", "a scenario has no standard error"},
      {"string.dump", "only text is loaded, so bytecode has no use"},
      {"math.randomseed", "math.random draws from the execution's own stream"}};
  for (const auto& entry : absent)
    if (name == entry.name) return entry.why;
  return nullptr;
}

std::map<std::string, std::set<std::string>> sandbox_names() {
  std::map<std::string, std::set<std::string>> names = {{"_ENV", {}}, {"require", {}}};
  lua_State* L = luaL_newstate();
  if (!L) throw std::bad_alloc();
  open_sandbox(L);
  lua_pushglobaltable(L);
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    auto& fields = names[lua_tostring(L, -2)];
    if (!lua_istable(L, -1)) continue;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) fields.insert(lua_tostring(L, -2));
  }
  lua_close(L);
  return names;
}

void push_text(lua_State* L, int index) {
  index = lua_absindex(L, index);
  const int t = lua_type(L, index);
  if (luaL_getmetafield(L, index, "__tostring") != LUA_TNIL) {
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
    return;
  }
  if (t == LUA_TLIGHTUSERDATA) {
    machine_of(L).world().texts = true;
    lua_pushstring(L, light_name(reinterpret_cast<uint64_t>(lua_touserdata(L, index))).c_str());
    return;
  }
  if (t != LUA_TTABLE && t != LUA_TFUNCTION && t != LUA_TTHREAD && t != LUA_TUSERDATA) {
    luaL_tolstring(L, index, nullptr);
    return;
  }
  // Numbered from the first printing on, for each process by itself: [object] = number in a table
  // beside its coroutine.
  Machine& m = machine_of(L);
  const char* kind = luaL_typename(L, index);
  if (!m.world().current) {
    lua_pushstring(L, kind);
    return;
  }
  lua_pushfstring(L, "lockstep.printed.%d", static_cast<int>(m.guest().self().index));
  if (lua_rawget(L, LUA_REGISTRYINDEX) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushfstring(L, "lockstep.printed.%d", static_cast<int>(m.guest().self().index));
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
  }
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) != LUA_TNUMBER) {
    lua_pop(L, 1);
    lua_pushinteger(L, static_cast<lua_Integer>(lua_rawlen(L, -1)) + 1);
    lua_pushvalue(L, index);
    lua_rawseti(L, -3, lua_tointeger(L, -2));
    lua_pushvalue(L, index);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_pushfstring(L, "%s#%d", kind, static_cast<int>(lua_tointeger(L, -1)));
  lua_replace(L, -3);
  lua_pop(L, 1);
}

void open_sandbox(lua_State* L) {
  static const luaL_Reg libraries[] = {
      {LUA_GNAME, luaopen_base},       {LUA_COLIBNAME, luaopen_coroutine},
      {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string},
      {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8}};
  for (const auto& lib : libraries) {
    luaL_requiref(L, lib.name, lib.func, 1);
    lua_pop(L, 1);
  }
  for (const char* name : {"dofile", "loadfile", "collectgarbage", "warn"}) {
    lua_pushnil(L);
    lua_setglobal(L, name);
  }
  remove_fields(L, "string", {"dump"});
  remove_fields(L, "math", {"randomseed"});
  lua_register(L, "next", checked_next);
  lua_register(L, "pairs", checked_pairs);
  lua_register(L, "assert", counted_assert);
  lua_register(L, "tostring", safe_tostring);
  lua_register(L, "print", safe_print);
  lua_register(L, "setmetatable", safe_setmetatable);
  lua_register(L, "load", safe_load);
  set_field(L, "math", "random", safe_random);
  set_field(L, "table", "sort", stable_sort);
  open_coroutines(L);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_pushcclosure(L, safe_format, 1);
  lua_setfield(L, -2, "format");
  lua_pop(L, 1);
  // The metatable that all strings share.
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1);
  lua_pushliteral(L, "string");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  lua_pushglobaltable(L);
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, write_global);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, read_global);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "globals");
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

}  // namespace lockstep::vm
