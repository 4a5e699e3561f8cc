// ets.transaction: several accesses to one table as one operation.
//
// 1. What it announces covers all that the function does: an operation inside that is not covered
// is refused before it has any effect (Calls::inside).
// 2. Nobody else goes while the function runs, so it may not wait, and nothing is undone when it
// raises an error.
#include <span>

#include "vm/guest/arguments.h"
#include "vm/guest/calls.h"
#include "vm/guest/file_level.h"
#include "vm/machine/clocks.h"
#include "vm/machine/objects.h"
#include "vm/recording/recorder.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

constexpr size_t kMaxFootprints = 64;  // with more keys it is the whole table
constexpr const char* kKeys =
    "a list of keys, or { write = keys, read = keys, clock = true } where keys may be \"all\"";

struct Announced {
  Footprint list[kMaxFootprints];
  size_t count = 0;
  // Of the table; there is room for the clock behind it.
  void add(ObjectId object, Access access) {
    if (count ==
        kMaxFootprints - 1) {  // never less than the truth: what came first is whole by now
      list[0] = {object & ~0xffffffffULL, Access::write};
      count = 1;
      return;
    }
    list[count++] = {object, access};
  }
  // It may have been given another name since.
  void follow(uint32_t from, uint32_t to) {
    for (Footprint& f : std::span(list, count))
      if (object_class(f.object) == ObjectClass::ets && object_container(f.object) == from)
        f.object = make_object(ObjectClass::ets, to, object_element(f.object));
  }
};

// No code of the guest's runs between here and the announcement.
int raw_field(lua_State* L, int index, const char* name) {
  lua_pushstring(L, name);
  return lua_rawget(L, index);
}

void add_keys(lua_State* L, Machine& m, const Target& target, int index, Access access,
              Announced& out) {
  const auto whole = [&](Access how) {
    out.add(make_object(ObjectClass::ets, target.container, kWholeTable), how);
  };
  if (lua_isnil(L, index)) return;
  if (lua_type(L, index) == LUA_TSTRING && std::strcmp(lua_tostring(L, index), "all") == 0)
    return whole(access);
  if (lua_type(L, index) != LUA_TTABLE) misuse_argument(L, 2, kKeys);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, index));
  if (static_cast<size_t>(n) + 2 >= kMaxFootprints) return whole(access);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, index, i);
    Term key = m.calls().encode_argument(L, lua_gettop(L), "ets.transaction");
    char buffer[16];
    out.add(make_object(ObjectClass::ets, target.container, key_element(view_of(key, buffer))),
            access);
    free_term(key, m.arena());
    lua_pop(L, 1);
  }
}

Announced footprint_argument(lua_State* L, Machine& m, const Target& target) {
  Announced out;
  if (lua_type(L, 2) != LUA_TTABLE) misuse_argument(L, 2, kKeys);
  add_keys(L, m, target, 2, Access::write, out);
  raw_field(L, 2, "write");
  add_keys(L, m, target, lua_gettop(L), Access::write, out);
  raw_field(L, 2, "read");
  add_keys(L, m, target, lua_gettop(L), Access::read, out);
  // Also of a table of which it touches no key it matters whether it is there, and whose it is.
  if (out.count == 0)
    out.add(make_object(ObjectClass::ets, target.container, kTableFacts), Access::read);
  if (raw_field(L, 2, "clock") != LUA_TNIL && lua_toboolean(L, -1) && m.clocks().clock_races())
    out.list[out.count++] = {clock_object(), Access::read};
  lua_pop(L, 3);
  return out;
}

// People see what the function works on: its first argument, of a list the elements.
void note_arguments(lua_State* L, Machine& m) {
  std::string text;
  Bytes& bytes = m.scratch();
  const bool list = lua_type(L, 4) == LUA_TTABLE;
  const auto n = list ? static_cast<lua_Integer>(lua_rawlen(L, 4)) : lua_gettop(L) > 3;
  for (lua_Integer i = 1; i <= n; i++) {
    if (list)
      lua_rawgeti(L, 4, i);
    else
      lua_pushvalue(L, 4);
    bytes.clear();
    if (i > 1) text += ", ";
    text += encode(L, lua_gettop(L), bytes) ? luaL_typename(L, -1) : print(View{bytes.data()});
    lua_pop(L, 1);
  }
  m.recorder().note_args(std::move(text));
}

// transaction(table, keys, function, ...): what function(...) returns.
int transaction(lua_State* L) {
  Machine& m = machine_of(L);
  const char* what = lua_tostring(L, lua_upvalueindex(1));
  Process& p = m.process(L, "ets.transaction");
  const Target target = table_argument(L, m, p);
  Announced keys = footprint_argument(L, m, target);
  if (lua_type(L, 3) != LUA_TFUNCTION) misuse_argument(L, 3, "a function");
  const Footprint first = keys.list[0];
  if (keys.count == 1)
    m.sync(L, p, what, OpKind::ets, first.access, first.object);
  else
    m.calls().announce(L, p, what, OpKind::ets, first.access, first.object, 0, keys.list + 1,
                       keys.count - 1);
  keys.follow(target.container, granted(L, m, p, target, Need::read).container);
  if (m.recording()) note_arguments(L, m);
  const bool peeks = m.calls().peeks();
  std::span<const Footprint> outer;
  if (!peeks) outer = m.calls().enter({keys.list, keys.count});
  lua_remove(L, 1);
  lua_remove(L, 1);
  const int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  if (!peeks) {
    m.calls().leave(outer);
    if (m.calls().wrote_inside()) m.world().yielded = false;
  }
  if (status != LUA_OK) return lua_error(L);
  return m.done(L, p, lua_gettop(L));
}

// operation(name): the same under another name in reports.
int operation(lua_State* L) {
  luaL_checkstring(L, 1);
  const Host* host = *static_cast<Host**>(lua_getextraspace(L));  // none where names are looked up
  if (host && !host->machine->file_level().under_way())
    return luaL_error(L, "ets.operation: at file level, before a scenario runs");
  lua_settop(L, 1);
  lua_pushcclosure(L, transaction, 1);
  return 1;
}

}  // namespace

void open_ets_transaction(lua_State* L) {
  lua_pushcfunction(L, operation);
  lua_setfield(L, -2, "operation");
  lua_pushliteral(L, "ets.transaction");
  lua_pushcclosure(L, transaction, 1);
  lua_setfield(L, -2, "transaction");
}

}  // namespace lockstep::vm
