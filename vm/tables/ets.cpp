// lockstep.ets: objects by key.
#include "vm/tables/ets.h"

#include "vm/guest/calls.h"
#include "vm/recording/recorder.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {

// The element under which an object goes, as far as it can be told before the table is certain to
// exist.
uint32_t row_element(Process& p, const Target& target, Row& row) {
  p.keypos = target.keypos();
  return row_key(row, target.keypos()) ? key_element(row.key()) : kWholeTable;
}

// Objects of one call: one inside, a list in the arena.
struct Rows {
  Row one;
  Row* many = nullptr;
  uint32_t count = 0;
  uint32_t* elements = nullptr;
  uint64_t value = 0;
  uint32_t keypos = 0;  // for which the keys have been found, 0 if they were not
  Row* data() { return many ? many : &one; }
};

void take_rows(lua_State* L, Machine& m, const char* function, Rows& rows) {
  need_argument(L, 2, "an object (an array) or a list of objects");
  if (!is_row_list(L, 2)) {
    if (!take_row(L, m, 2, function, rows.one)) badarg(L, 2, "an object (an array) expected");
    rows.count = 1;
    rows.value = digest_bytes(rows.one.bytes, rows.one.size);
    return;
  }
  rows.count = static_cast<uint32_t>(lua_rawlen(L, 2));
  if (rows.count == 0) return;
  rows.many = static_cast<Row*>(m.allocate(rows.count * sizeof(Row)));
  rows.elements = static_cast<uint32_t*>(m.allocate(rows.count * sizeof(uint32_t)));
  for (uint32_t i = 0; i < rows.count; i++) {
    lua_rawgeti(L, 2, static_cast<lua_Integer>(i) + 1);
    if (!take_row(L, m, lua_gettop(L), function, rows.many[i]))
      badarg(L, 2, "an object (an array) expected", static_cast<lua_Integer>(i) + 1);
    lua_pop(L, 1);
    rows.value = mix64(rows.value, digest_bytes(rows.many[i].bytes, rows.many[i].size));
  }
}

void begin_rows(lua_State* L, Machine& m, Process& p, const char* what, const Target& target,
                Rows& rows) {
  if (!rows.many) {
    if (rows.count == 0)
      begin(L, m, p, what, Access::read, target, kTableFacts);  // only whether it may
    else {
      const uint32_t element = row_element(p, target, rows.one);
      if (element != kWholeTable) rows.keypos = target.keypos();
      begin(L, m, p, what, Access::write, target, element, rows.value);
    }
    return;
  }
  bool all = true;
  for (uint32_t i = 0; i < rows.count; i++) {
    rows.elements[i] = row_element(p, target, rows.many[i]);
    if (rows.elements[i] == kWholeTable) all = false;
  }
  begin_keys(L, m, p, what, Access::write, target, rows.elements, all ? rows.count : 0, rows.value);
}

void release_rows(Machine& m, Rows& rows) {
  if (!rows.many) return;
  m.arena().put(rows.many, rows.count * sizeof(Row));
  m.arena().put(rows.elements, rows.count * sizeof(uint32_t));
}

// Nothing is inserted unless all can be.
void check_rows(lua_State* L, const EtsTable& t, Rows& rows) {
  if (rows.keypos == t.keypos) return;
  for (uint32_t i = 0; i < rows.count; i++)
    if (!row_key(rows.data()[i], t.keypos)) badarg(L, 2, "it has no key: too few elements");
}

void put_rows(Machine& m, EtsTable& t, Rows& rows) {
  for (uint32_t i = 0; i < rows.count; i++) {
    const Row& row = rows.data()[i];
    if (__builtin_expect(m.recording(), 0)) {
      const std::string key(row.key().p, row.key().end());  // the row may be dropped as a duplicate
      const std::string before = rows_text(t, View{key.data()});
      put_row(m, t, row);
      note_rows(m, t, View{key.data()}, before);
      continue;
    }
    put_row(m, t, row);
  }
  release_rows(m, rows);
}

int ets_insert(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.insert");
  const Target target = table_argument(L, m, p);
  Rows rows;
  take_rows(L, m, "ets.insert", rows);
  begin_rows(L, m, p, "ets.insert", target, rows);
  EtsTable& t = granted(L, m, p, target, Need::write);
  check_rows(L, t, rows);
  if (rows.count == 1 && !rows.many && !m.recording())
    put_row(m, t, rows.one);
  else
    put_rows(m, t, rows);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

int ets_insert_new(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.insert_new");
  const Target target = table_argument(L, m, p);
  Rows rows;
  take_rows(L, m, "ets.insert_new", rows);
  rows.value = 0;  // which one inserts is seen
  begin_rows(L, m, p, "ets.insert_new", target, rows);
  EtsTable& t = granted(L, m, p, target, Need::write);
  check_rows(L, t, rows);
  bool free = true;
  for (uint32_t i = 0; i < rows.count && free; i++)
    free = find_rows(t, rows.data()[i].key()).empty();
  if (m.recording() && rows.count) note_key(m, t, rows.data()[0].key());
  if (free) {
    put_rows(m, t, rows);
  } else {
    for (uint32_t i = 0; i < rows.count; i++) drop_row(m, rows.data()[i]);
    release_rows(m, rows);
  }
  m.world().yielded = !free;  // as a lock that is taken
  if (!free) m.calls().wrote_nothing();
  lua_pushboolean(L, free);
  return m.done(L, p, 1);
}

int ets_lookup(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.lookup");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.lookup", key);
  begin(L, m, p, "ets.lookup", Access::read, target, key.element);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_key(m, t, key.view);
  push_rows(L, t, find_rows(t, key.view));
  drop_key(m, key);
  return m.done(L, p, 1);
}

int ets_lookup_element(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.lookup_element");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.lookup_element", key);
  need_argument(L, 3, "a position (from 1)");
  if (!lua_isinteger(L, 3) || lua_tointeger(L, 3) < 1)
    badarg(L, 3, "a position from 1 on expected");
  const lua_Integer position = lua_tointeger(L, 3);
  const bool has_default = !lua_isnoneornil(L, 4);
  begin(L, m, p, "ets.lookup_element", Access::read, target, key.element);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_key(m, t, key.view);
  const Span s = find_rows(t, key.view);
  drop_key(m, key);
  for (uint32_t i = s.first; i < s.last; i++)
    if (t.rows[i].view().array_size() < static_cast<uint64_t>(position))
      badarg(L, 3, "the row has fewer elements");
  if (s.empty()) {
    if (!has_default) badarg(L, 2, "no row has this key");
    lua_pushvalue(L, 4);
  } else if (t.single()) {
    push_element(L, t.rows[s.first], static_cast<uint32_t>(position));
  } else {
    lua_createtable(L, static_cast<int>(s.last - s.first), 0);
    for (uint32_t i = s.first; i < s.last; i++) {
      push_element(L, t.rows[i], static_cast<uint32_t>(position));
      lua_rawseti(L, -2, static_cast<lua_Integer>(i - s.first) + 1);
    }
  }
  return m.done(L, p, 1);
}

int ets_member(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.member");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.member", key);
  begin(L, m, p, "ets.member", Access::read, target, key.element);
  const EtsTable& t = granted(L, m, p, target, Need::read);
  if (m.recording()) note_key(m, t, key.view);
  lua_pushboolean(L, !find_rows(t, key.view).empty());
  drop_key(m, key);
  return m.done(L, p, 1);
}

// delete(table) and delete(table, key).
int ets_delete(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.delete");
  const Target target = table_argument(L, m, p);
  if (lua_isnone(L, 2)) {
    const Footprint extra = in_set_of_tables(p.node, target.container, Access::write);
    m.calls().announce(L, p, "ets.delete", OpKind::ets, Access::write,
                       make_object(ObjectClass::ets, target.container), 0, &extra, 1);
    EtsTable& t = granted(L, m, p, target, Need::write);
    if (m.recording()) {
      note_table(m, t);
      m.recorder().note_change(table_text(t) + ": deleted");
    }
    delete_table(m, t, p);
  } else {
    Key key;
    take_key(L, m, 2, "ets.delete", key);
    begin(L, m, p, "ets.delete", Access::write, target, key.element);
    EtsTable& t = granted(L, m, p, target, Need::write);
    if (m.recording()) {
      const std::string before = rows_text(t, key.view);
      remove_rows(m, t, find_rows(t, key.view));
      note_rows(m, t, key.view, before);
    } else {
      remove_rows(m, t, find_rows(t, key.view));
    }
    drop_key(m, key);
  }
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

int ets_delete_object(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.delete_object");
  const Target target = table_argument(L, m, p);
  need_argument(L, 2, "an object (an array)");
  Row row;
  if (!take_row(L, m, 2, "ets.delete_object", row)) badarg(L, 2, "an object (an array) expected");
  begin(L, m, p, "ets.delete_object", Access::write, target, row_element(p, target, row));
  EtsTable& t = granted(L, m, p, target, Need::write);
  if (row_key(row, t.keypos)) {
    const bool recording = m.recording();
    const std::string before = recording ? rows_text(t, row.key()) : std::string();
    Span s = find_rows(t, row.key());
    while (s.first < s.last) {
      if (equal(t.rows[s.first].view(), row.view())) {
        remove_rows(m, t, {s.first, s.first + 1});
        s.last--;
      } else {
        s.first++;
      }
    }
    if (recording) note_rows(m, t, row.key(), before);
  }
  drop_row(m, row);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

int ets_take(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.take");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.take", key);
  begin(L, m, p, "ets.take", Access::write, target, key.element);
  EtsTable& t = granted(L, m, p, target, Need::write);
  const Span s = find_rows(t, key.view);
  push_rows(L, t, s);
  if (m.recording()) {
    const std::string before = rows_text(t, key.view);
    remove_rows(m, t, s);
    note_rows(m, t, key.view, before);
  } else {
    remove_rows(m, t, s);
  }
  drop_key(m, key);
  return m.done(L, p, 1);
}

int ets_delete_all_objects(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.delete_all_objects");
  const Target target = table_argument(L, m, p);
  begin(L, m, p, "ets.delete_all_objects", Access::write, target, kWholeTable);
  EtsTable& t = granted(L, m, p, target, Need::write);
  if (m.recording()) {
    note_table(m, t);
    m.recorder().note_change(table_text(t) + ": " + std::to_string(t.rows.size) + " objects -> 0");
  }
  clear_rows(m, t);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

constexpr EtsFunction kEtsObjects[] = {
    {"insert", ets_insert},
    {"insert_new", ets_insert_new},
    {"lookup", ets_lookup},
    {"lookup_element", ets_lookup_element},
    {"member", ets_member},
    {"delete", ets_delete},
    {"delete_object", ets_delete_object},
    {"take", ets_take},
    {"delete_all_objects", ets_delete_all_objects},
    {nullptr, nullptr},
};

}  // namespace

void open_ets(lua_State* L) {
  lua_newtable(L);
  const EtsFunction* const files[] = {kEtsObjects, kEtsAdmin, kEtsUpdate, kEtsWalk, kEtsSelect};
  for (const EtsFunction* f : files)
    for (; f->name; f++) {
      lua_pushcfunction(L, f->call);
      lua_setfield(L, -2, f->name);
    }
  open_ets_transaction(L);
}

}  // namespace lockstep::vm
