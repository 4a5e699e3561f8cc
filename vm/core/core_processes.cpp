// lockstep.*: spawn, exits and what a process tells of itself.
#include <cstring>

#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/machine/lookup.h"
#include "vm/process/misspelt.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {
namespace {

// Function and arguments from `first` on, encoded now: what the parent changes afterwards is not
// seen by the child.
Term closure_arguments(lua_State* L, Machine& m, int first, const char* what) {
  luaL_checktype(L, first, LUA_TFUNCTION);
  Bytes& b = m.scratch();
  b.assign(5, 0);
  b[0] = static_cast<char>(Tag::string);  // opaque bytes, read only by Processes::spawn
  for (int i = first; i <= lua_gettop(L); i++) {
    const char* error = encode(L, i, b);
    if (error)
      luaL_error(L, "bad argument #%d to '%s' (%s cannot leave a process)", i, what, error);
  }
  Term t;
  t.tag = Tag::string;
  t.size = static_cast<uint32_t>(b.size());
  char* buffer = static_cast<char*>(m.allocate(b.size()));
  std::memcpy(buffer, b.data(), b.size());
  t.bytes = buffer;
  return t;
}

// How the child is tied to its parent.
struct Tie {
  bool link = false, monitor = false;
  MonitorOptions how;
};

int do_spawn(lua_State* L, const char* what, const Tie& tie) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  Term values = closure_arguments(L, m, 1, what);
  if (tie.link)
    m.sync(L, p, what, OpKind::spawn, Access::write, part_object(p, Part::links));
  else
    m.sync(L, p, what, OpKind::spawn, Access::none, 0);
  Process& child = m.processes().spawn(p, values, p.node);
  free_term(values, m.arena());
  if (tie.link) {
    m.push(m.change(p.links), child.index);
    m.push(m.change(child.links), p.index);
  }
  uint64_t ref = 0;
  if (tie.monitor) {
    ref = m.processes().make_ref(p);
    if (tie.how.alias) m.push(m.change(p.aliases), Alias{ref, tie.how.mode});
    m.push(m.change(p.watches),
           Watch{ref, child.index, false, Term::of_light(child.pid), tie.how.tag});
    Watcher watcher;
    watcher.ref = ref;
    watcher.process = p.index;
    watcher.object = Term::of_light(child.pid);
    watcher.tag = tie.how.tag;
    m.push(m.change(child.watchers), watcher);
  }
  m.processes().start_child(child);
  if (m.recording()) m.recorder().note_target(m.recorder().label(child));
  push_light(L, child.pid);
  if (tie.monitor) push_light(L, ref);
  return m.done(L, p, tie.monitor ? 2 : 1);
}
int l_spawn(lua_State* L) { return do_spawn(L, "spawn", {}); }
int l_spawn_link(lua_State* L) { return do_spawn(L, "spawn_link", {.link = true}); }
int l_spawn_monitor(lua_State* L) { return do_spawn(L, "spawn_monitor", {.monitor = true}); }

// spawn_opt(fn, {"link", "monitor", {"monitor", options of monitor()}, {"priority", ...}, ...},
// ...): what only tunes OTP's memory and scheduling is accepted and has no effect.
int l_spawn_opt(lua_State* L) {
  Machine& m = machine_of(L);
  m.process(L, "spawn_opt");
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (!lua_istable(L, 2)) badarg(L, 2, "a list of options expected");
  static const char* const tuning[] = {"priority",      "fullsweep_after",
                                       "min_heap_size", "min_bin_vheap_size",
                                       "max_heap_size", "message_queue_data"};
  Tie tie;
  const int top = lua_gettop(L);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, 2));
  for (lua_Integer i = 1; i <= n; i++) {
    const bool pair = lua_rawgeti(L, 2, i) == LUA_TTABLE;
    if (pair) lua_rawgeti(L, -1, 1);
    const char* name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    bool known = false;
    if (std::strcmp(name, "link") == 0 && !pair) {
      known = tie.link = true;
    } else if (std::strcmp(name, "monitor") == 0) {
      known = tie.monitor = true;
      if (pair) {
        lua_rawgeti(L, top + 1, 2);
        tie.how = monitor_options(L, m, lua_gettop(L), "spawn_opt");
      }
    } else if (pair) {
      for (const char* t : tuning) known = known || std::strcmp(name, t) == 0;
    }
    if (!known) badarg(L, 2, "no such option");
    lua_settop(L, top);
  }
  lua_remove(L, 2);
  return do_spawn(L, "spawn_opt", tie);
}

int l_self(lua_State* L) {
  push_light(L, machine_of(L).process(L, "self").pid);
  return 1;
}

// Flags that only tune OTP's scheduler and memory: remembered, without effect. Returns the value
// before.
int tuning_flag(lua_State* L, Process& p, const char* name) {
  static const char* const priorities[] = {"low", "normal", "high", "max", nullptr};
  static const char* const queues[] = {"on_heap", "off_heap", nullptr};
  const auto one_of = [&](const char* const* names) {
    if (lua_type(L, 2) != LUA_TSTRING) return false;
    for (; *names; names++)
      if (std::strcmp(lua_tostring(L, 2), *names) == 0) return true;
    return false;
  };
  const bool whole = lua_isinteger(L, 2) && lua_tointeger(L, 2) >= 0;
  const std::string_view flag = name;
  bool good = false;
  if (flag == "priority")
    lua_pushliteral(L, "normal"), good = one_of(priorities);
  else if (flag == "message_queue_data")
    lua_pushliteral(L, "on_heap"), good = one_of(queues);
  else if (flag == "min_heap_size")
    lua_pushinteger(L, 233), good = whole;
  else if (flag == "min_bin_vheap_size")
    lua_pushinteger(L, 46422), good = whole;
  else if (flag == "fullsweep_after")
    lua_pushinteger(L, 65535), good = whole;
  else if (flag == "max_heap_size")
    lua_pushinteger(L, 0), good = whole || lua_istable(L, 2);
  else if (flag == "save_calls")
    lua_pushinteger(L, 0), good = whole && lua_tointeger(L, 2) <= 10000;
  else if (flag == "sensitive")
    lua_pushboolean(L, 0), good = lua_isboolean(L, 2) != 0;
  if (!good) badarg(L, 1, "no such flag, or not for this value");
  p.shows = true;
  const int standard = lua_gettop(L);
  lua_pushfstring(L, "lockstep.flags.%d", static_cast<int>(p.index));
  if (lua_rawget(L, LUA_REGISTRYINDEX) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushfstring(L, "lockstep.flags.%d", static_cast<int>(p.index));
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
  }
  if (lua_getfield(L, -1, name) == LUA_TNIL) lua_pushvalue(L, standard), lua_replace(L, -2);
  lua_pushvalue(L, 2);
  lua_setfield(L, -3, name);
  return 1;
}

int l_flag(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "flag");
  const char* name = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
  if (std::strcmp(name, "trap_exit") != 0) return tuning_flag(L, p, name);
  if (!lua_isboolean(L, 2)) badarg(L, 2, "true or false expected");
  const bool on = lua_toboolean(L, 2) != 0;
  m.sync(L, p, "flag", OpKind::flag, Access::write, part_object(p, Part::flags));
  lua_pushboolean(L, p.traps);
  m.change(p.traps) = on;
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
  Process* q = find_process(m.world(), light_at(L, 1));
  if (!q) badarg(L, 1, "a pid expected");
  Term reason = m.calls().encode_argument(L, 2, "exit");
  Signal s;
  s.kind = SignalKind::exit;
  s.from = p.index;
  s.payload = reason;
  m.footprints().announce_signal(L, p, "exit_signal", OpKind::exit_signal, 0, *q, s);
  if (m.recording())
    m.recorder().note_target(m.recorder().label(*q)), m.recorder().note_args(print(reason));
  m.signals().send(p, *q, s);
  lua_pushboolean(L, 1);
  const int n = m.done(L, p, 1);
  m.processes().die_if_doomed(p);
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
  Process* q = find_process(m.world(), light_at(L, 1));
  if (!q || q->node != p.node) badarg(L, 1, "a pid of this node expected");
  m.footprints().announce_deferred(L, p, "alive", OpKind::alive, 0, DeferredTarget::alive, q,
                                   nullptr, q->node);
  if (q != &p) m.signals().flush_from(p, *q);
  if (m.recording()) m.recorder().note_target(m.recorder().label(*q));
  lua_pushboolean(L, alive(*q) && !q->doomed && !m.processes().dying_by_signal(*q));
  return m.done(L, p, 1);
}

// The handler for xpcall that makes an exception of whatever was raised: {class, reason, where}.
// Raised again with error(e, 0), it ends the process as if it had never been caught.
int l_exception(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "exception");
  lua_settop(L, 1);
  if (m.recording()) {
    const char* raised = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
    p.crash.trace = make_string(told_trace(L, raised), m.arena());
  }
  if (is_exception(L, 1)) return 1;
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, 1);
  lua_setfield(L, 2, "reason");
  lua_pushliteral(L, "error");
  lua_setfield(L, 2, "class");
  const char* text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
  {
    std::string where = guest_site(L);
    if (const size_t size = m.recorder().place_in_front(text); size != 0) where.assign(text, size);
    lua_pushlstring(L, where.data(), where.size());
  }
  lua_setfield(L, 2, "where");
  luaL_setmetatable(L, kException);
  return 1;
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
                                       {"spawn_opt", l_spawn_opt},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
