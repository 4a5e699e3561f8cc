// The keys of a table in an order that no schedule changes, objects among them: what hosts give to
// code that walks tables whose keys are tables or functions. Lua's own order of such keys is that
// of their addresses, and so of what other processes allocate. Lua links all objects in one list,
// the newest first; of two that one process has made, the order in it is the order in which it made
// them.
#include <algorithm>
#include <unordered_map>

#include "engine/base/error.h"
#include "vm/memory/layout.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

// lstate.h: lua_State::l_G and global_State::allgc; lobject.h: GCObject::next. Checked by
// open_host.
constexpr size_t kStateGlobal = 24, kGlobalAllgc = 112, kObjectNext = 0;

const void* newest(lua_State* L) {
  return layout::load<const void*>(layout::load<const void*>(L, kStateGlobal), kGlobalAllgc);
}

bool is_object(lua_State* L, int index) {
  const int type = lua_type(L, index);
  return type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TTHREAD ||
         type == LUA_TUSERDATA;
}

// ordered_keys(t): all keys, objects last and the oldest of them first; nil where `next` will do,
// since no object is among them.
int ordered_keys(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  size_t objects = 0, others = 0;
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) (is_object(L, -2) ? objects : others)++;
  if (objects == 0) {
    lua_pushnil(L);
    return 1;
  }
  lua_createtable(L, static_cast<int>(objects + others), 0);
  lua_Integer n = 0;
  bool unknown = false;
  {
    std::unordered_map<const void*, size_t> age;  // looked up alone
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
      if (is_object(L, -2)) {
        age.emplace(lua_topointer(L, -2), 0);
        continue;
      }
      lua_pushvalue(L, -2);
      lua_rawseti(L, 2, ++n);
    }
    size_t at = 0;
    for (const void* p = newest(L); p && at < objects;
         p = layout::load<const void*>(p, kObjectNext))
      if (const auto it = age.find(p); it != age.end()) it->second = ++at;
    unknown = at < objects;  // functions of C without variables are no objects
    if (!unknown) lua_pushnil(L);
    while (!unknown && lua_next(L, 1)) {
      if (is_object(L, -2)) {
        const size_t newer = age[lua_topointer(L, -2)] - 1;
        lua_pushvalue(L, -2);
        lua_rawseti(L, 2, static_cast<lua_Integer>(others + objects - newer));
      }
      lua_pop(L, 1);
    }
  }
  if (unknown)
    return luaL_error(L,
                      "pairs: a function of the library as key has no order that is the same in "
                      "every run");
  return 1;
}

}  // namespace

void open_host(lua_State* L) {
  const void* before = newest(L);
  lua_createtable(L, 0, 4);
  if (newest(L) != lua_topointer(L, -1) ||
      layout::load<const void*>(lua_topointer(L, -1), kObjectNext) != before)
    throw Error(ExitCode::internal,
                "the Lua library links its objects differently than lockstep knows",
                "use Debian's liblua5.4 (5.4.4)");
  lua_pushcfunction(L, ordered_keys);
  lua_setfield(L, -2, "ordered_keys");
  open_kept_requests(L);
}

}  // namespace lockstep::vm
