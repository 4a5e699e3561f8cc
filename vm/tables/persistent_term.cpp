// lockstep.persistent_term: terms of a node, by key. They outlive the processes that put them.
#include <algorithm>

#include "vm/guest/calls.h"
#include "vm/recording/recorder.h"
#include "vm/tables/ets.h"
#include "vm/tables/shared_state.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

PersistentEntry* find(World& w, uint32_t node, View key) {
  char buffer[16];
  for (PersistentEntry& e : w.persistent)
    if (e.node == node && equal(view_of(e.key, buffer), key)) return &e;
  return nullptr;
}

std::string text_of(View key) { return "persistent_term[" + print(key, 40) + "]"; }

void start(lua_State* L, Machine& m, Process& p, const char* what, Access access, uint32_t element,
           uint64_t value = 0) {
  m.sync(L, p, what, OpKind::persistent_term, access,
         make_object(ObjectClass::persistent_term, p.node, element), value);
}

void note(Machine& m, View key, const PersistentEntry* e, const Term* after) {
  m.recorder().note_target(text_of(key));
  if (after)
    m.recorder().note_change(text_of(key) + ": " + (e ? print(e->value, 60) : "none") + " -> " +
                             print(*after, 60));
}

// put(key, value), and put_new(key, value), which will not replace another value.
int store(lua_State* L, const char* what, bool fresh) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  Key key;
  take_key(L, m, 1, what, key);
  need_argument(L, 2, "a value");
  Term value = m.calls().encode_argument(L, 2, what);
  // What put_new does hangs on what is there, so two of one value need not commute with others'
  // puts.
  start(L, m, p, what, Access::write, key.element, fresh ? 0 : digest(value));
  World& w = m.world();
  PersistentEntry* e = find(w, p.node, key.view);
  if (e && equal(e->value, value)) {
    if (m.recording()) note(m, key.view, e, nullptr);
    free_term(value, m.arena());
  } else {
    if (m.recording()) note(m, key.view, e, e && fresh ? nullptr : &value);
    if (e && fresh) badarg(L, 1, "it has another value");
    if (!e) {
      PersistentEntry made;
      made.key = make_term(key.view, m.arena());
      made.node = p.node;
      m.push(w.persistent, made);
      e = &w.persistent.back();
    }
    free_term(e->value, m.arena());
    e->value = value;
  }
  drop_key(m, key);
  lua_pushliteral(L, "ok");
  return m.done(L, p, 1);
}
int persistent_put(lua_State* L) { return store(L, "persistent_term.put", false); }
int persistent_put_new(lua_State* L) { return store(L, "persistent_term.put_new", true); }

// get(), get(key), get(key, default).
int persistent_get(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "persistent_term.get");
  World& w = m.world();
  if (lua_isnone(L, 1)) {
    start(L, m, p, "persistent_term.get", Access::read, 0);
    // By key, so that the order says nothing of who came first.
    Vec<PersistentEntry*> mine;
    for (PersistentEntry& e : w.persistent)
      if (e.node == p.node) m.push(mine, &e);
    std::sort(mine.begin(), mine.end(), [](const PersistentEntry* a, const PersistentEntry* b) {
      char ra[16], rb[16];
      return order_keys(false, view_of(a->key, ra), view_of(b->key, rb)) < 0;
    });
    lua_createtable(L, static_cast<int>(mine.size), 0);
    for (uint32_t i = 0; i < mine.size; i++) {
      lua_createtable(L, 2, 0);
      push(L, mine[i]->key);
      lua_rawseti(L, -2, 1);
      push(L, mine[i]->value);
      lua_rawseti(L, -2, 2);
      lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    m.release(mine);
    return m.done(L, p, 1);
  }
  Key key;
  take_key(L, m, 1, "persistent_term.get", key);
  const bool has_default = !lua_isnone(L, 2);
  start(L, m, p, "persistent_term.get", Access::read, key.element);
  const PersistentEntry* e = find(w, p.node, key.view);
  if (m.recording()) note(m, key.view, e, nullptr);
  drop_key(m, key);
  if (e)
    push(L, e->value);
  else if (has_default)
    lua_pushvalue(L, 2);
  else
    badarg(L, 1, "no such key");
  return m.done(L, p, 1);
}

int persistent_erase(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "persistent_term.erase");
  Key key;
  take_key(L, m, 1, "persistent_term.erase", key);
  start(L, m, p, "persistent_term.erase", Access::write, key.element);
  World& w = m.world();
  PersistentEntry* e = find(w, p.node, key.view);
  if (m.recording()) {
    m.recorder().note_target(text_of(key.view));
    if (e) m.recorder().note_change(text_of(key.view) + ": " + print(e->value, 60) + " -> none");
  }
  drop_key(m, key);
  lua_pushboolean(L, e != nullptr);
  if (e) {
    free_term(e->key, m.arena());
    free_term(e->value, m.arena());
    m.erase(w.persistent, static_cast<size_t>(e - w.persistent.data));
  }
  return m.done(L, p, 1);
}

int persistent_info(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "persistent_term.info");
  start(L, m, p, "persistent_term.info", Access::read, 0);
  lua_Integer count = 0, memory = 0;
  for (const PersistentEntry& e : m.world().persistent)
    if (e.node == p.node) {
      count++;
      memory += static_cast<lua_Integer>(sizeof e) + e.key.size + e.value.size;
    }
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, count);
  lua_setfield(L, -2, "count");
  lua_pushinteger(L, memory);
  lua_setfield(L, -2, "memory");
  return m.done(L, p, 1);
}

constexpr EtsFunction kFunctions[] = {
    {"put", persistent_put},     {"put_new", persistent_put_new}, {"get", persistent_get},
    {"erase", persistent_erase}, {"info", persistent_info},
};

}  // namespace

void open_persistent_term(lua_State* L) {
  lua_newtable(L);
  for (const EtsFunction& f : kFunctions) {
    lua_pushcfunction(L, f.call);
    lua_setfield(L, -2, f.name);
  }
}

uint64_t persistent_term_digest(const Machine& m) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < m.world().persistent.size; i++) {
    const PersistentEntry& e = m.world().persistent[i];
    sum += mix64(mix64(e.node, digest(e.key)), digest(e.value));
  }
  return sum;
}

std::string persistent_term_object_name(const Machine& m, ObjectId object) {
  for (uint32_t i = 0; i < m.world().persistent.size; i++) {
    const PersistentEntry& e = m.world().persistent[i];
    char buffer[16];
    const View key = view_of(e.key, buffer);
    if (e.node == object_container(object) && key_element(key) == object_element(object))
      return text_of(key);
  }
  return object_element(object) ? "persistent_term[...]" : "persistent_term";
}

}  // namespace lockstep::vm
