// lockstep.process_info: a request to a process, which sees what the caller has sent it before.
#include <cstring>

#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/machine/lookup.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {
namespace {

void push_pids(lua_State* L, Machine& m, const Vec<uint32_t>& processes) {
  lua_newtable(L);
  for (uint32_t i = 0; i < processes.size; i++) {
    push_light(L, m.world().processes[processes[i]]->pid);
    lua_rawseti(L, -2, i + 1);
  }
}

// As a receive that looks at all and takes none.
void messages(lua_State* L, Machine& m, const Process& q) {
  if (m.options().keep_mail) m.mailboxes().note_reception(q, nullptr, Reception::kNothing);
  lua_newtable(L);
  for (uint32_t i = 0; i < q.mailbox.size; i++) {
    push(L, q.mailbox[i].payload);
    lua_rawseti(L, -2, i + 1);
  }
}
void monitored_by(lua_State* L, Machine& m, const Process& q) {
  lua_newtable(L);
  for (uint32_t i = 0; i < q.watchers.size(); i++) {
    push_light(L, m.world().processes[q.watchers[i].process]->pid);
    lua_rawseti(L, -2, i + 1);
  }
}
// {"process", pid} or {"process", {name, node}}, as it was asked for.
void monitors(lua_State* L, Machine& m, const Process& q) {
  lua_newtable(L);
  lua_Integer n = 0;
  for (uint32_t i = 0; i < q.watches.size(); i++) {
    const Watch& watch = q.watches[i];
    if (watch.target == kNone && watch.object.tag != Tag::table) continue;
    lua_createtable(L, 2, 0);
    lua_pushliteral(L, "process");
    lua_rawseti(L, -2, 1);
    if (watch.object.tag != Tag::nil)
      push(L, watch.object);
    else
      push_light(L, m.world().processes[watch.target]->pid);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, ++n);
  }
}
// A copy: tables of another process's dictionary stay its own.
void dictionary(lua_State* L, Machine& m, const Process& q) {
  lua_newtable(L);
  const int list = lua_gettop(L);
  if (!push_dictionary(L, q, false)) return;
  lua_Integer n = 0;
  for (lua_pushnil(L); lua_next(L, list + 1); lua_pop(L, 1)) {
    lua_createtable(L, 2, 0);
    for (int i = 1; i <= 2; i++) {
      const char* error = nullptr;
      Term t = make_term(L, i == 1 ? list + 2 : list + 3, m.arena(), m.scratch(), &error);
      if (error)
        lua_pushstring(L, luaL_typename(L, i == 1 ? list + 2 : list + 3));
      else
        push(L, t);
      free_term(t, m.arena());
      lua_rawseti(L, list + 4, i);
    }
    lua_rawseti(L, list, ++n);
  }
  lua_settop(L, list);
}
void status(lua_State* L, Machine& m, const Process& q) {
  lua_pushstring(L, &q == m.world().current ? "running" : waiting(q) ? "waiting" : "runnable");
}
void parent(lua_State* L, Machine& m, const Process& q) {
  if (q.parent == kNone)
    lua_pushliteral(L, "undefined");
  else
    push_light(L, m.world().processes[q.parent]->pid);
}
void flag_value(lua_State* L, const Process& q, const char* name, const char* standard) {
  const int top = lua_gettop(L);
  lua_pushfstring(L, "lockstep.flags.%d", static_cast<int>(q.index));
  if (lua_rawget(L, LUA_REGISTRYINDEX) != LUA_TTABLE || lua_getfield(L, -1, name) == LUA_TNIL)
    lua_pushstring(L, standard);
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}

struct Item {
  const char* name;
  void (*push)(lua_State* L, Machine& m, const Process& q);
};
const Item kItems[] = {
    {"registered_name", [](lua_State* L, Machine&, const Process& q) { push(L, q.name); }},
    {"status", status},
    {"message_queue_len",
     [](lua_State* L, Machine&, const Process& q) { lua_pushinteger(L, q.mailbox.size); }},
    {"links", [](lua_State* L, Machine& m, const Process& q) { push_pids(L, m, q.links); }},
    {"dictionary", dictionary},
    {"trap_exit", [](lua_State* L, Machine&, const Process& q) { lua_pushboolean(L, q.traps); }},
    {"priority",
     [](lua_State* L, Machine&, const Process& q) { flag_value(L, q, "priority", "normal"); }},
    {"messages", messages},
    {"monitors", monitors},
    {"monitored_by", monitored_by},
    {"parent", parent},
    {"message_queue_data",
     [](lua_State* L, Machine&, const Process& q) {
       flag_value(L, q, "message_queue_data", "on_heap");
     }},
    {"label", [](lua_State* L, Machine& m,
                 const Process& q) { lua_pushstring(L, m.recorder().label(q).c_str()); }},
};
constexpr int kStandard = 7;  // the items of process_info(pid), from the first on

const Item* find_item(lua_State* L, int i) {
  if (lua_type(L, i) != LUA_TSTRING) return nullptr;
  for (const Item& item : kItems)
    if (std::strcmp(item.name, lua_tostring(L, i)) == 0) return &item;
  return nullptr;
}
void push_pair(lua_State* L, Machine& m, const Process& q, const Item& item) {
  lua_createtable(L, 2, 0);
  lua_pushstring(L, item.name);
  lua_rawseti(L, -2, 1);
  item.push(L, m, q);
  if (lua_isnil(L, -1)) {  // without a name: [] there, and no hole in a list here
    lua_pop(L, 1);
    lua_newtable(L);
  }
  lua_rawseti(L, -2, 2);
}

// process_info(pid, item): its value; process_info(pid, {item ...}) and process_info(pid): {{item,
// value} ...}. nil for a dead process.
int l_process_info(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "process_info");
  lua_settop(L, 2);
  Process* q = find_process(m.world(), light_at(L, 1));
  if (!q || q->node != p.node) badarg(L, 1, "a pid of this node expected");
  const bool list = lua_istable(L, 2);
  const auto count = list ? static_cast<lua_Integer>(lua_rawlen(L, 2)) : 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, 2, i);
    if (!find_item(L, -1)) badarg(L, 2, "no such item", i);
    lua_pop(L, 1);
  }
  if (!list && !lua_isnil(L, 2) && !find_item(L, 2)) badarg(L, 2, "no such item");
  m.footprints().announce_deferred(L, p, "process_info", OpKind::process_info, 0,
                                   DeferredTarget::info, q, nullptr, q->node);
  if (q != &p) m.signals().flush_from(p, *q);
  if (m.recording()) m.recorder().note_target(m.recorder().label(*q));
  if (!alive(*q) || q->doomed || m.processes().dying_by_signal(*q)) {
    lua_pushnil(L);
  } else if (const Item* item = find_item(L, 2)) {
    item->push(L, m, *q);
  } else {
    lua_newtable(L);
    // A process without a name has no such item if not asked.
    lua_Integer given = 0;
    for (lua_Integer i = list || q->name->tag != Tag::nil ? 1 : 2; i <= (list ? count : kStandard);
         i++) {
      if (list) lua_rawgeti(L, 2, i);
      const Item& one = list ? *find_item(L, -1) : kItems[i - 1];
      if (list) lua_pop(L, 1);
      push_pair(L, m, *q, one);
      lua_rawseti(L, 3, ++given);
    }
  }
  return m.done(L, p, 1);
}

}  // namespace

void add_core_info(lua_State* L) {
  lua_pushcfunction(L, l_process_info);
  lua_setfield(L, -2, "process_info");
}

}  // namespace lockstep::vm
