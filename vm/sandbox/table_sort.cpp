// table.sort as a stable merge sort. Lua's own is a quicksort whose result for equal elements, and
// whose number of comparisons, depend on pivots; ours gives one answer, whatever the comparison
// function does, and never fails with "invalid order function". It checks its arguments as Lua's
// does and honours __index, __newindex, __len and __lt.
#include <utility>

#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

constexpr lua_Integer kRun = 8;  // sorted by insertion

// Stack: 1 the table, 2 the function or nil, 3 a copy of the elements, 4 room of the same size.
bool less(lua_State* L, int a, int b) {
  if (lua_isnil(L, 2)) return lua_compare(L, a, b, LUA_OPLT) != 0;
  a = lua_absindex(L, a), b = lua_absindex(L, b);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a);
  lua_pushvalue(L, b);
  lua_call(L, 2, 1);
  const bool yes = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return yes;
}

// Elements first .. last of the table at index 3.
void insertion_sort(lua_State* L, lua_Integer first, lua_Integer last) {
  for (lua_Integer i = first + 1; i <= last; i++) {
    lua_rawgeti(L, 3, i);
    lua_Integer k = i - 1;
    for (; k >= first; k--) {
      lua_rawgeti(L, 3, k);
      if (!less(L, -2, -1)) {
        lua_pop(L, 1);
        break;
      }
      lua_rawseti(L, 3, k + 1);
    }
    lua_rawseti(L, 3, k + 1);
  }
}

// a .. m-1 and m .. e-1 of `from` into `to`. The left one goes first unless the right one is less.
void merge(lua_State* L, int from, int to, lua_Integer a, lua_Integer m, lua_Integer e) {
  lua_Integer i = a, k = m;
  for (lua_Integer out = a; out < e; out++) {
    bool right = i == m;
    if (i < m && k < e) {
      lua_rawgeti(L, from, k);
      lua_rawgeti(L, from, i);
      right = less(L, -2, -1);
      lua_pop(L, 2);
    }
    lua_rawgeti(L, from, right ? k++ : i++);
    lua_rawseti(L, to, out);
  }
}

void check_field(lua_State* L, const char* name) {
  if (luaL_getmetafield(L, 1, name) == LUA_TNIL) luaL_checktype(L, 1, LUA_TTABLE);
  lua_pop(L, 1);
}

}  // namespace

int stable_sort(lua_State* L) {
  if (lua_type(L, 1) != LUA_TTABLE)
    for (const char* name : {"__index", "__newindex", "__len"}) check_field(L, name);
  const lua_Integer n = luaL_len(L, 1);
  if (n < 2) return 0;
  luaL_argcheck(L, n < 0x7fffffff, 1, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  for (int copy = 0; copy < 2; copy++) lua_createtable(L, static_cast<int>(n), 0);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_geti(L, 1, i);
    lua_rawseti(L, 3, i);
  }
  for (lua_Integer i = 1; i <= n; i += kRun)
    insertion_sort(L, i, i + kRun - 1 < n ? i + kRun - 1 : n);
  int from = 3, to = 4;
  for (lua_Integer width = kRun; width < n; width *= 2) {
    for (lua_Integer i = 1; i <= n; i += 2 * width) {
      const lua_Integer m = i + width <= n ? i + width : n + 1;
      const lua_Integer e = m + width <= n ? m + width : n + 1;
      merge(L, from, to, i, m, e);
    }
    std::swap(from, to);
  }
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, from, i);
    lua_seti(L, 1, i);
  }
  return 0;
}

}  // namespace lockstep::vm
