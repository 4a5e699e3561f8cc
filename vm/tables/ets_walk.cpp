// Going through a table. Every step reads the whole table, since an insert or a delete of any key
// may change where it leads.
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

constexpr const char* kEnd = "$end_of_table";

void push_key(lua_State* L, const EtsTable& t, uint32_t at) {
  if (at < t.rows.size)
    push_element(L, t.rows[at], t.keypos);
  else
    lua_pushstring(L, kEnd);
}

// First row of the key to which row `at` belongs.
uint32_t key_start(const EtsTable& t, uint32_t at) { return find_rows(t, t.rows[at].key()).first; }

int edge(lua_State* L, const char* what, bool last) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  const Target target = table_argument(L, m, p);
  begin(L, m, p, what, Access::read, target, kWholeTable);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_table(m, t);
  push_key(L, t, last && t.ordered() && t.rows.size ? t.rows.size - 1 : 0);
  return m.done(L, p, 1);
}
int ets_first(lua_State* L) { return edge(L, "ets.first", false); }
int ets_last(lua_State* L) { return edge(L, "ets.last", true); }

// An ordered_set knows what is next to any key; the others only to one that is there, or was when
// the table was fixed.
bool known(const EtsTable& t, View key) {
  if (t.ordered() || !find_rows(t, key).empty()) return true;
  if (t.fixes.empty()) return false;
  char buffer[16];
  for (uint32_t i = 0; i < t.ghosts.size; i++)
    if (equal(view_of(t.ghosts[i], buffer), key)) return true;
  return false;
}

int neighbour(lua_State* L, const char* what, bool previous) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, what, key);
  begin(L, m, p, what, Access::read, target, kWholeTable);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_table(m, t);
  if (!known(t, key.view)) badarg(L, 2, "no row has this key");
  if (previous && t.ordered()) {
    const uint32_t at = find_rows(t, key.view).first;
    push_key(L, t, at == 0 ? t.rows.size : at - 1);
  } else {
    push_key(L, t, row_after(t, key.view));
  }
  drop_key(m, key);
  return m.done(L, p, 1);
}
int ets_next(lua_State* L) { return neighbour(L, "ets.next", false); }
int ets_prev(lua_State* L) { return neighbour(L, "ets.prev", true); }

int ets_tab2list(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.tab2list");
  const Target target = table_argument(L, m, p);
  begin(L, m, p, "ets.tab2list", Access::read, target, kWholeTable);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_table(m, t);
  push_rows(L, t, {0, t.rows.size});
  return m.done(L, p, 1);
}

// foldl(function, accumulator, table) runs the caller's code between the objects, so it is no
// single step there and none here: each step takes the objects of the next key, in one operation,
// and sees what was written meanwhile.
int fold(lua_State* L, const char* what, bool backwards) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  if (lua_type(L, 1) != LUA_TFUNCTION)
    misuse_argument(L, 1, "a function of an object and the accumulator");
  if (lua_isnone(L, 2)) misuse_argument(L, 2, "an accumulator");
  table_argument(L, m, p, 3);
  lua_settop(L, 3);
  lua_pushvalue(L, 2);  // 4: the accumulator
  lua_pushnil(L);       // 5: the key whose turn was last
  for (bool first = true;; first = false) {
    Key key;
    const Target target = table_argument(L, m, p, 3);  // the function may have renamed it
    if (!first) take_key(L, m, 5, what, key);
    begin(L, m, p, what, Access::read, target, kWholeTable);
    const EtsTable& t = granted(L, m, p, target, Need::read);
    if (m.recording()) note_table(m, t);
    const bool down = backwards && t.ordered();
    uint32_t at;
    if (first)
      at = down ? t.rows.size - 1 : 0;  // wraps if there is none, which is the end as well
    else
      at = down ? find_rows(t, key.view).first - 1 : row_after(t, key.view);
    if (!first) drop_key(m, key);
    if (at >= t.rows.size) {
      m.done(L, p, 0);
      lua_pushvalue(L, 4);
      return 1;
    }
    at = key_start(t, at);
    push_key(L, t, at);
    lua_replace(L, 5);
    push_rows(L, t, find_rows(t, t.rows[at].key()));
    m.done(L, p, 1);
    const auto n = static_cast<lua_Integer>(lua_rawlen(L, 6));
    for (lua_Integer i = 1; i <= n; i++) {
      lua_pushvalue(L, 1);
      lua_rawgeti(L, 6, i);
      lua_pushvalue(L, 4);
      lua_call(L, 2, 1);
      lua_replace(L, 4);
    }
    lua_settop(L, 5);
  }
}
int ets_foldl(lua_State* L) { return fold(L, "ets.foldl", false); }
int ets_foldr(lua_State* L) { return fold(L, "ets.foldr", true); }

}  // namespace

const EtsFunction kEtsWalk[] = {
    {"first", ets_first},       {"last", ets_last},   {"next", ets_next},   {"prev", ets_prev},
    {"tab2list", ets_tab2list}, {"foldl", ets_foldl}, {"foldr", ets_foldr}, {nullptr, nullptr},
};

}  // namespace lockstep::vm
