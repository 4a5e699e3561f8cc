// match, match_object, select and their kin: one operation each. If every clause names the key,
// only those keys are read.
#include "vm/guest/calls.h"
#include "vm/recording/recorder.h"
#include "vm/tables/ets_match.h"

namespace lockstep::vm {
namespace {

constexpr const char* kEnd = "$end_of_table";
constexpr const char* kContinuation = "$ets_continuation";
constexpr uint32_t kMaxClauseKeys = 8;

enum class Mode : uint8_t { bindings, object, select };

struct Query {
  Term term;  // the pattern, or the match specification
  Mode mode = Mode::select;
  bool reverse = false;
  uint64_t limit = 0;  // 0: none
  bool resumed = false;
  Key last;           // where the chunk before ended
  uint64_t done = 0;  // objects of that key already seen
};

View query_view(const Query& q, char* buffer) { return view_of(q.term, buffer); }

void check_query(lua_State* L, const Query& q) {
  char buffer[16];
  const View v = query_view(q, buffer);
  if (q.mode == Mode::select ? !good_spec(v) : !good_pattern(v))
    badarg(L, 2, q.mode == Mode::select ? "no match specification" : "no pattern");
}

// The key that a pattern names, or a null view.
View named_key(View pattern, uint32_t keypos) {
  if (!is_array(pattern) || pattern.array_size() < keypos) return {nullptr};
  const View key = pattern.element(keypos - 1);
  return holds_variable(key) ? View{nullptr} : key;
}

void begin_query(lua_State* L, Machine& m, Process& p, const char* what, Access access,
                 const Target& target, const Query& q) {
  char buffer[16];
  const View v = query_view(q, buffer);
  uint32_t elements[kMaxClauseKeys];
  uint32_t count = 0;
  const uint32_t clauses = q.mode == Mode::select ? v.array_size() : 1;
  View clause = q.mode == Mode::select ? v.first() : v;
  for (uint32_t i = 0; i < clauses; i++) {
    const View key =
        named_key(q.mode == Mode::select ? clause.element(0) : clause, target.keypos());
    if (!key.p || clauses > kMaxClauseKeys) {
      count = 0;
      break;
    }
    elements[count++] = key_element(key);
    if (i + 1 < clauses) clause = clause.next();
  }
  if (count != 0) p.keypos = target.keypos();
  begin_keys(L, m, p, what, access, target, elements, count);
}

// Whether the object is meant; its result is appended to `out`.
bool consider(const Query& q, View query, MatchContext& c, const Row& row, Bytes& out) {
  c.object = row.view();
  if (q.mode == Mode::select) return run_spec(query, c, out);
  c.bindings.count = 0;
  if (!match_pattern(query, c.object, c.bindings)) return false;
  constexpr char kBindings[] = "\6\2\0\0\0$$", kObject[] = "\6\2\0\0\0$_";
  static_assert(static_cast<int>(Tag::string) == 6);
  return evaluate(View{q.mode == Mode::bindings ? kBindings : kObject}, c, out);
}

MatchContext context_of(Machine& m, const Process& p) {
  MatchContext c;
  c.self = p.pid;
  static constexpr char kNoNode[] = "\6\15\0\0\0nonode@nohost";
  static const Term none = [] {
    Term t;
    t.tag = Tag::string;
    t.size = sizeof kNoNode - 1;
    t.bytes = kNoNode;
    return t;
  }();
  const Vec<Node>& nodes = m.world().nodes;
  c.node = p.node != 0 && p.node < nodes.size ? nodes[p.node].name : none;
  return c;
}
void check_context(lua_State* L, const MatchContext& c) {
  if (c.error) luaL_error(L, "%s", c.error);
}

// The one key that a query names, or a null view.
View only_key(const EtsTable& t, const Query& q, View query) {
  if (q.mode != Mode::select) return named_key(query, t.keypos);
  if (query.array_size() != 1) return {nullptr};
  return named_key(query.first().element(0), t.keypos);
}

// The rows that a query has to look at.
Span range_of(const EtsTable& t, const Query& q, View query) {
  const View key = only_key(t, q, query);
  return key.p ? find_rows(t, key) : Span{0, t.rows.size};
}

void push_continuation(lua_State* L, const EtsTable& t, const Query& q, const Row& last,
                       uint64_t done) {
  lua_createtable(L, 8, 0);
  int i = 0;
  lua_pushstring(L, kContinuation);
  lua_rawseti(L, -2, ++i);
  push_light(L, t.id);
  lua_rawseti(L, -2, ++i);
  push(L, q.term);
  lua_rawseti(L, -2, ++i);
  lua_pushinteger(L, static_cast<lua_Integer>(q.mode));
  lua_rawseti(L, -2, ++i);
  lua_pushboolean(L, q.reverse);
  lua_rawseti(L, -2, ++i);
  lua_pushinteger(L, static_cast<lua_Integer>(q.limit));
  lua_rawseti(L, -2, ++i);
  push_element(L, last, t.keypos);
  lua_rawseti(L, -2, ++i);
  lua_pushinteger(L, static_cast<lua_Integer>(done));
  lua_rawseti(L, -2, ++i);
}

// All results as a list; with a limit {results, continuation}, or the end marker. A full chunk has
// a continuation even if it took the last object, as one may be inserted behind it, unless the
// pattern names the key.
int answer(lua_State* L, Machine& m, Process& p, const EtsTable& t, const Query& q) {
  char buffer[16];
  const View query = query_view(q, buffer);
  Span range = range_of(t, q, query);
  MatchContext c = context_of(m, p);
  Bytes& out = m.scratch();
  const bool down = q.reverse && t.ordered();
  if (q.resumed) {
    const Span s = find_rows(t, q.last.view);
    if (down) {
      range.last = std::min(range.last, s.first);
    } else {
      const auto seen = static_cast<uint32_t>(std::min<uint64_t>(q.done, s.last - s.first));
      range.first = std::max(range.first, s.first + seen);
    }
  }
  lua_newtable(L);
  lua_Integer n = 0;
  uint32_t at = range.first;
  for (; at < range.last; at++) {
    const Row& row = t.rows[down ? range.last - 1 - (at - range.first) : at];
    out.clear();
    if (consider(q, query, c, row, out)) {
      push(L, View{out.data()});
      lua_rawseti(L, -2, ++n);
    }
    check_context(L, c);
    if (q.limit != 0 && static_cast<uint64_t>(n) == q.limit) break;
  }
  if (q.limit == 0) return 1;
  if (n == 0) {
    lua_pushstring(L, kEnd);
    return 1;
  }
  lua_createtable(L, 2, 0);
  lua_insert(L, -2);
  lua_rawseti(L, -2, 1);
  const bool full = static_cast<uint64_t>(n) == q.limit;
  if (full && (at + 1 < range.last || !only_key(t, q, query).p)) {
    const uint32_t here = down ? range.last - 1 - (at - range.first) : at;
    push_continuation(L, t, q, t.rows[here], here - find_rows(t, t.rows[here].key()).first + 1);
  } else {
    lua_pushstring(L, kEnd);
  }
  lua_rawseti(L, -2, 2);
  return 1;
}

// f(table, query [, limit]) or f(continuation).
int find(lua_State* L, const char* what, Mode mode, bool reverse) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  Query q;
  q.mode = mode;
  q.reverse = reverse;
  Target target;
  if (lua_isnone(L, 2)) {
    need_argument(L, 1, "a table, or a continuation");
    if (lua_type(L, 1) == LUA_TSTRING && std::string_view(lua_tostring(L, 1)) == kEnd) {
      lua_settop(L, 1);
      return 1;
    }
    if (lua_type(L, 1) != LUA_TTABLE)
      misuse_argument(L, 2, mode == Mode::select ? "a match specification" : "a pattern");
    if (lua_rawgeti(L, 1, 1) != LUA_TSTRING ||
        std::string_view(lua_tostring(L, -1)) != kContinuation)
      badarg(L, 1, "no continuation");
    for (int i = 2; i <= 8; i++) lua_rawgeti(L, 1, i);  // to 3 .. 9
    target = table_argument(L, m, p, 3);
    q.term = m.calls().encode_argument(L, 4, what);
    if (!lua_isinteger(L, 5) || static_cast<Mode>(lua_tointeger(L, 5)) != mode ||
        !lua_isinteger(L, 7) || !lua_isinteger(L, 9))
      badarg(L, 1, "no continuation");
    q.reverse = lua_toboolean(L, 6);
    q.limit = static_cast<uint64_t>(lua_tointeger(L, 7));
    take_key(L, m, 8, what, q.last);
    q.done = static_cast<uint64_t>(lua_tointeger(L, 9));
    q.resumed = true;
    lua_settop(L, 1);
  } else {
    target = table_argument(L, m, p);
    need_argument(L, 2, mode == Mode::select ? "a match specification" : "a pattern");
    q.term = m.calls().encode_argument(L, 2, what);
    if (!lua_isnoneornil(L, 3)) {
      if (!lua_isinteger(L, 3) || lua_tointeger(L, 3) < 1)
        badarg(L, 3, "a limit from 1 on expected");
      q.limit = static_cast<uint64_t>(lua_tointeger(L, 3));
    }
  }
  check_query(L, q);
  begin_query(L, m, p, what, Access::read, target, q);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_table(m, t);
  answer(L, m, p, t, q);
  free_term(q.term, m.arena());
  if (q.resumed) drop_key(m, q.last);
  return m.done(L, p, 1);
}

int ets_match(lua_State* L) { return find(L, "ets.match", Mode::bindings, false); }
int ets_match_object(lua_State* L) { return find(L, "ets.match_object", Mode::object, false); }
int ets_select(lua_State* L) { return find(L, "ets.select", Mode::select, false); }
int ets_select_reverse(lua_State* L) { return find(L, "ets.select_reverse", Mode::select, true); }

// The query of a call that counts or changes: its result is told by an exact `true`.
void take_query(lua_State* L, Machine& m, const char* what, Query& q) {
  need_argument(L, 2, q.mode == Mode::select ? "a match specification" : "a pattern");
  q.term = m.calls().encode_argument(L, 2, what);
  check_query(L, q);
}

bool meant(const Query& q, View query, MatchContext& c, const Row& row, Bytes& out) {
  out.clear();
  return consider(q, query, c, row, out) &&
         (q.mode != Mode::select || View{out.data()}.tag() == Tag::yes);
}

int ets_select_count(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.select_count");
  const Target target = table_argument(L, m, p);
  Query q;
  take_query(L, m, "ets.select_count", q);
  begin_query(L, m, p, "ets.select_count", Access::read, target, q);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_table(m, t);
  char buffer[16];
  const View query = query_view(q, buffer);
  MatchContext c = context_of(m, p);
  lua_Integer n = 0;
  const Span range = range_of(t, q, query);
  for (uint32_t i = range.first; i < range.last; i++)
    n += meant(q, query, c, t.rows[i], m.scratch());
  check_context(L, c);
  free_term(q.term, m.arena());
  lua_pushinteger(L, n);
  return m.done(L, p, 1);
}

int remove(lua_State* L, const char* what, Mode mode) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  const Target target = table_argument(L, m, p);
  Query q;
  q.mode = mode;
  take_query(L, m, what, q);
  begin_query(L, m, p, what, Access::write, target, q);
  EtsTable& t = granted(L, m, p, target, Need::write);
  char buffer[16];
  const View query = query_view(q, buffer);
  MatchContext c = context_of(m, p);
  lua_Integer n = 0;
  Span range = range_of(t, q, query);
  while (range.first < range.last) {
    if (meant(q, query, c, t.rows[range.first], m.scratch())) {
      remove_rows(m, t, {range.first, range.first + 1});
      range.last--;
      n++;
    } else {
      range.first++;
    }
  }
  check_context(L, c);
  if (m.recording()) {
    note_table(m, t);
    if (n)
      m.recorder().note_change(table_text(t) + ": " + std::to_string(n) + " removed, " +
                               std::to_string(t.rows.size) + " left");
  }
  free_term(q.term, m.arena());
  if (mode == Mode::select)
    lua_pushinteger(L, n);
  else
    lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}
int ets_select_delete(lua_State* L) { return remove(L, "ets.select_delete", Mode::select); }
int ets_match_delete(lua_State* L) { return remove(L, "ets.match_delete", Mode::object); }

// All replacements are made before the first takes its place: a bad one changes nothing.
int ets_select_replace(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.select_replace");
  const Target target = table_argument(L, m, p);
  Query q;
  take_query(L, m, "ets.select_replace", q);
  begin_query(L, m, p, "ets.select_replace", Access::write, target, q);
  EtsTable& t = granted(L, m, p, target, Need::write);
  char buffer[16];
  const View query = query_view(q, buffer);
  if (t.type == EtsType::bag || !keeps_keys(query, t.keypos))
    badarg(L, 2, "it has to keep keys, and the table may not be a bag");
  MatchContext c = context_of(m, p);
  Bytes& out = m.scratch();
  Vec<Row> fresh;
  const Span range = range_of(t, q, query);
  for (uint32_t i = range.first; i < range.last; i++) {
    out.clear();
    if (!consider(q, query, c, t.rows[i], out)) {
      m.push(fresh, Row{});
      continue;
    }
    Row row{out.data(), static_cast<uint32_t>(out.size()), 0};
    if (!is_array(row.view()) || !row_key(row, t.keypos) ||
        order_keys(t.ordered(), row.key(), t.rows[i].key()) != 0)
      badarg(L, 2, "it has to keep keys");
    const uint32_t key_at = row.key_at;
    row = keep_row(m, row.bytes, row.size);
    row.key_at = key_at;
    m.push(fresh, row);
  }
  check_context(L, c);
  lua_Integer n = 0;
  for (uint32_t i = 0; i < fresh.size; i++) {
    if (!fresh[i].bytes) continue;
    drop_row(m, t.rows[range.first + i]);
    t.rows[range.first + i] = fresh[i];
    n++;
  }
  m.release(fresh);
  if (m.recording()) {
    note_table(m, t);
    if (n) m.recorder().note_change(table_text(t) + ": " + std::to_string(n) + " replaced");
  }
  free_term(q.term, m.arena());
  lua_pushinteger(L, n);
  return m.done(L, p, 1);
}

// test_ms(object, specification): the result of the first clause that matches, or false. Touches no
// table.
int ets_test_ms(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.test_ms");
  need_argument(L, 1, "an object (an array)");
  need_argument(L, 2, "a match specification");
  Row row;
  if (!take_row(L, m, 1, "ets.test_ms", row)) badarg(L, 1, "an object (an array) expected");
  Query q;
  take_query(L, m, "ets.test_ms", q);
  char buffer[16];
  MatchContext c = context_of(m, p);
  Bytes& out = m.scratch();
  out.clear();
  const bool matched = consider(q, query_view(q, buffer), c, row, out);
  check_context(L, c);
  if (matched)
    push(L, View{out.data()});
  else
    lua_pushboolean(L, 0);
  drop_row(m, row);
  free_term(q.term, m.arena());
  return 1;
}

}  // namespace

const EtsFunction kEtsSelect[] = {
    {"match", ets_match},
    {"match_object", ets_match_object},
    {"match_delete", ets_match_delete},
    {"select", ets_select},
    {"select_reverse", ets_select_reverse},
    {"select_count", ets_select_count},
    {"select_delete", ets_select_delete},
    {"select_replace", ets_select_replace},
    {"test_ms", ets_test_ms},
    {nullptr, nullptr},
};

}  // namespace lockstep::vm
