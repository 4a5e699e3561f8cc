// lockstep.*: processes, messages, links, monitors, names, timers, choices.
#include <cmath>
#include <cstring>

#include "vm/cluster_api.h"
#include "vm/machine.h"
#include "vm/sandbox.h"

namespace lockstep::vm {
namespace {

constexpr int64_t kInfinite = -1;

bool is_string(const Term& t, std::string_view s) {
  return t.tag == Tag::string && View{t.bytes}.string() == s;
}
uint64_t light_at(lua_State* L, int i) {
  return lua_islightuserdata(L, i) ? reinterpret_cast<uint64_t>(lua_touserdata(L, i)) : 0;
}
void push_light(lua_State* L, uint64_t v) { lua_pushlightuserdata(L, reinterpret_cast<void*>(v)); }
ObjectId process_object(const Process& p) { return make_object(ObjectClass::process, p.index); }
ObjectId mailbox_object(const Process& p) { return make_object(ObjectClass::mailbox, p.index); }
ObjectId name_object(uint32_t node, const Term& name) {
  return make_object(ObjectClass::name, node, static_cast<uint32_t>(digest(name)) | 1);
}

// Milliseconds: nil, none and "infinity" are infinite; raises timeout_value as OTP does for others.
int64_t timeout_at(lua_State* L, int i) {
  if (lua_isnoneornil(L, i)) return kInfinite;
  if (lua_type(L, i) == LUA_TSTRING && std::strcmp(lua_tostring(L, i), "infinity") == 0)
    return kInfinite;
  int whole = 0;
  const lua_Integer v = lua_type(L, i) == LUA_TNUMBER ? lua_tointegerx(L, i, &whole) : 0;
  if (!whole || v < 0 || v > 0xffffffff) raise(L, "error", "timeout_value");
  return v;
}

Process& pid_argument(lua_State* L, Machine& m, int i, const char* what) {
  Process* p = m.find(light_at(L, i));
  if (!p)
    luaL_error(L, "bad argument #%d to '%s' (pid expected, got %s)", i, what, luaL_typename(L, i));
  return *p;
}

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

// send(dest, message): dest is a pid, an alias, a registered name, or {name, node}. Returns the
// message.
int l_send(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "send");
  if (lua_gettop(L) < 2) luaL_error(L, "bad argument #2 to 'send' (message expected, got nothing)");
  lua_settop(L, 2);
  Term payload = m.encode_argument(L, 2, "send");
  const uint64_t light = light_at(L, 1);
  Signal s;
  s.payload = payload;
  if (Process* to = m.find(light)) {
    m.sync(L, p, "send", OpKind::send, Access::append, mailbox_object(*to), digest(payload));
    if (m.recording()) m.note_target(m.label(*to)), m.note_args(print(payload));
    m.send_signal(p, *to, s);
    m.die_if_doomed(p);
    return m.done(L, p, 1);
  }
  if (light_class(light) == Light::ref &&
      light_index(light) < m.world().processes.size) {  // an alias
    Process& to = *m.world().processes[light_index(light)];
    s.ref = light;
    m.sync(L, p, "send", OpKind::send, Access::append, mailbox_object(to), digest(payload));
    if (m.recording()) m.note_target(m.label(to)), m.note_args(print(payload));
    m.send_signal(p, to, s);
    return m.done(L, p, 1);
  }
  if (uint32_t node = 0; lua_istable(L, 1)) {  // {name, node}: never an error, wherever it goes
    Term name;
    if (!remote_name(L, m, 1, &name, &node)) badarg(L);
    Process* now = node == kNone ? nullptr : m.whereis(name, node);
    const Footprint box{now ? mailbox_object(*now) : 0, Access::append};
    m.announce(L, p, "send", OpKind::send, Access::read, name_object(node & 0xffffff, name),
               digest(payload), &box, now ? 1 : 0);
    Process* to = node == kNone ? nullptr : m.whereis(name, node);
    if (m.recording()) m.note_args(print(payload)), m.note_target(to ? m.label(*to) : print(name));
    if (to) m.send_signal(p, *to, s);
    m.die_if_doomed(p);
    return m.done(L, p, 1);
  }
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L);
  Term name = m.encode_argument(L, 1, "send");
  // The name is resolved when the send happens: two objects, the name and the mailbox behind it as
  // of now.
  Process* now = m.whereis(name, p.node);
  const Footprint box{now ? mailbox_object(*now) : 0, Access::append};
  m.announce(L, p, "send", OpKind::send, Access::read, name_object(p.node, name), digest(payload),
             &box, now ? 1 : 0);
  Process* to = m.whereis(name, p.node);
  free_term(name, m.arena());
  if (!to) badarg(L);
  if (m.recording()) m.note_target(m.label(*to)), m.note_args(print(payload));
  m.send_signal(p, *to, s);
  m.die_if_doomed(p);
  return m.done(L, p, 1);
}

int l_recv(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "recv");
  return m.receive(L, p, "recv", Wait::any, timeout_at(L, 1));
}
int l_recv_first(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "recv_first");
  const int64_t timeout = timeout_at(L, 2);
  if (lua_isfunction(L, 1)) return m.receive(L, p, "recv_first", Wait::predicate, timeout);
  if (lua_isnone(L, 1))
    luaL_error(L,
               "bad argument #1 to 'recv_first' (a pattern or a function expected, got nothing)");
  p.pattern = m.encode_argument(L, 1, "recv_first");
  return m.receive(L, p, "recv_first", Wait::pattern, timeout);
}
int l_sleep(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "sleep");
  const int64_t ms = timeout_at(L, 1);
  m.receive(L, p, "sleep", Wait::sleep, ms);
  return 0;
}
int l_now(lua_State* L) {
  Machine& m = machine_of(L);
  m.process(L, "now");
  lua_pushinteger(L, static_cast<lua_Integer>(m.world().now));
  return 1;
}

// ---- timers ----

int do_send_after(lua_State* L, const char* what, bool wrap) {
  // send_after(dest, message, ms)
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  const uint64_t light = light_at(L, 1);
  if (!m.find(light) && lua_type(L, 1) != LUA_TSTRING) badarg(L);
  if (lua_isnone(L, 2))
    luaL_error(L, "bad argument #2 to '%s' (message expected, got nothing)", what);
  int whole = 0;
  const lua_Integer ms = lua_tointegerx(L, 3, &whole);
  if (lua_type(L, 3) != LUA_TNUMBER || !whole || ms < 0) badarg(L);
  Term dest = m.encode_argument(L, 1, what);
  Term payload = m.encode_argument(L, 2, what);
  m.sync(L, p, what, OpKind::timer_start, Access::none, 0);
  const uint64_t ref = m.make_ref(p);
  Process* to = m.find(light);
  if (!to || m.alive(*to)) {
    if (wrap)
      payload = make_tuple(m.arena(), m.scratch(),
                           {make_string("timeout", m.arena()), Term::of_light(ref), payload});
    Timer& t = m.start_timer(p, m.world().now + static_cast<uint64_t>(ms), TimerKind::message);
    t.ref = ref;
    t.dest = dest;
    t.payload = payload;
  }
  push_light(L, ref);
  return m.done(L, p, 1);
}
int l_send_after(lua_State* L) { return do_send_after(L, "send_after", false); }
int l_start_timer(lua_State* L) { return do_send_after(L, "start_timer", true); }

uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L);
  return v;
}
ObjectId timer_object(uint64_t ref) {
  return make_object(ObjectClass::timer, light_index(ref), light_low(ref) | 1);
}

int l_cancel_timer(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cancel_timer");
  const uint64_t ref = ref_argument(L, 1);
  m.sync(L, p, "cancel_timer", OpKind::timer_cancel, Access::write, timer_object(ref));
  int64_t left = 0;
  if (m.cancel_timer(ref, &left))
    lua_pushinteger(L, left);
  else
    lua_pushboolean(L, 0);
  return m.done(L, p, 1);
}
int l_read_timer(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "read_timer");
  const uint64_t ref = ref_argument(L, 1);
  m.sync(L, p, "read_timer", OpKind::timer_read, Access::read, timer_object(ref));
  for (const Timer& t : m.world().timers)
    if (t.kind == TimerKind::message && t.ref == ref) {
      lua_pushinteger(L,
                      t.due > m.world().now ? static_cast<lua_Integer>(t.due - m.world().now) : 0);
      return m.done(L, p, 1);
    }
  lua_pushboolean(L, 0);
  return m.done(L, p, 1);
}

// ---- links and monitors ----

int l_link(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "link");
  Process& q = pid_argument(L, m, 1, "link");
  const Footprint own{process_object(p), Access::write};
  m.announce(L, p, "link", OpKind::link, Access::write, process_object(q), 0, &own, 1);
  lua_pushboolean(L, 1);
  if (&p == &q) return m.done(L, p, 1);
  for (uint32_t x : p.links)
    if (x == q.index) return m.done(L, p, 1);
  if (!m.alive(q) && q.node == p.node) {
    if (!p.traps) raise(L, "error", "noproc");
    Signal s;
    s.kind = SignalKind::message;
    s.payload = make_tuple(
        m.arena(), m.scratch(),
        {make_string("EXIT", m.arena()), Term::of_light(q.pid), make_string("noproc", m.arena())});
    m.send_signal(q, p, s);
    return m.done(L, p, 1);
  }
  m.push(p.links, q.index);
  Signal s;
  s.kind = SignalKind::link;
  m.send_signal(p, q, s);
  const int n = m.done(L, p, 1);
  m.die_if_doomed(p);  // the other side cannot be reached
  return n;
}
int l_unlink(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unlink");
  Process& q = pid_argument(L, m, 1, "unlink");
  const Footprint own{process_object(p), Access::write};
  m.announce(L, p, "unlink", OpKind::unlink, Access::write, process_object(q), 0, &own, 1);
  lua_pushboolean(L, 1);
  for (uint32_t i = 0; i < p.links.size; i++)
    if (p.links[i] == q.index) {
      m.erase(p.links, i);
      Signal s;
      s.kind = SignalKind::unlink;
      m.send_signal(p, q, s);
      break;
    }
  return m.done(L, p, 1);
}

bool option(lua_State* L, int table, const char* name) {
  if (!lua_istable(L, table)) return false;
  lua_getfield(L, table, name);
  const bool yes = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return yes;
}

AliasMode alias_mode(lua_State* L, int index, const char* what) {
  static const char* const names[] = {"explicit_unalias", "demonitor", "reply_demonitor"};
  const char* given = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  for (int i = 0; i < 3; i++)
    if (std::strcmp(given, names[i]) == 0) return static_cast<AliasMode>(i);
  luaL_error(L,
             "bad argument #2 to '%s' (alias is \"explicit_unalias\", \"demonitor\" or "
             "\"reply_demonitor\")",
             what);
  __builtin_unreachable();
}

// alias(): a reference that messages can be sent to, until unalias.
int l_alias(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "alias");
  const uint64_t ref = m.make_ref(p);
  m.push(p.aliases, Alias{ref, AliasMode::explicit_unalias});
  push_light(L, ref);
  return 1;
}
int l_unalias(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unalias");
  const uint64_t ref = ref_argument(L, 1);
  m.sync(L, p, "unalias", OpKind::demonitor, Access::write, mailbox_object(p));
  lua_pushboolean(L, m.drop_alias(p, ref, false));
  return m.done(L, p, 1);
}

// monitor(pid or name, {tag = T, alias = mode}?)
int l_monitor(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "monitor");
  Process* q = m.find(light_at(L, 1));
  Term tag, name;
  uint32_t node = p.node;
  const bool remote = !q && lua_istable(L, 1);
  if (remote && !remote_name(L, m, 1, &name, &node)) badarg(L);
  const bool by_name = remote || (!q && lua_type(L, 1) == LUA_TSTRING);
  if (!q && !by_name) badarg(L);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TTABLE);
  bool alias = false;
  AliasMode mode = AliasMode::explicit_unalias;
  if (lua_istable(L, 2)) {
    lua_getfield(L, 2, "tag");
    tag = m.encode_argument(L, -1, "monitor");
    lua_getfield(L, 2, "alias");
    alias = !lua_isnil(L, -1);
    if (alias) mode = alias_mode(L, -1, "monitor");
    lua_settop(L, 2);
  }
  if (by_name) {
    if (!remote) name = m.encode_argument(L, 1, "monitor");
    Process* now = m.whereis(name, node);
    const Footprint other{now ? process_object(*now) : 0, Access::add};
    m.announce(L, p, "monitor", OpKind::monitor, Access::read, name_object(node & 0xffffff, name),
               0, &other, now ? 1 : 0);
    q = m.whereis(name, node);
  } else {
    m.sync(L, p, "monitor", OpKind::monitor, Access::add, process_object(*q));
  }
  const uint64_t ref = m.make_ref(p);
  if (alias) m.push(p.aliases, Alias{ref, mode});
  if (q == &p) {
    push_light(L, ref);
    return m.done(L, p, 1);
  }
  Term object = q ? Term::of_light(q->pid) : Term();
  if (by_name)
    object =
        make_tuple(m.arena(), m.scratch(),
                   {name, make_string(node == kNone ? "unknown" : m.node_name(node), m.arena())});
  m.push(p.watches, Watch{ref, q ? q->index : kNone, false, object, tag});
  if (q) {
    if (m.recording()) m.note_target(m.label(*q));
    Signal s;
    s.kind = SignalKind::monitor;
    s.ref = ref;
    s.payload = make_tuple(m.arena(), m.scratch(), {object, tag});
    m.send_signal(p, *q, s);
  } else {
    Watcher watcher;
    watcher.ref = ref;
    watcher.process = p.index;
    watcher.object = object;
    watcher.tag = tag;
    const bool reachable = node != kNone && m.connected(p.node, node);
    m.send_down(p, watcher, make_string(reachable ? "noproc" : "noconnection", m.arena()));
  }
  push_light(L, ref);
  return m.done(L, p, 1);
}

// Removes the DOWN message of `ref` from the mailbox.
bool flush_down(Machine& m, Process& p, uint64_t ref) {
  for (uint32_t i = 0; i < p.mailbox.size; i++) {
    const Term& t = p.mailbox[i].payload;
    if (t.tag != Tag::table) continue;
    const View v{t.bytes};
    if (v.array_size() != 5) continue;
    const View second = v.element(1);
    if (second.tag() == Tag::light && static_cast<uint64_t>(second.i64(1)) == ref) {
      free_term(p.mailbox[i].payload, m.arena());
      m.erase(p.mailbox, i);
      return true;
    }
  }
  return false;
}

// demonitor(ref, {flush = true, info = true}?)
int l_demonitor(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "demonitor");
  const uint64_t ref = ref_argument(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    if (!lua_istable(L, 2)) badarg(L);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
      const char* key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
      if (std::strcmp(key, "flush") != 0 && std::strcmp(key, "info") != 0) badarg(L);
    }
  }
  const bool flush = option(L, 2, "flush"), info = option(L, 2, "info");
  uint32_t target = kNone;
  for (const Watch& watch : p.watches)
    if (watch.ref == ref) target = watch.target;
  const Footprint own{mailbox_object(p), Access::write};
  m.announce(L, p, "demonitor", OpKind::demonitor, target == kNone ? Access::write : Access::add,
             target == kNone ? process_object(p) : make_object(ObjectClass::process, target), 0,
             &own, 1);
  const bool active = m.drop_watch(p, ref);
  m.drop_alias(p, ref, true);
  if (flush) flush_down(m, p, ref);
  lua_pushboolean(L, info ? active : true);
  return m.done(L, p, 1);
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

// ---- names ----

int l_register(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "register");
  Process* q = m.find(light_at(L, 2));
  if (lua_type(L, 1) != LUA_TSTRING || !q) badarg(L);
  Term name = m.encode_argument(L, 1, "register");
  const Footprint other{process_object(*q), Access::write};
  m.announce(L, p, "register", OpKind::register_name, Access::write, name_object(p.node, name), 0,
             &other, 1);
  if (is_string(name, "undefined") || m.whereis(name, p.node) || q->name.tag != Tag::nil ||
      !m.alive(*q) || q->node != p.node)
    badarg(L);
  q->name = name;
  if (q->label.tag == Tag::nil) q->label = copy_term(name, m.arena());
  m.push(m.world().names, Name{name, q->index, p.node});
  if (m.recording()) m.note_target(m.label(*q));
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}
int l_unregister(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unregister");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L);
  Term name = m.encode_argument(L, 1, "unregister");
  m.sync(L, p, "unregister", OpKind::unregister_name, Access::write, name_object(p.node, name));
  Process* q = m.whereis(name, p.node);
  if (!q) badarg(L);
  m.release_name(*q);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}
int l_whereis(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "whereis");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L);
  Term name = m.encode_argument(L, 1, "whereis");
  m.sync(L, p, "whereis", OpKind::whereis, Access::read, name_object(p.node, name));
  Process* q = m.whereis(name, p.node);
  free_term(name, m.arena());
  if (q)
    push_light(L, q->pid);
  else
    lua_pushnil(L);
  return m.done(L, p, 1);
}
int l_registered(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "registered");
  m.sync(L, p, "registered", OpKind::whereis, Access::read, make_object(ObjectClass::name, p.node));
  lua_newtable(L);
  lua_Integer n = 0;
  for (uint32_t i = 0; i < m.world().names.size; i++)
    if (m.world().names[i].node == p.node) {
      push(L, m.world().names[i].name);
      lua_rawseti(L, -2, ++n);
    }
  return m.done(L, p, 1);
}

// ---- the process's own ----

int l_make_ref(lua_State* L) {
  Machine& m = machine_of(L);
  push_light(L, m.make_ref(m.process(L, "make_ref")));
  return 1;
}

// The dictionary is a table in the registry, for each process its own; made when first written.
bool push_dictionary(lua_State* L, Process& p, bool make) {
  lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
  if (lua_rawget(L, LUA_REGISTRYINDEX) == LUA_TTABLE) return true;
  lua_pop(L, 1);
  if (!make) return false;
  lua_newtable(L);
  lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  return true;
}
int l_put(lua_State* L) {
  Process& p = machine_of(L).process(L, "put");
  luaL_checkany(L, 2);
  if (lua_isnil(L, 1)) luaL_error(L, "bad argument #1 to 'put' (a key expected, got nil)");
  lua_settop(L, 2);
  push_dictionary(L, p, true);
  lua_pushvalue(L, 1);
  lua_rawget(L, 3);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_rawset(L, 3);
  return 1;
}
int l_get(lua_State* L) {
  Process& p = machine_of(L).process(L, "get");
  if (lua_gettop(L) == 0) {  // all of it, as an array of pairs in the order of the keys' terms
    lua_newtable(L);
    if (!push_dictionary(L, p, false)) return 1;
    lua_Integer n = 0;
    lua_pushnil(L);
    while (lua_next(L, 2)) {
      lua_createtable(L, 2, 0);
      lua_pushvalue(L, -3);
      lua_rawseti(L, -2, 1);
      lua_insert(L, -2);
      lua_rawseti(L, -2, 2);
      lua_rawseti(L, 1, ++n);
    }
    lua_settop(L, 1);
    return 1;
  }
  if (!push_dictionary(L, p, false)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  return 1;
}
int l_erase(lua_State* L) {
  Process& p = machine_of(L).process(L, "erase");
  if (lua_gettop(L) == 0) {
    l_get(L);
    lua_pushfstring(L, "lockstep.dictionary.%d", static_cast<int>(p.index));
    lua_pushnil(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 1;
  }
  if (!push_dictionary(L, p, false)) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  lua_pushvalue(L, 1);
  lua_pushnil(L);
  lua_rawset(L, -4);
  return 1;
}

int l_set_label(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "set_label");
  size_t n;
  const char* s = luaL_checklstring(L, 1, &n);
  p.label = make_string({s, n}, m.arena());
  return 0;
}

// ---- choices ----

// choose(n): 1 .. n; choose(list): one of its elements. Every value is explored.
int l_choose(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "choose");
  if (lua_istable(L, 1)) {
    const lua_Unsigned n = lua_rawlen(L, 1);
    if (n == 0 || n > 0xffff)
      luaL_error(L, "bad argument #1 to 'choose' (a list of 1 to 65535 values expected, got %d)",
                 static_cast<int>(n));
    lua_rawgeti(L, 1, static_cast<lua_Integer>(m.choose_data(p, static_cast<uint32_t>(n))) + 1);
    return 1;
  }
  if (!lua_isinteger(L, 1))
    luaL_error(L, "bad argument #1 to 'choose' (a whole number or a list expected, got %s)",
               luaL_typename(L, 1));
  const lua_Integer n = lua_tointeger(L, 1);
  if (n < 1 || n > 0xffff)
    luaL_error(L, "bad argument #1 to 'choose' (1 to 65535 expected, got %I)", n);
  lua_pushinteger(L, static_cast<lua_Integer>(m.choose_data(p, static_cast<uint32_t>(n))) + 1);
  return 1;
}
int l_yield(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "yield");
  m.sync(L, p, "yield", OpKind::yield, Access::none, 0);
  return m.done(L, p, 0);
}

int l_is_pid(lua_State* L) {
  lua_pushboolean(L, light_class(light_at(L, 1)) == Light::pid);
  return 1;
}
int l_is_ref(lua_State* L) {
  lua_pushboolean(L, light_class(light_at(L, 1)) == Light::ref);
  return 1;
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

int exception_text(lua_State* L) {
  lua_getfield(L, 1, "reason");
  const char* error = nullptr;
  Machine& m = machine_of(L);
  m.scratch().clear();
  error = encode(L, -1, m.scratch());
  std::string text;
  lua_getfield(L, 1, "where");
  if (const char* where = lua_tostring(L, -1)) text = std::string(where) + ": ";
  if (error)
    text += error;
  else if (View{m.scratch().data()}.tag() == Tag::string)
    text += std::string(View{m.scratch().data()}.string());
  else
    text += print(View{m.scratch().data()});
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

}  // namespace

void open_core(lua_State* L) {
  static const luaL_Reg functions[] = {{"spawn", l_spawn},
                                       {"spawn_link", l_spawn_link},
                                       {"spawn_monitor", l_spawn_monitor},
                                       {"self", l_self},
                                       {"send", l_send},
                                       {"recv", l_recv},
                                       {"recv_first", l_recv_first},
                                       {"sleep", l_sleep},
                                       {"now", l_now},
                                       {"send_after", l_send_after},
                                       {"start_timer", l_start_timer},
                                       {"cancel_timer", l_cancel_timer},
                                       {"read_timer", l_read_timer},
                                       {"link", l_link},
                                       {"unlink", l_unlink},
                                       {"monitor", l_monitor},
                                       {"demonitor", l_demonitor},
                                       {"alias", l_alias},
                                       {"unalias", l_unalias},
                                       {"flag", l_flag},
                                       {"exit", l_exit},
                                       {"error", l_error},
                                       {"throw", l_throw},
                                       {"alive", l_alive},
                                       {"register", l_register},
                                       {"unregister", l_unregister},
                                       {"whereis", l_whereis},
                                       {"registered", l_registered},
                                       {"make_ref", l_make_ref},
                                       {"put", l_put},
                                       {"get", l_get},
                                       {"erase", l_erase},
                                       {"set_label", l_set_label},
                                       {"choose", l_choose},
                                       {"yield", l_yield},
                                       {"exception", l_exception},
                                       {"process_info", l_process_info},
                                       {"is_pid", l_is_pid},
                                       {"is_ref", l_is_ref},
                                       {"node", l_node},
                                       {"nodes", l_nodes},
                                       {"monitor_node", l_monitor_node},
                                       {"scenario", declare_scenario},
                                       {nullptr, nullptr}};
  luaL_newlib(L, functions);
  push_light(L, kAny);
  lua_setfield(L, -2, "any");
  push_light(L, kOneOf);
  lua_setfield(L, -2, "one_of");
  lua_getglobal(L, "math");
  lua_getfield(L, -1, "random");
  lua_setfield(L, -3, "random");
  lua_pop(L, 1);
  luaL_newmetatable(L, kException);
  lua_pushcfunction(L, exception_text);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "exception");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

}  // namespace lockstep::vm
