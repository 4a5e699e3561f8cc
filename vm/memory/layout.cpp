#include "vm/memory/layout.h"

#include <cstdlib>
#include <cstring>

namespace lockstep::vm::layout {

bool pin_seed(void* state_block, size_t size, lua_Alloc allocator, void* ud, uint32_t seed) {
  char* p = static_cast<char*>(state_block);
  for (size_t i = 0; i + kSeedAfterAllocator + sizeof seed <= size; i += 8) {
    if (load<lua_Alloc>(p, i) != allocator || load<void*>(p, i + 8) != ud) continue;
    store(p, i + kSeedAfterAllocator, seed);
    return true;
  }
  return false;
}

bool hide_collection(lua_State* L, void* state_block, size_t size) {
  static const char* const names[] = {"__index", "__newindex", "__gc", "__mode", "__len", "__eq"};
  constexpr size_t kNames = std::size(names), kFirst = 2, kHidden = 2;
  const void* known[kNames];
  for (size_t i = 0; i < kNames; i++) {
    known[i] = lua_pushstring(L, names[i]) - kStringHeader;
    lua_pop(L, 1);
  }
  char* p = static_cast<char*>(state_block);
  for (size_t at = 0; at + sizeof known <= size; at += 8) {
    if (std::memcmp(p + at, known, sizeof known) != 0) continue;
    // Keys that are short strings are compared by address, so a long one is never found.
    const void* hidden =
        lua_pushliteral(L, "a metamethod that would show when garbage is collected") -
        kStringHeader;
    luaL_ref(L, LUA_REGISTRYINDEX);
    for (size_t i = kFirst; i < kFirst + kHidden; i++) store(p, at + 8 * i, hidden);
    return true;
  }
  return false;
}

const void* const* string_table(const void* state_block, size_t size, lua_Alloc allocator) {
  for (size_t i = 0; i + kSeedAfterAllocator <= size; i += 8)
    if (load<lua_Alloc>(state_block, i) == allocator)
      return reinterpret_cast<const void* const*>(static_cast<const char*>(state_block) + i +
                                                  kStringsAfterAllocator);
  return nullptr;
}

namespace {
void* plain_alloc(void*, void* p, size_t, size_t n) {
  if (n == 0) {
    std::free(p);
    return nullptr;
  }
  return std::realloc(p, n);
}
int caller_pc(lua_State* L) {
  lua_Debug ar;
  lua_getstack(L, 1, &ar);
  lua_pushinteger(L, static_cast<lua_Integer>(load<intptr_t>(ar.i_ci, kCallInfoSavedpc)));
  return 1;
}

int called_by_lua(lua_State* L) {
  lua_Debug ar;
  lua_getstack(L, 1, &ar);
  lua_pushboolean(L, runs_lua(ar.i_ci));
  return 1;
}

int caller_position(lua_State* L) {
  lua_Debug ar;
  lua_getstack(L, 1, &ar);
  lua_pushinteger(L, static_cast<lua_Integer>(position_in_function(ar.i_ci)));
  return 1;
}

int read_arguments(lua_State* L) {
  const Arguments a(L);
  lua_pushboolean(L, a.count == 3 && a.is_integer(0) && a.integer(0) == -7 && a.is_light(1) &&
                         a.light(1) == 99 && !a.is_integer(2) && !a.is_light(2) &&
                         !a.is_integer(3));
  return 1;
}

int wanted(lua_State* L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "wanted");
  lua_pushfstring(L, "%s%d,", luaL_optstring(L, -1, ""), wanted_results(L));
  lua_setfield(L, LUA_REGISTRYINDEX, "wanted");
  return 0;
}

int nested(lua_State* L) {
  const lua_Integer n = lua_tointeger(L, 1);
  if (n == 0) {
    lua_pushinteger(L, load<uint32_t>(L, kStateCcalls) & 0xffff);
    return 1;
  }
  lua_pushcfunction(L, nested);
  lua_pushinteger(L, n - 1);
  lua_call(L, 1, 1);
  return 1;
}

const char* check(lua_State* L) {
  // Closures: two instances of one function share a prototype, an instance of another does not.
  if (luaL_dostring(L,
                    "local x = 5 local function make() return function() return x end end "
                    "return make(), make(), function() return 1 end") != LUA_OK)
    return "a test chunk does not run";
  const void* a = lua_topointer(L, -3);
  const void* b = lua_topointer(L, -2);
  const void* c = lua_topointer(L, -1);
  if (proto_of(a) != proto_of(b) || proto_of(a) == proto_of(c)) return "the prototype in a closure";
  lua_Debug where;
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &where);
  if (load<int>(proto_of(c), kProtoLine) != where.linedefined ||
      std::strcmp(load<const char*>(proto_of(c), kProtoSource) + kStringBytes, where.source) != 0)
    return "where a function is defined";
  void* variable = lua_upvalueid(L, -3, 1);
  if (load<void*>(a, kClosureUpvalues) != variable) return "the variables of a closure";
  if (!upval_closed(variable) || load<lua_Integer>(variable, kUpvalValue) != 5)
    return "the value of a captured variable";
  // ... which may be elsewhere, also for who collects garbage.
  static char elsewhere[kValueBytes];
  const char* long_text =
      lua_pushliteral(L, "a text that is longer than forty characters are, so a new one");
  const void* text_object = long_text - kStringHeader;
  store(elsewhere, 0, text_object);
  store(elsewhere, 8, collectable_tag(text_object));
  char* const usual = load<char*>(variable, kUpvalPointer);
  store(variable, kUpvalPointer, static_cast<char*>(elsewhere));
  lua_pop(L, 1);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  lua_pushvalue(L, -3);
  lua_call(L, 0, 1);
  if (lua_tostring(L, -1) != long_text) return "the value of a captured variable, elsewhere";
  store(variable, kUpvalPointer, usual);
  lua_settop(L, 0);
  // A prototype put into another closure of as many variables runs.
  luaL_dostring(L, "local a, b = 1, 2 return function() return b end, function() return a end");
  store(const_cast<void*>(lua_topointer(L, 1)), kClosureProto, proto_of(lua_topointer(L, 2)));
  lua_pushvalue(L, 1);
  lua_call(L, 0, 1);
  if (lua_tointeger(L, -1) != 2) return "a closure with another's prototype";
  lua_settop(L, 0);
  // Tables.
  lua_createtable(L, 4, 0);
  const void* t = lua_topointer(L, 1);
  for (int i = 1; i <= 4; i++) {
    lua_pushinteger(L, 70 + i);
    lua_rawseti(L, 1, i);
  }
  if (load<uint32_t>(t, kTableAlimit) != 4 ||
      load<lua_Integer>(load<void*>(t, kTableArray), 2 * kValueBytes) != 73 ||
      load<uint8_t>(load<void*>(t, kTableArray), 2 * kValueBytes + 8) != LUA_TNUMBER)
    return "the array part of a table";
  if (load<void*>(t, kTableLastfree) != nullptr) return "an empty hash part";
  lua_pushliteral(L, "short");
  lua_rawseti(L, 1, 4);
  const char* fourth = load<char*>(t, kTableArray) + 3 * kValueBytes;
  const char* text = load<const char*>(fourth, 0);
  if (static_cast<uint8_t>(fourth[8]) != kShortStringTag || text[kShortLength] != 5 ||
      std::memcmp(text + kStringBytes, "short", 6) != 0)
    return "a short string";
  lua_newtable(L);
  lua_rawseti(L, 1, 4);
  if (static_cast<uint8_t>(fourth[8]) != kTableTag) return "a table in an array";
  lua_pushinteger(L, 99);
  lua_setfield(L, 1, "x");
  if (load<uint8_t>(t, kTableLsizenode) != 0 ||
      load<lua_Integer>(load<void*>(t, kTableNode), 0) != 99)
    return "the hash part of a table";
  lua_newtable(L);
  const void* meta = lua_topointer(L, -1);
  lua_setmetatable(L, 1);
  if (load<const void*>(t, kTableMetatable) != meta) return "the metatable of a table";
  lua_newtable(L);
  char* empty = static_cast<char*>(const_cast<void*>(lua_topointer(L, -1)));
  static char node[kNodeBytes];
  std::memset(node, 0, sizeof node);
  store(node, 8, kEmptyTag);
  char* const no_node = load<char*>(empty, kTableNode);
  store(empty, kTableNode, static_cast<char*>(node));
  store(empty, kTableLastfree, static_cast<char*>(node));
  lua_pushnil(L);
  if (lua_next(L, -2)) return "an empty node";
  lua_pushinteger(L, 98);
  lua_setfield(L, -2, "y");
  if (load<lua_Integer>(node, 0) != 98) return "where a table's first field is put";
  store(empty, kTableNode, no_node);
  store(empty, kTableLastfree, static_cast<char*>(nullptr));
  lua_pop(L, 1);
  // The stack: an object is pushed by writing it into a slot.
  lua_pushnil(L);
  char* slot = load<char*>(L, kStateTop) - kValueBytes;
  store(slot, 0, t);
  store(slot, 8, collectable_tag(t));
  if (!lua_istable(L, -1) || lua_topointer(L, -1) != t) return "a slot of the stack";
  lua_settop(L, 0);
  const char* ok = lua_pushliteral(L, "ok");
  lua_pushnil(L);
  put_object(L, ok - kStringHeader);
  if (!lua_isstring(L, -1) || lua_tostring(L, -1) != ok) return "the characters of a string";
  lua_settop(L, 0);
  luaL_dostring(L, "return string.gmatch('a', 'a')");
  if (load<uint8_t>(lua_topointer(L, 1), 8) != kCClosureTag ||
      load<lua_CFunction>(lua_topointer(L, 1), kCClosureFunction) != lua_tocfunction(L, 1))
    return "the function of a closure of C";
  lua_pushcfunction(L, nested);
  const char* function = load<char*>(L, kStateTop) - kValueBytes;
  if (load<uint8_t>(function, 8) != kLightFunctionTag || load<lua_CFunction>(function, 0) != nested)
    return "a function of C";
  lua_settop(L, 0);
  lua_pushcfunction(L, read_arguments);
  lua_pushinteger(L, -7);
  lua_pushlightuserdata(L, reinterpret_cast<void*>(99));
  lua_pushnumber(L, 1.5);
  lua_call(L, 3, 1);
  if (!lua_toboolean(L, -1)) return "the arguments of a function";
  lua_settop(L, 0);
  lua_Integer depth[2];
  for (int i = 0; i < 2; i++) {
    lua_pushcfunction(L, nested);
    lua_pushinteger(L, i * 20);
    lua_call(L, 1, 1);
    depth[i] = lua_tointeger(L, -1);
  }
  if (depth[0] < 1 || depth[0] > 20 || depth[1] != depth[0] + 20)
    return "the calls that are nested";
  lua_settop(L, 0);
  // The table of strings: in the state's own block, and moved when there are many more strings.
  const void* const* strings = string_table(L, 2048, plain_alloc);
  if (!strings) return "the table of strings";
  lua_gc(L, LUA_GCSTOP);
  lua_pushliteral(L, "a string that is new");
  const int used = strings_used(strings);
  lua_pushliteral(L, "a string that is new");
  if (strings_used(strings) != used) return "the number of strings, with one that is known";
  lua_pushliteral(L, "another string that is new");
  if (strings_used(strings) != used + 1) return "the number of strings, with one that is new";
  lua_settop(L, 0);
  lua_gc(L, LUA_GCRESTART);
  // Whether it moves is up to the allocator, which may have room behind it.
  const int before = load<int>(strings, 12);
  if (luaL_dostring(L, "for i = 1, 2000 do local s = 'string ' .. i end") != LUA_OK ||
      load<int>(strings, 12) <= before || load<int>(strings, 12) < 256)
    return "the table of strings when it grows";
  // Call sites: two calls on one line differ, and the same call twice does not.
  lua_register(L, "pc", caller_pc);
  luaL_dostring(
      L,
      "local r = {} for i = 1, 2 do r[i] = pc() end local x = pc() return r[1] == r[2], r[1] ~= x");
  if (!lua_toboolean(L, -1) || !lua_toboolean(L, -2)) return "the place of a call";
  lua_settop(L, 0);
  lua_register(L, "called_by_lua", called_by_lua);
  luaL_dostring(L, "local _, c = pcall(called_by_lua) return called_by_lua() and not c");
  if (!lua_toboolean(L, -1)) return "the kind of a frame";
  lua_settop(L, 0);
  // VARARGPREP, GETTABUP, CALL; two more for the second call.
  lua_register(L, "at", caller_position);
  luaL_dostring(L, "local a = at() local b = at() return a, b");
  if (lua_tointeger(L, -2) != 3 || lua_tointeger(L, -1) != 5) return "the position of a call";
  lua_settop(L, 0);
  const struct {
    const char* code;
    bool round;
  } functions[] = {{"local a = ... while a() do a() end", true},
                   {"local a = ... repeat a() until a()", true},
                   {"local a = ... ::b:: a() goto b", true},
                   {"local a = ... return a()", true},
                   {"local a = ... for b in a do a() end", true},
                   {"local a = ... for b = 1, 2 do if b == a then a() break end end", false},
                   {"local a = ... if a then a() else a(a and 1 or 2) end return (a())", false}};
  for (const auto& f : functions) {
    if (luaL_loadstring(L, f.code) != LUA_OK ||
        may_go_round(proto_of(lua_topointer(L, -1))) != f.round)
      return "the instructions of a function";
    lua_settop(L, 0);
  }
  if (!hide_collection(L, L, 2048)) return "the names of metamethods";
  if (luaL_dostring(L,
                    "finalized = false local m = {} local t = setmetatable({}, m) "
                    "m.__gc = function() finalized = true end m.__mode = 'kv' "
                    "setmetatable({}, m) t[1] = {} collectgarbage() collectgarbage() "
                    "return not finalized and t[1] and setmetatable({}, {__len = function() "
                    "return 7 end})") != LUA_OK ||
      !lua_istable(L, -1) || luaL_len(L, -1) != 7)
    return "finalizers and weak tables";
  lua_settop(L, 0);
  lua_register(L, "wanted", wanted);
  luaL_dostring(L,
                "wanted() local a = wanted() local b, c = wanted() local t = { wanted() } "
                "return (function() return wanted() end)()");
  lua_getfield(L, LUA_REGISTRYINDEX, "wanted");
  const char* seen = lua_tostring(L, -1);
  if (!seen || std::strcmp(seen, "0,1,2,-1,-1,") != 0) return "the results that a caller wants";
  return nullptr;
}
}  // namespace

const char* self_test() {
  lua_State* L = lua_newstate(plain_alloc, nullptr);
  if (!L) return "no memory for a scratch state";
  luaL_openlibs(L);
  const char* e = check(L);
  lua_close(L);
  return e;
}

}  // namespace lockstep::vm::layout
