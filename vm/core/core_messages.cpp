// lockstep.*: messages and timers.
#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "vm/core/cluster_api.h"
#include "vm/core/core_parts.h"
#include "vm/core/receive.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/guest/guest.h"
#include "vm/guest/spin.h"
#include "vm/machine/clocks.h"
#include "vm/machine/lookup.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {
namespace {

constexpr int64_t kInfinite = -1;

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

// "name on b"
std::string remote_text(const Machine& m, const Term& name, uint32_t node) {
  return print(name) + " on " + (node == kNone ? "an unknown node" : node_name(m.world(), node));
}

// send(dest, message): dest is a pid, an alias, a registered name, or {name, node}. Returns the
// message.
int l_send(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "send");
  if (lua_gettop(L) < 2) luaL_error(L, "bad argument #2 to 'send' (message expected, got nothing)");
  lua_settop(L, 2);
  Term payload = m.calls().encode_argument(L, 2, "send");
  const uint64_t tells = m.clocks().told_by({payload, p.index, 0, m.world().steps});
  const uint64_t light = light_at(L, 1);
  Signal s;
  s.payload = payload;
  if (Process* to = find_process(m.world(), light)) {
    m.footprints().sync_to(L, p, "send", OpKind::send, tells, *to);
    if (m.recording())
      m.recorder().note_target(m.recorder().label(*to)), m.recorder().note_args(print(payload));
    m.signals().send(p, *to, s);
    m.processes().die_if_doomed(p);
    return m.done(L, p, 1);
  }
  if (light_class(light) == Light::ref &&
      light_index(light) < m.world().processes.size) {  // an alias
    Process& to = *m.world().processes[light_index(light)];
    s.ref = light;
    m.footprints().announce_signal(L, p, "send", OpKind::send, tells, to, s);
    if (m.recording())
      m.recorder().note_target(m.recorder().label(to)), m.recorder().note_args(print(payload));
    m.signals().send(p, to, s);
    return m.done(L, p, 1);
  }
  if (uint32_t node = 0; lua_istable(L, 1)) {  // {name, node}: never an error, wherever it goes
    Term name;
    if (!remote_name(L, m, 1, &name, &node)) badarg(L, 1, "{name, node} expected");
    if (node != p.node) {
      m.footprints().announce_deferred(L, p, "send", OpKind::send, tells, DeferredTarget::send,
                                       nullptr, &name, node);
      if (m.recording())
        m.recorder().note_args(print(payload)),
            m.recorder().note_target(remote_text(m, name, node));
      if (node != kNone) m.signals().send_named(p, name, node, s);
      return m.done(L, p, 1);
    }
    m.footprints().announce_deferred(L, p, "send", OpKind::send, tells, DeferredTarget::send,
                                     nullptr, &name, node);
    Process* to = whereis(m.world(), name, node);
    if (m.recording())
      m.recorder().note_args(print(payload)),
          m.recorder().note_target(to ? m.recorder().label(*to) : print(name));
    if (to) m.signals().send(p, *to, s);
    m.processes().die_if_doomed(p);
    return m.done(L, p, 1);
  }
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a pid or a name expected");
  Term name = m.calls().encode_argument(L, 1, "send");
  // The name is resolved when the send happens.
  m.footprints().announce_deferred(L, p, "send", OpKind::send, tells, DeferredTarget::send, nullptr,
                                   &name, p.node);
  Process* to = whereis(m.world(), name, p.node);
  free_term(name, m.arena());
  if (!to) badarg(L, 1, "nobody has this name");
  if (m.recording())
    m.recorder().note_target(m.recorder().label(*to)), m.recorder().note_args(print(payload));
  m.signals().send(p, *to, s);
  m.processes().die_if_doomed(p);
  return m.done(L, p, 1);
}

int l_recv(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "recv");
  return receive(L, m, p, "recv", Wait::any, timeout_at(L, 1));
}
int l_recv_first(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "recv_first");
  const int64_t timeout = timeout_at(L, 2);
  if (m.guest().in_matcher()) m.calls().refuse_in_matcher(L, "recv_first");
  if (lua_isfunction(L, 1)) return receive(L, m, p, "recv_first", Wait::predicate, timeout);
  if (lua_isnone(L, 1))
    luaL_error(L,
               "bad argument #1 to 'recv_first' (a pattern or a function expected, got nothing)");
  p.pattern = m.calls().encode_argument(L, 1, "recv_first");
  return receive(L, m, p, "recv_first", Wait::pattern, timeout);
}
// (clauses, timeout), the rest of which lua/lockstep/prelude.lua does: the number of the clause and
// the message, or nil and "timeout".
int l_receive_clause(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "receive");
  const int64_t timeout = timeout_at(L, 2);
  if (m.guest().in_matcher()) m.calls().refuse_in_matcher(L, "receive");
  lua_settop(L, 2);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, 1));
  bool code = false;
  lua_createtable(L, static_cast<int>(n) + 1, 0);
  push_light(L, kOneOf);
  lua_rawseti(L, 3, 1);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    lua_pushliteral(L, "when");
    code |= lua_rawget(L, 4) != LUA_TNIL;
    if (lua_rawgeti(L, 4, 1) == LUA_TFUNCTION) {
      code = true;
      push_light(L, kAny);
    }
    lua_rawseti(L, 3, i + 1);
    lua_settop(L, 3);
  }
  p.pattern = m.calls().encode_argument(L, 3, "receive");
  lua_settop(L, 2);
  p.in_clauses = true;
  const int results = receive(L, m, p, "receive", code ? Wait::clauses : Wait::pattern, timeout);
  if (p.clause == 0) return results;
  lua_pushinteger(L, p.clause);
  lua_insert(L, -2);
  return 2;
}
int l_sleep(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "sleep");
  const int64_t ms = timeout_at(L, 1);
  receive(L, m, p, "sleep", Wait::sleep, ms);
  return 0;
}
int l_now(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "now");
  const bool races = m.clocks().clock_races();
  if (races) m.sync(L, p, "now", OpKind::now, Access::read, clock_object());
  if (m.world().current) m.calls().observe(p, m.world().now);  // else a predicate asks
  if (races) m.clocks().learn_time(p, m.world().now);
  m.world().clock_read = true;
  if (m.world().current) Spins::did_more_than_look(m.guest().self());  // else a predicate asks
  lua_pushinteger(L, static_cast<lua_Integer>(m.world().now));
  return races ? m.done(L, p, 1) : 1;
}

// ---- timers ----

// Options of true and false: false where not given, badarg for what is not among the names.
void options_at(lua_State* L, int i, std::initializer_list<std::pair<const char*, bool*>> known) {
  each_option(L, i, [&](std::string_view given) {
    if (!lua_isboolean(L, -1)) return false;
    for (const auto& [name, value] : known)
      if (given == name) return *value = lua_toboolean(L, -1) != 0, true;
    return false;
  });
}

// Asks for a timer, or takes it away. The end of the process that it is for does so too.
// `answered`: the answer comes as a message.
void sync_timer(lua_State* L, Machine& m, Process& p, const char* what, OpKind kind, Access access,
                uint64_t ref, bool answered) {
  Footprint footprint[2];
  size_t n = 0;
  const Process* to = m.timers().target(ref);
  if (to && to != &p) footprint[n++] = {part_object(*to, Part::life), Access::read};
  if (answered) footprint[n++] = {mailbox_object(p), Access::append};
  m.calls().announce(L, p, what, kind, access, timer_object(ref), 0, footprint, n);
}

// send_after(dest, message, ms, {abs = true}?)
int do_send_after(lua_State* L, const char* what, bool wrap) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  const uint64_t light = light_at(L, 1);
  Process* to = find_process(m.world(), light);
  if (to ? to->node != p.node : lua_type(L, 1) != LUA_TSTRING)
    badarg(L, 1, "a pid of this node or a name expected");
  if (lua_isnone(L, 2))
    luaL_error(L, "bad argument #2 to '%s' (message expected, got nothing)", what);
  int whole = 0;
  const lua_Integer ms = lua_tointegerx(L, 3, &whole);
  bool absolute = false;
  options_at(L, 4, {{"abs", &absolute}});
  if (lua_type(L, 3) != LUA_TNUMBER || !whole || (ms < 0 && !absolute))
    badarg(L, 3, "milliseconds expected (an integer, 0 or more)");
  Term dest = m.calls().encode_argument(L, 1, what);
  Term payload = m.calls().encode_argument(L, 2, what);
  if (!m.image().text.may_set_timers)  // read in the sources, before anything runs
    luaL_error(L, "%s has to be called by that name: a proof has to know beforehand", what);
  // A timer for a process that has ended is none.
  m.sync(L, p, what, OpKind::timer_start, to ? Access::read : Access::none,
         to ? part_object(*to, Part::life) : 0);
  const uint64_t ref = m.processes().make_ref(p);
  if (absolute) m.world().clock_read = true;  // how long it lasts tells what time it is
  if (to && to != &p) m.push(p.timer_targets, TimerTarget{ref, to->index});
  if (!to || alive(*to)) {
    if (wrap)
      payload = make_tuple(m.arena(), m.scratch(),
                           {make_string("timeout", m.arena()), Term::of_light(ref), payload});
    const auto now = static_cast<lua_Integer>(m.clocks().time_of(p));
    const lua_Integer due = absolute ? std::max(ms, now) : ms > INT64_MAX - now ? ms : now + ms;
    m.timers().start_message(p, static_cast<uint64_t>(due), ref, dest, payload);
  }
  push_light(L, ref);
  return m.done(L, p, 1);
}
int l_send_after(lua_State* L) { return do_send_after(L, "send_after", false); }
int l_start_timer(lua_State* L) { return do_send_after(L, "start_timer", true); }

// The answer of cancel_timer and read_timer: what was left, or false; or "ok" and a message
// {what, ref, answer}.
int timer_answer(lua_State* L, Machine& m, Process& p, const char* what, uint64_t ref, bool async,
                 bool info) {
  if (async && info) {
    const bool left = lua_isinteger(L, -1) != 0;
    Term answer;
    answer.tag = left ? Tag::integer : Tag::no;
    if (left) answer.integer = lua_tointeger(L, -1);
    m.mailboxes().deliver(
        p, Message{make_tuple(m.arena(), m.scratch(),
                              {make_string(what, m.arena()), Term::of_light(ref), answer}),
                   kNone, m.world().steps});
  }
  if (async || !info) lua_pushliteral(L, "ok");
  return m.done(L, p, 1);
}

// cancel_timer(ref, {async = true, info = false}?)
int l_cancel_timer(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cancel_timer");
  const uint64_t ref = ref_argument(L, 1);
  bool async = false, info = true;
  options_at(L, 2, {{"async", &async}, {"info", &info}});
  sync_timer(L, m, p, "cancel_timer", OpKind::timer_cancel, Access::write, ref, async && info);
  int64_t left = 0;
  if (m.timers().cancel(p, ref, &left))
    lua_pushinteger(L, left);
  else
    lua_pushboolean(L, 0);
  return timer_answer(L, m, p, "cancel_timer", ref, async, info);
}
// read_timer(ref, {async = true}?)
int l_read_timer(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "read_timer");
  const uint64_t ref = ref_argument(L, 1);
  bool async = false;
  options_at(L, 2, {{"async", &async}});
  sync_timer(L, m, p, "read_timer", OpKind::timer_read, Access::read, ref, async);
  lua_pushboolean(L, 0);
  for (const Timer& t : m.world().timers)
    if (t.kind == TimerKind::message && t.ref == ref) lua_pushinteger(L, m.timers().left_of(t, p));
  return timer_answer(L, m, p, "read_timer", ref, async, true);
}

}  // namespace

void add_core_messages(lua_State* L) {
  static const luaL_Reg functions[] = {{"send", l_send},
                                       {"recv", l_recv},
                                       {"recv_first", l_recv_first},
                                       {"receive_clause", l_receive_clause},
                                       {"sleep", l_sleep},
                                       {"now", l_now},
                                       {"send_after", l_send_after},
                                       {"start_timer", l_start_timer},
                                       {"cancel_timer", l_cancel_timer},
                                       {"read_timer", l_read_timer},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
