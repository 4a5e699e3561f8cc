// lockstep.*: spawn, exits and what a process tells of itself.
#include <cstring>

#include "vm/core_parts.h"

namespace lockstep::vm {
namespace {

// Function and arguments from `first` on, encoded now: what the parent changes afterwards is not
// seen by the child.
Term closure_arguments(lua_State* L, Machine& m, int first, const char* what) {
  luaL_checktype(L, first, LUA_TFUNCTION);
  Bytes& b = m.scratch();
  b.assign(5, 0);
  b[0] = static_cast<char>(Tag::string);  // opaque bytes, read only by Machine::spawn
  for (int i = first; i <= lua_gettop(L); i++) {
    const char* error = encode(L, i, b);
    if (error)
      luaL_error(L, "bad argument #%d to '%s' (%s cannot leave a process)", i, what, error);
  }
  Term t;
  t.tag = Tag::string;
  t.size = static_cast<uint32_t>(b.size());
  char* room = static_cast<char*>(m.allocate(b.size()));
  std::memcpy(room, b.data(), b.size());
  t.bytes = room;
  return t;
}

enum class Tie { none, link, monitor };

int do_spawn(lua_State* L, const char* what, Tie tie) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  Term values = closure_arguments(L, m, 1, what);
  m.sync(L, p, what, OpKind::spawn, Access::none, 0);
  Process& child = m.spawn(p, values, p.node);
  free_term(values, m.arena());
  if (tie == Tie::link) {
    m.push(p.links, child.index);
    m.push(child.links, p.index);
  }
  uint64_t ref = 0;
  if (tie == Tie::monitor) {
    ref = m.make_ref(p);
    m.push(p.watches, Watch{ref, child.index, false, Term::of_light(child.pid), {}});
    Watcher watcher;
    watcher.ref = ref;
    watcher.process = p.index;
    watcher.object = Term::of_light(child.pid);
    m.push(child.watchers, watcher);
  }
  m.start_child(child);
  if (m.recording()) m.note_target(m.label(child));
  push_light(L, child.pid);
  if (tie == Tie::monitor) push_light(L, ref);
  return m.done(L, p, tie == Tie::monitor ? 2 : 1);
}
int l_spawn(lua_State* L) { return do_spawn(L, "spawn", Tie::none); }
int l_spawn_link(lua_State* L) { return do_spawn(L, "spawn_link", Tie::link); }
int l_spawn_monitor(lua_State* L) { return do_spawn(L, "spawn_monitor", Tie::monitor); }

int l_self(lua_State* L) {
  push_light(L, machine_of(L).process(L, "self").pid);
  return 1;
}

int l_flag(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "flag");
  const char* name = luaL_checkstring(L, 1);
  if (std::strcmp(name, "trap_exit") != 0 || !lua_isboolean(L, 2)) badarg(L);
  const bool on = lua_toboolean(L, 2) != 0;
  m.sync(L, p, "flag", OpKind::flag, Access::write, process_object(p));
  lua_pushboolean(L, p.traps);
  p.traps = on;
  return m.done(L, p, 1);
}

// exit(reason) raises; exit(pid, reason) sends a signal.
int l_exit(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "exit");
  if (lua_gettop(L) <= 1) {
    lua_settop(L, 1);
    raise_top(L, "exit");
  }
  Process* q = m.find(light_at(L, 1));
  if (!q) badarg(L);
  Term reason = m.encode_argument(L, 2, "exit");
  m.sync(L, p, "exit_signal", OpKind::exit_signal, Access::write, process_object(*q),
         digest(reason));
  if (m.recording()) m.note_target(m.label(*q)), m.note_args(print(reason));
  Signal s;
  s.kind = SignalKind::exit;
  s.payload = reason;
  m.send_signal(p, *q, s);
  lua_pushboolean(L, 1);
  const int n = m.done(L, p, 1);
  m.die_if_doomed(p);
  return n;
}
int l_error(lua_State* L) {
  lua_settop(L, 1);
  raise_top(L, "error");
}
int l_throw(lua_State* L) {
  lua_settop(L, 1);
  raise_top(L, "throw");
}

int l_alive(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "alive");
  Process* q = m.find(light_at(L, 1));
  if (!q || q->node != p.node) badarg(L);
  m.sync(L, p, "alive", OpKind::alive, Access::read, process_object(*q));
  if (q != &p)
    m.flush_signals_from(p, *q);  // a request to it: it sees what the caller has sent before
  if (m.recording()) m.note_target(m.label(*q));
  lua_pushboolean(L, m.alive(*q) && !q->doomed && !m.dying_by_signal(*q));
  return m.done(L, p, 1);
}

// The handler for xpcall that makes an exception of whatever was raised: {class, reason, where}.
// Raised again with error(e, 0), it ends the process as if it had never been caught.
int l_exception(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "exception");
  lua_settop(L, 1);
  if (m.recording()) p.crash_trace = make_string(m.guest_traceback(L), m.arena());
  if (is_exception(L, 1)) return 1;
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, 1);
  lua_setfield(L, 2, "reason");
  lua_pushliteral(L, "error");
  lua_setfield(L, 2, "class");
  const char* text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
  const char* place = std::strstr(text, ".lua:");
  const char* colon = std::strstr(text, ": ");
  if (place && colon && place < colon) {  // Lua puts the place in front
    lua_pushlstring(L, text, static_cast<size_t>(colon - text));
  } else {
    const std::string where = m.guest_site(L);
    lua_pushlstring(L, where.data(), where.size());
  }
  lua_setfield(L, 2, "where");
  luaL_setmetatable(L, kException);
  return 1;
}

// process_info(pid, item): nil for a dead process.
int l_process_info(lua_State* L) {
  static const char* const items[] = {"message_queue_len", "messages",     "links",
                                      "registered_name",   "monitored_by", "monitors",
                                      "trap_exit",         "status",       nullptr};
  Machine& m = machine_of(L);
  Process& p = m.process(L, "process_info");
  Process* q = m.find(light_at(L, 1));
  if (!q || q->node != p.node) badarg(L);
  const int item = luaL_checkoption(L, 2, nullptr, items);
  const Footprint box{mailbox_object(*q), Access::read};
  m.announce(L, p, "process_info", OpKind::process_info, Access::read, process_object(*q), 0, &box,
             1);
  if (q != &p) m.flush_signals_from(p, *q);
  if (m.recording()) m.note_target(m.label(*q));
  lua_settop(L, 2);
  if (!m.alive(*q) || q->doomed || m.dying_by_signal(*q)) {
    lua_pushnil(L);
    return m.done(L, p, 1);
  }
  lua_newtable(L);
  lua_Integer n = 0;
  switch (item) {
    case 0:
      lua_pushinteger(L, q->mailbox.size);
      break;
    case 1:
      for (uint32_t i = 0; i < q->mailbox.size; i++) {
        push(L, q->mailbox[i].payload);
        lua_rawseti(L, 3, ++n);
      }
      break;
    case 2:
      for (uint32_t i = 0; i < q->links.size; i++) {
        push_light(L, m.world().processes[q->links[i]]->pid);
        lua_rawseti(L, 3, ++n);
      }
      break;
    case 3:
      push(L, q->name);
      break;
    case 4:
      for (uint32_t i = 0; i < q->watchers.size; i++) {
        push_light(L, m.world().processes[q->watchers[i].process]->pid);
        lua_rawseti(L, 3, ++n);
      }
      break;
    case 5:
      for (uint32_t i = 0; i < q->watches.size; i++) {
        if (q->watches[i].target == kNone) continue;
        push_light(L, m.world().processes[q->watches[i].target]->pid);
        lua_rawseti(L, 3, ++n);
      }
      break;
    case 6:
      lua_pushboolean(L, q->traps);
      break;
    default:
      lua_pushstring(L, q == &p                        ? "running"
                        : q->status == Status::blocked ? "waiting"
                                                       : "runnable");
  }
  return m.done(L, p, 1);
}

}  // namespace

void add_core_processes(lua_State* L) {
  static const luaL_Reg functions[] = {{"spawn", l_spawn},
                                       {"spawn_link", l_spawn_link},
                                       {"spawn_monitor", l_spawn_monitor},
                                       {"self", l_self},
                                       {"flag", l_flag},
                                       {"exit", l_exit},
                                       {"error", l_error},
                                       {"throw", l_throw},
                                       {"alive", l_alive},
                                       {"exception", l_exception},
                                       {"process_info", l_process_info},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
