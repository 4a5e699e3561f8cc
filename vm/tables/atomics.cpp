#include "vm/tables/atomics.h"

#include <string_view>

#include "vm/guest/interpreter.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/tables/shared_state.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

constexpr uint32_t kArrayStep = 0x9e3779b1;  // as for tables
constexpr lua_Integer kMaxSize = 1 << 20;

void need(lua_State* L, int index, const char* expected) {
  if (lua_isnoneornil(L, index)) misuse_argument(L, index, expected);
}

std::string slot_text(const AtomicsArray& a, uint32_t slot) {
  if (a.lock) return "lock " + print(a.name);
  std::string text = (a.counters ? "counters#" : "atomics#") + std::to_string(a.number);
  return slot ? text + "[" + std::to_string(slot) + "]" : text;
}
std::string value_text(const AtomicsArray& a, int64_t v) {
  return a.is_signed ? std::to_string(v) : std::to_string(static_cast<uint64_t>(v));
}

AtomicsArray& array_argument(lua_State* L, Machine& m, uint32_t kind) {
  need(L, 1, kind == kCountersRef ? "a counters reference" : "an atomics reference");
  if (lua_type(L, 1) != LUA_TLIGHTUSERDATA) badarg(L, 1, "no such reference");
  const auto id = reinterpret_cast<uint64_t>(lua_touserdata(L, 1));
  const World& w = m.world();
  const uint32_t number = light_index(id);
  if (light_class(id) != Light::atomics || number >= w.atomics.size ||
      w.atomics[number]->id != id || w.atomics[number]->counters != (kind == kCountersRef) ||
      w.atomics[number]->lock)  // what changes it is no operation on atomics
    badarg(L, 1, "no such reference");
  return *w.atomics[number];
}

uint32_t slot_argument(lua_State* L, const AtomicsArray& a) {
  need(L, 2, "an index (from 1)");
  if (!lua_isinteger(L, 2)) badarg(L, 2, "an index expected");
  const lua_Integer i = lua_tointeger(L, 2);
  if (i < 1 || i > static_cast<lua_Integer>(a.size)) badarg(L, 2, "out of range");
  return static_cast<uint32_t>(i);
}

int64_t integer_argument(lua_State* L, int index) {
  need(L, index, "an integer");
  if (!lua_isinteger(L, index)) badarg(L, index, "an integer expected");
  return lua_tointeger(L, index);
}

int push_ok(lua_State* L) {
  lua_pushnil(L);
  layout::put_object(L, machine_of(L).interpreter().ok_string());
  return 1;
}

enum class Change : uint8_t { get, put, add, sub, add_get, sub_get, exchange, compare_exchange };

// Every operation on a slot: they differ in what they compute and in what they tell.
template <uint32_t kind, Change change>
int operate(lua_State* L, const char* what) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  // Well-formed calls are read in place; whatever is not goes through the checks that name the
  // argument.
  const layout::Arguments args(L);
  const World& w = m.world();
  const uint64_t id = args.is_light(0) ? args.light(0) : 0;
  AtomicsArray* array = nullptr;
  if (light_index(id) < w.atomics.size && w.atomics[light_index(id)]->id == id &&
      w.atomics[light_index(id)]->counters == (kind == kCountersRef) && args.is_integer(1) &&
      args.integer(1) >= 1 && args.integer(1) <= w.atomics[light_index(id)]->size &&
      !w.atomics[light_index(id)]->lock)
    array = w.atomics[light_index(id)];
  AtomicsArray& a = array ? *array : array_argument(L, m, kind);
  const uint32_t slot = array ? static_cast<uint32_t>(args.integer(1)) : slot_argument(L, a);
  const int64_t x = change == Change::get ? 0
                    : args.is_integer(2)  ? args.integer(2)
                                          : integer_argument(L, 3);
  const int64_t y = change != Change::compare_exchange ? 0
                    : args.is_integer(3)               ? args.integer(3)
                                                       : integer_argument(L, 4);
  const bool blind = change == Change::add || change == Change::sub;
  const Access access = change == Change::get ? Access::read : blind ? Access::add : Access::write;
  m.sync(L, p, what, OpKind::atomics, access, make_object(ObjectClass::atomics, a.container, slot),
         change == Change::put ? mix64(static_cast<uint64_t>(x), 1) : 0);
  int64_t& value = a.values[slot - 1];
  const int64_t old = value;
  const auto u = static_cast<uint64_t>(old), v = static_cast<uint64_t>(x);
  switch (change) {
    case Change::get:
      break;
    case Change::put:
    case Change::exchange:
      value = x;
      break;
    case Change::add:
    case Change::add_get:
      value = static_cast<int64_t>(u + v);
      break;
    case Change::sub:
    case Change::sub_get:
      value = static_cast<int64_t>(u - v);
      break;
    case Change::compare_exchange:
      if (old == x) value = y;
      break;
  }
  if (__builtin_expect(m.recording(), 0)) {
    m.recorder().note_target(slot_text(a, slot));
    if (value != old)
      m.recorder().note_change(slot_text(a, slot) + ": " + value_text(a, old) + " -> " +
                               value_text(a, value));
  }
  switch (change) {
    case Change::get:
    case Change::add_get:
    case Change::sub_get:
      lua_pushinteger(L, value);
      break;
    case Change::exchange:
      lua_pushinteger(L, old);
      break;
    case Change::compare_exchange:
      if (old != x) {
        m.world().yielded = true;
        lua_pushinteger(L, old);
        break;
      }
      [[fallthrough]];
    default:
      push_ok(L);
  }
  return m.done(L, p, 1);
}

int atomics_get(lua_State* L) { return operate<kAtomicsRef, Change::get>(L, "atomics.get"); }
int atomics_put(lua_State* L) { return operate<kAtomicsRef, Change::put>(L, "atomics.put"); }
int atomics_add(lua_State* L) { return operate<kAtomicsRef, Change::add>(L, "atomics.add"); }
int atomics_sub(lua_State* L) { return operate<kAtomicsRef, Change::sub>(L, "atomics.sub"); }
int atomics_add_get(lua_State* L) {
  return operate<kAtomicsRef, Change::add_get>(L, "atomics.add_get");
}
int atomics_sub_get(lua_State* L) {
  return operate<kAtomicsRef, Change::sub_get>(L, "atomics.sub_get");
}
int atomics_exchange(lua_State* L) {
  return operate<kAtomicsRef, Change::exchange>(L, "atomics.exchange");
}
int atomics_compare_exchange(lua_State* L) {
  return operate<kAtomicsRef, Change::compare_exchange>(L, "atomics.compare_exchange");
}
int counters_get(lua_State* L) { return operate<kCountersRef, Change::get>(L, "counters.get"); }
int counters_put(lua_State* L) { return operate<kCountersRef, Change::put>(L, "counters.put"); }
int counters_add(lua_State* L) { return operate<kCountersRef, Change::add>(L, "counters.add"); }
int counters_sub(lua_State* L) { return operate<kCountersRef, Change::sub>(L, "counters.sub"); }

int make(lua_State* L, Machine& m, Process& p, AtomicsArray shape) {
  if (!lua_isinteger(L, 1)) badarg(L, 1, "a size expected");
  const lua_Integer size = lua_tointeger(L, 1);
  if (size < 1) badarg(L, 1, "a size is 1 or more");
  if (size > kMaxSize) raise(L, "error", "system_limit");
  push_light(L, make_array(m, p, shape, static_cast<uint32_t>(size)).id);
  return 1;
}

// new(size, options?): {"signed", false}, in a list.
int atomics_new(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "atomics.new");
  need(L, 1, "a size");
  AtomicsArray shape;
  if (!lua_isnoneornil(L, 2)) {
    if (lua_type(L, 2) != LUA_TTABLE) badarg(L, 2, "no such option");
    const auto n = static_cast<lua_Integer>(lua_rawlen(L, 2));
    for (lua_Integer i = 1; i <= n; i++) {
      if (lua_rawgeti(L, 2, i) != LUA_TTABLE || lua_rawlen(L, -1) != 2)
        badarg(L, 2, "no such option");
      if (lua_rawgeti(L, -1, 1) != LUA_TSTRING || std::string_view(lua_tostring(L, -1)) != "signed")
        badarg(L, 2, "no such option");
      if (lua_rawgeti(L, -2, 2) != LUA_TBOOLEAN) badarg(L, 2, "no such option");
      shape.is_signed = lua_toboolean(L, -1);
      lua_pop(L, 3);
    }
    lua_pushnil(L);
    if (n == 0 && lua_next(L, 2))
      misuse_argument(L, 2, "a list of options, such as {{\"signed\", false}}");
  }
  return make(L, m, p, shape);
}

// new(size, options?): {"atomics"} or {"write_concurrency"}, which is the same here: a read never
// misses a write.
int counters_new(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "counters.new");
  need(L, 1, "a size");
  AtomicsArray shape;
  shape.counters = true;
  if (!lua_isnoneornil(L, 2)) {
    if (lua_type(L, 2) != LUA_TTABLE) badarg(L, 2, "no such option");
    const auto n = static_cast<lua_Integer>(lua_rawlen(L, 2));
    for (lua_Integer i = 1; i <= n; i++) {
      if (lua_rawgeti(L, 2, i) != LUA_TSTRING) badarg(L, 2, "no such option");
      const std::string_view option = lua_tostring(L, -1);
      if (option == "write_concurrency")
        shape.relaxed = true;
      else if (option != "atomics")
        badarg(L, 2, "no such option");
      lua_pop(L, 1);
    }
  }
  return make(L, m, p, shape);
}

void set_integer(lua_State* L, const char* key, int64_t v) {
  lua_pushinteger(L, v);
  lua_setfield(L, -2, key);
}

// What never changes is read without an operation.
int info(lua_State* L, const char* what, uint32_t kind) {
  Machine& m = machine_of(L);
  m.process(L, what);
  const AtomicsArray& a = array_argument(L, m, kind);
  lua_createtable(L, 0, 4);
  set_integer(L, "size", a.size);
  set_integer(L, "memory", static_cast<int64_t>(sizeof(AtomicsArray) + a.size * sizeof(int64_t)));
  if (kind == kAtomicsRef) {
    set_integer(L, "min", a.is_signed ? INT64_MIN : 0);
    set_integer(L, "max", a.is_signed ? INT64_MAX : -1);
  }
  return 1;
}
int atomics_info(lua_State* L) { return info(L, "atomics.info", kAtomicsRef); }
int counters_info(lua_State* L) { return info(L, "counters.info", kCountersRef); }

// The decimal digits of an integer that is meant unsigned: "18446744073709551615" for -1.
int atomics_unsigned(lua_State* L) {
  if (!lua_isinteger(L, 1)) misuse_argument(L, 1, "an integer");
  char digits[24];
  char* p = digits + sizeof digits;
  *--p = 0;
  auto v = static_cast<uint64_t>(lua_tointeger(L, 1));
  do *--p = static_cast<char>('0' + v % 10);
  while (v /= 10);
  lua_pushstring(L, p);
  return 1;
}

struct NamedFunction {
  const char* name;
  lua_CFunction call;
};
constexpr NamedFunction kAtomics[] = {
    {"new", atomics_new},           {"get", atomics_get},
    {"put", atomics_put},           {"add", atomics_add},
    {"sub", atomics_sub},           {"add_get", atomics_add_get},
    {"sub_get", atomics_sub_get},   {"exchange", atomics_exchange},
    {"info", atomics_info},         {"compare_exchange", atomics_compare_exchange},
    {"unsigned", atomics_unsigned},
};
constexpr NamedFunction kCounters[] = {
    {"new", counters_new}, {"get", counters_get}, {"put", counters_put},
    {"add", counters_add}, {"sub", counters_sub}, {"info", counters_info},
};

template <size_t N>
void open(lua_State* L, const NamedFunction (&functions)[N]) {
  lua_createtable(L, 0, static_cast<int>(N));
  for (const NamedFunction& f : functions) {
    lua_pushcfunction(L, f.call);
    lua_setfield(L, -2, f.name);
  }
}

}  // namespace

AtomicsArray& make_array(Machine& m, Process& p, AtomicsArray shape, uint32_t size) {
  World& w = m.world();
  auto* a = new (m.allocate(sizeof(AtomicsArray))) AtomicsArray(shape);
  const uint32_t low =
      static_cast<uint32_t>(mix64(p.key, 0x61746f6d)) + ++p.tables_made * kArrayStep;
  a->id =
      make_light(Light::atomics, w.atomics.size, low, shape.counters ? kCountersRef : kAtomicsRef);
  a->container = low & 0xffffff;
  a->maker = {p.index, p.tables_made};
  a->size = size;
  a->number = 1;
  for (const AtomicsArray* other : w.atomics)
    a->number += other->counters == shape.counters && other->lock == shape.lock;
  a->values = static_cast<int64_t*>(m.allocate(a->size * sizeof(int64_t)));
  std::memset(a->values, 0, a->size * sizeof(int64_t));
  m.push(w.atomics, a);
  return *a;
}

void open_atomics(lua_State* L) { open(L, kAtomics); }
void open_counters(lua_State* L) { open(L, kCounters); }

uint64_t atomics_digest(const Machine& m) {
  const World& w = m.world();
  uint64_t sum = 0;
  for (const AtomicsArray* a : w.atomics)
    sum += mix64(light_low(a->id), digest_bytes(a->values, a->size * sizeof(int64_t),
                                                w.processes[a->maker.process]->key));
  return sum;
}

const Maker* atomics_maker(const Machine& m, uint64_t id) {
  const auto& arrays = m.world().atomics;
  const uint32_t i = light_index(id);
  return i < arrays.size && arrays[i]->id == id ? &arrays[i]->maker : nullptr;
}

std::string atomics_object_name(const Machine& m, ObjectId object) {
  for (const AtomicsArray* a : m.world().atomics)
    if (a->container == object_container(object)) return slot_text(*a, object_element(object));
  return {};
}

}  // namespace lockstep::vm
