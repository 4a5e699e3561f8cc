// Tables as a whole: their making, their owners, what is known of them.
#include <algorithm>
#include <string_view>

#include "vm/footprints/footprints.h"
#include "vm/guest/arguments.h"
#include "vm/guest/calls.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"
#include "vm/tables/ets.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {

constexpr uint32_t kTableStep =
    0x9e3779b1;  // odd: the tables of one process differ in their low halves

struct Options {
  EtsType type = EtsType::set;
  EtsProtection protection = EtsProtection::guarded;
  bool named = false, read_concurrency = false, write_concurrency = false, decentralized = false,
       compressed = false;
  uint32_t keypos = 1;
  bool has_heir = false;
  uint64_t heir = 0;
  Term heir_data;
};

std::string_view text_at(lua_State* L, int index) {
  size_t n;
  const char* s = lua_tolstring(L, index, &n);
  return {s, n};
}

bool plain_option(std::string_view s, Options& o) {
  if (s == "set")
    o.type = EtsType::set;
  else if (s == "ordered_set")
    o.type = EtsType::ordered_set;
  else if (s == "bag")
    o.type = EtsType::bag;
  else if (s == "duplicate_bag")
    o.type = EtsType::duplicate_bag;
  else if (s == "public")
    o.protection = EtsProtection::open;
  else if (s == "protected")
    o.protection = EtsProtection::guarded;
  else if (s == "private")
    o.protection = EtsProtection::closed;
  else if (s == "named_table")
    o.named = true;
  else if (s == "compressed")
    o.compressed = true;
  else
    return false;
  return true;
}

// {"heir", pid, data} or {"heir", "none"}; the array is at `index`.
bool heir_option(lua_State* L, Machine& m, int index, const char* function, Options& o) {
  const auto n = lua_rawlen(L, index);
  const int type = lua_rawgeti(L, index, 2);
  if (n == 2 && type == LUA_TSTRING && text_at(L, -1) == "none") {
    o.heir = 0;
    o.heir_data = {};
  } else {
    if (n != 3 || type != LUA_TLIGHTUSERDATA) return false;
    o.heir = reinterpret_cast<uint64_t>(lua_touserdata(L, -1));
    if (light_class(o.heir) != Light::pid) return false;
    lua_rawgeti(L, index, 3);
    o.heir_data = m.calls().encode_argument(L, lua_gettop(L), function);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  o.has_heir = true;
  return true;
}

bool pair_option(lua_State* L, Machine& m, int index, Options& o) {
  if (lua_rawgeti(L, index, 1) != LUA_TSTRING) return false;
  const std::string_view name = text_at(L, -1);
  lua_pop(L, 1);
  if (name == "heir") return heir_option(L, m, index, "ets.new", o);
  if (lua_rawlen(L, index) != 2) return false;
  const int type = lua_rawgeti(L, index, 2);
  bool good = true;
  if (name == "keypos") {
    good = lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= INT32_MAX;
    if (good) o.keypos = static_cast<uint32_t>(lua_tointeger(L, -1));
  } else if (name == "write_concurrency" && type == LUA_TSTRING) {
    good = text_at(L, -1) == "auto";
    o.write_concurrency = true;
  } else {
    bool* const hint = name == "write_concurrency"        ? &o.write_concurrency
                       : name == "read_concurrency"       ? &o.read_concurrency
                       : name == "decentralized_counters" ? &o.decentralized
                                                          : nullptr;
    good = hint && type == LUA_TBOOLEAN;
    if (good) *hint = lua_toboolean(L, -1);
  }
  lua_pop(L, 1);
  return good;
}

constexpr const char* kOptions = "a list of options, such as {\"public\", {\"keypos\", 2}}";

void take_options(lua_State* L, Machine& m, Options& o) {
  if (lua_isnoneornil(L, 2)) return;
  if (lua_type(L, 2) != LUA_TTABLE) badarg(L, 2, kOptions);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, 2));
  for (lua_Integer i = 1; i <= n; i++) {
    const int type = lua_rawgeti(L, 2, i);
    const bool good = type == LUA_TSTRING  ? plain_option(text_at(L, -1), o)
                      : type == LUA_TTABLE ? pair_option(L, m, lua_gettop(L), o)
                                           : false;
    if (!good) badarg(L, 2, "no such option", i);
    lua_settop(L, 2);
  }
  if (n > 0)
    lua_pushinteger(L, n);
  else
    lua_pushnil(L);
  if (lua_next(L, 2)) misuse_argument(L, 2, kOptions);  // {keypos = 2} would be ignored in silence
  lua_settop(L, 2);
}

void push_id(lua_State* L, const EtsTable& t) {
  if (t.named)
    push(L, t.name);
  else
    push_light(L, t.id);
}

int ets_new(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.new");
  need_argument(L, 1, "a name (a string)");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a name (a string) expected");
  Options o;
  take_options(L, m, o);
  const std::string_view name = text_at(L, 1);
  const uint32_t nth = ++p.tables_made;
  const uint32_t low = static_cast<uint32_t>(mix64(p.key, 0x657473)) + nth * kTableStep;
  const uint32_t container = o.named ? name_container(p.node, name) : low & 0xffffff;
  p.table = p.keypos = 0;
  const Footprint extra = in_set_of_tables(p.node, container, Access::write);
  m.calls().announce(L, p, "ets.new", OpKind::ets, Access::write,
                     make_object(ObjectClass::ets, container), 0, &extra, 1);
  World& w = m.world();
  if (o.named && find_named(w, p.node, name)) badarg(L, 1, "this name is taken");
  auto* t = new (m.allocate(sizeof(EtsTable))) EtsTable();
  t->id = make_light(Light::ets_table, w.tables.size, low, p.node);
  m.change(t->container) = container;
  m.change(t->owner) = p.index;
  t->maker = {p.index, nth};
  t->node = p.node;
  t->keypos = o.keypos;
  t->type = o.type;
  t->protection = o.protection;
  t->named = o.named;
  t->read_concurrency = o.read_concurrency;
  t->write_concurrency = o.write_concurrency;
  t->decentralized_counters = o.decentralized;
  t->compressed = o.compressed;
  t->name = make_string(name, m.arena());
  m.change(t->heir) = o.heir;
  t->heir_data = o.heir_data;
  if (!o.named)
    for (const EtsTable* other : w.tables)
      if (!other->named && equal(other->name, t->name)) t->nth_of_name++;
  m.push(w.tables, t);
  if (o.named) table_named(m, *t, container);
  if (m.recording()) note_table(m, *t);
  push_id(L, *t);
  return m.done(L, p, 1);
}

constexpr const char* kTypes[] = {"set", "ordered_set", "bag", "duplicate_bag"};
constexpr const char* kProtections[] = {"public", "protected", "private"};
constexpr const char* kItems[] = {"id",
                                  "name",
                                  "size",
                                  "type",
                                  "keypos",
                                  "protection",
                                  "owner",
                                  "heir",
                                  "named_table",
                                  "node",
                                  "memory",
                                  "fixed",
                                  "compressed",
                                  "read_concurrency",
                                  "write_concurrency",
                                  "decentralized_counters"};

void push_item(lua_State* L, Machine& m, const EtsTable& t, std::string_view item) {
  const World& w = m.world();
  if (item == "id")
    push_light(L, t.id);
  else if (item == "name")
    push(L, t.name);
  else if (item == "size")
    lua_pushinteger(L, t.rows.size);
  else if (item == "type")
    lua_pushstring(L, kTypes[static_cast<int>(t.type)]);
  else if (item == "keypos")
    lua_pushinteger(L, t.keypos);
  else if (item == "protection")
    lua_pushstring(L, kProtections[static_cast<int>(t.protection)]);
  else if (item == "owner")
    push_light(L, w.processes[t.owner]->pid);
  else if (item == "heir" && t.heir == 0)
    lua_pushliteral(L, "none");
  else if (item == "heir")
    push_light(L, t.heir);
  else if (item == "named_table")
    lua_pushboolean(L, t.named);
  else if (item == "node")
    lua_pushstring(L, node_name(m.world(), t.node).c_str());
  else if (item == "memory") {  // words, as far as a table here compares with one there
    uint64_t bytes = sizeof(EtsTable);
    for (uint32_t i = 0; i < t.rows.size; i++) bytes += t.rows[i].size + sizeof(Row);
    lua_pushinteger(L, static_cast<lua_Integer>(bytes / 8));
  } else if (item == "fixed")
    lua_pushboolean(L, !t.fixes.empty());
  else if (item == "compressed")
    lua_pushboolean(L, t.compressed);
  else if (item == "read_concurrency")
    lua_pushboolean(L, t.read_concurrency);
  else if (item == "write_concurrency")
    lua_pushboolean(L, t.write_concurrency);
  else
    lua_pushboolean(L, t.decentralized_counters);
}

// info(table) and info(table, item). The number of objects depends on all of them, the rest on the
// table's facts alone.
int ets_info(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.info");
  const Target target = table_argument(L, m, p);
  const bool all = lua_isnone(L, 2);
  std::string_view item;
  bool known = all;
  if (!all) {
    need_argument(L, 2, "an item's name");
    if (lua_type(L, 2) != LUA_TSTRING) badarg(L, 2, "an item's name expected");
    item = text_at(L, 2);
    for (const char* name : kItems) known = known || item == name;
  }
  const bool whole = all || item == "size" || item == "memory";
  begin(L, m, p, "ets.info", Access::read, target, whole ? kWholeTable : kTableFacts);
  const EtsTable* t = resolve(m, p, target);
  if (t && m.recording()) note_table(m, *t);
  if (t && !known) badarg(L, 2, "no such item");  // no table, no question
  if (!t) {
    lua_pushnil(L);
  } else if (!all) {
    push_item(L, m, *t, item);
  } else {
    lua_createtable(L, 0, static_cast<int>(std::size(kItems)));
    for (const char* name : kItems) {
      push_item(L, m, *t, name);
      lua_setfield(L, -2, name);
    }
  }
  return m.done(L, p, 1);
}

int ets_whereis(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.whereis");
  need_argument(L, 1, "a table's name");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a name (a string) expected");
  const Target target = table_argument(L, m, p);
  begin(L, m, p, "ets.whereis", Access::read, target, kTableFacts);
  const EtsTable* t = resolve(m, p, target);
  if (t)
    push_light(L, t->id);
  else
    lua_pushnil(L);
  return m.done(L, p, 1);
}

// In no order of making, which is none of what makes them: by name, and by maker.
int ets_all(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.all");
  m.sync(L, p, "ets.all", OpKind::ets, Access::read, make_object(ObjectClass::ets_name, p.node));
  lua_newtable(L);
  Vec<const EtsTable*> tables;
  for (const EtsTable* t : m.world().tables)
    if (t->alive && t->node == p.node) m.push(tables, t);
  std::sort(tables.begin(), tables.end(), [](const EtsTable* a, const EtsTable* b) {
    const int names = View{a->name.bytes}.string().compare(View{b->name.bytes}.string());
    return names != 0 ? names < 0 : light_low(a->id) < light_low(b->id);
  });
  lua_Integer n = 0;
  for (const EtsTable* t : tables) {
    push_id(L, *t);
    lua_rawseti(L, -2, ++n);
  }
  m.release(tables);
  return m.done(L, p, 1);
}

int ets_rename(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.rename");
  const Target target = table_argument(L, m, p);
  need_argument(L, 2, "the new name");
  if (lua_type(L, 2) != LUA_TSTRING) badarg(L, 2, "a name (a string) expected");
  const std::string_view name = text_at(L, 2);
  const Footprint extra[2] = {
      {make_object(ObjectClass::ets, name_container(p.node, name)), Access::write},
      in_set_of_tables(p.node, target.container, Access::write)};
  m.calls().announce(L, p, "ets.rename", OpKind::ets, Access::write,
                     make_object(ObjectClass::ets, target.container), 0, extra, 2);
  EtsTable& t = granted(L, m, p, target, Need::write);
  if (t.named && find_named(m.world(), p.node, name))
    badarg(L, 2, "this name is taken");  // its own name is taken too
  if (m.recording()) {
    note_table(m, t);
    m.recorder().note_change(table_text(t) + " -> " + std::string(name));
  }
  free_term(t.name, m.arena());
  t.name = make_string(name, m.arena());
  if (t.named) table_named(m, t, name_container(p.node, name));
  push_id(L, t);
  return m.done(L, p, 1);
}

// Killed is dead to those who ask, though its exit has yet to take effect.
bool reachable(const Machine& m, const Process& p) {
  return alive(p) && !m.processes().dying_by_signal(p);
}

// The message that tells a process that a table is now its own.
void transfer(Machine& m, EtsTable& t, Process& from, Process& to, const Term& data) {
  m.change(t.owner) = to.index;
  Signal s;
  s.payload = make_tuple(m.arena(), m.scratch(),
                         {make_string("ETS-TRANSFER", m.arena()),
                          t.named ? t.name : Term::of_light(t.id), Term::of_light(from.pid), data});
  m.signals().send(from, to, s);
}

int ets_give_away(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.give_away");
  const Target target = table_argument(L, m, p);
  need_argument(L, 2, "a pid");
  if (lua_type(L, 2) != LUA_TLIGHTUSERDATA) badarg(L, 2, "a pid expected");
  need_argument(L, 3, "what to send with it");
  Process* to = find_process(m.world(), reinterpret_cast<uint64_t>(lua_touserdata(L, 2)));
  if (!to || to == &p || to->node != p.node)
    badarg(L, 2, "a pid of another process of this node expected");
  Term gift = m.calls().encode_argument(L, 3, "ets.give_away");
  Footprint extra[3] = {{part_object(*to, Part::life), Access::read}};
  const size_t n = 1 + m.footprints().sending(p, *to, extra + 1);
  m.calls().announce(L, p, "ets.give_away", OpKind::ets, Access::write,
                     make_object(ObjectClass::ets, target.container), 0, extra, n);
  EtsTable& t = granted(L, m, p, target, Need::owner);
  if (!reachable(m, *to)) badarg(L, 2, "this process has ended");
  if (m.recording()) {
    note_table(m, t);
    m.recorder().note_change("owner of " + table_text(t) + ": " + m.recorder().label(p) + " -> " +
                             m.recorder().label(*to));
  }
  transfer(m, t, p, *to, gift);
  free_term(gift, m.arena());
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

// setopts(table, {"heir", pid, data}), {"heir", "none"}, or a list with one of them.
int ets_setopts(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.setopts");
  const Target target = table_argument(L, m, p);
  need_argument(L, 2, "{\"heir\", pid, data} or {\"heir\", \"none\"}");
  if (lua_type(L, 2) != LUA_TTABLE) badarg(L, 2, "an option expected");
  const int type = lua_rawgeti(L, 2, 1);
  const bool list = type == LUA_TTABLE;
  const bool empty = type == LUA_TNIL;
  if (!list) {
    lua_pop(L, 1);
    lua_pushvalue(L, 2);
  }
  const int option = lua_gettop(L);
  Options o;
  if (!empty) {
    if (lua_rawgeti(L, option, 1) != LUA_TSTRING || text_at(L, -1) != "heir" ||
        (list && lua_rawlen(L, 2) != 1))
      badarg(L, 2, "no such option");
    lua_pop(L, 1);
    if (!heir_option(L, m, option, "ets.setopts", o)) badarg(L, 2, "no such heir");
  }
  lua_settop(L, 2);
  begin(L, m, p, "ets.setopts", Access::write, target, kWholeTable);
  EtsTable& t = granted(L, m, p, target, Need::owner);
  if (o.has_heir) {
    free_term(t.heir_data, m.arena());
    m.change(t.heir) = o.heir;
    t.heir_data = o.heir_data;
  }
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

void unfix(Machine& m, EtsTable& t, uint32_t process, bool entirely) {
  for (uint32_t i = 0; i < t.fixes.size(); i++)
    if (t.fixes[i].process == process) {
      auto& fixes = m.change(t.fixes);
      if (entirely || --fixes[i].count == 0) m.erase(fixes, i);
      break;
    }
  if (!t.fixes.empty()) return;
  for (Term& g : t.ghosts) free_term(g, m.arena());
  t.ghosts.size = 0;
}

int ets_safe_fixtable(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.safe_fixtable");
  const Target target = table_argument(L, m, p);
  need_argument(L, 2, "true or false");
  if (lua_type(L, 2) != LUA_TBOOLEAN) badarg(L, 2, "true or false expected");
  begin(L, m, p, "ets.safe_fixtable", Access::write, target, kWholeTable);
  EtsTable& t = granted(L, m, p, target, Need::read);
  if (lua_toboolean(L, 2)) {
    uint32_t i = 0;
    auto& fixes = m.change(t.fixes);
    while (i < fixes.size && fixes[i].process != p.index) i++;
    if (i == fixes.size) m.push(fixes, EtsFix{p.index, 0});
    fixes[i].count++;
  } else {
    unfix(m, t, p.index, false);
  }
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

bool has_fixed(const EtsTable& t, uint32_t process) {
  for (const EtsFix& fix : t.fixes)
    if (fix.process == process) return true;
  return false;
}

}  // namespace

const EtsFunction kEtsAdmin[] = {
    {"new", ets_new},         {"info", ets_info},
    {"whereis", ets_whereis}, {"all", ets_all},
    {"rename", ets_rename},   {"give_away", ets_give_away},
    {"setopts", ets_setopts}, {"safe_fixtable", ets_safe_fixtable},
    {nullptr, nullptr},
};

size_t ets_exit_footprint(const Machine& m, const Process& p, uint32_t from, Footprint* out,
                          size_t most, uint32_t* until) {
  const World& w = m.world();
  size_t n = 0;
  for (uint32_t i = from; i < w.tables.size; i++) {
    const EtsTable* t = w.tables[i];
    if (t->owner != p.index && !has_fixed(*t, p.index)) continue;
    // Deleted by another: had its end come first, there would have been nothing to delete.
    if (!t->alive && t->deleted_by == p.index) continue;
    if (n + 6 > most) {
      *until = i;
      return n;
    }
    out[n++] = {make_object(ObjectClass::ets, t->container), Access::write};
    if (t->owner != p.index || !t->alive) continue;
    const Process* heir = t->heir ? find_process(m.world(), t->heir) : nullptr;
    if (heir) {
      out[n++] = {part_object(*heir, Part::life), Access::read};
      n += m.footprints().sending(p, *heir, out + n);
    }
    out[n++] = in_set_of_tables(t->node, t->container, Access::write);
  }
  *until = kNone;
  return n;
}

void ets_owner_exit(Machine& m, Process& p, uint32_t from, uint32_t until) {
  for (uint32_t i = from; i < std::min(until, m.world().tables.size); i++) {
    EtsTable* t = m.world().tables[i];
    if (!t->alive) continue;
    unfix(m, *t, p.index, true);
    if (t->owner != p.index) continue;
    Process* heir = t->heir ? find_process(m.world(), t->heir) : nullptr;
    if (heir && heir != &p && reachable(m, *heir) && heir->node == t->node)
      transfer(m, *t, p, *heir, t->heir_data);
    else
      delete_table(m, *t, p);
  }
}

}  // namespace lockstep::vm
