// lockstep.*: links, monitors, aliases.
#include <cstring>

#include "vm/core/cluster_api.h"
#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/machine/lookup.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {
namespace {

Process& pid_argument(lua_State* L, Machine& m, int i) {
  Process* p = find_process(m.world(), light_at(L, i));
  if (!p) badarg(L, i, "a pid expected");
  return *p;
}

int l_link(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "link");
  Process& q = pid_argument(L, m, 1);
  m.footprints().announce_deferred(L, p, "link", OpKind::link, 0, DeferredTarget::link, &q, nullptr,
                                   q.node);
  lua_pushboolean(L, 1);
  if (&p == &q) return m.done(L, p, 1);
  for (uint32_t x : p.links)
    if (x == q.index) return m.done(L, p, 1);
  if (!alive(q) && q.node == p.node) {
    if (!p.traps) raise(L, "error", "noproc");
    Signal s;
    s.kind = SignalKind::message;
    s.payload = make_tuple(
        m.arena(), m.scratch(),
        {make_string("EXIT", m.arena()), Term::of_light(q.pid), make_string("noproc", m.arena())});
    m.signals().send(q, p, s);
    return m.done(L, p, 1);
  }
  m.push(m.change(p.links), q.index);
  Signal s;
  s.kind = SignalKind::link;
  m.signals().send(p, q, s);
  const int n = m.done(L, p, 1);
  m.processes().die_if_doomed(p);  // the other side cannot be reached
  return n;
}
int l_unlink(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unlink");
  Process& q = pid_argument(L, m, 1);
  Footprint other[5];
  const size_t n = m.footprints().telling(p, q, SignalKind::unlink, 0, {}, other);
  m.calls().announce(L, p, "unlink", OpKind::unlink, Access::write, link_end(p, q), 0, other, n);
  lua_pushboolean(L, 1);
  for (uint32_t i = 0; i < p.links.size(); i++)
    if (p.links[i] == q.index) {
      m.erase(m.change(p.links), i);
      Signal s;
      s.kind = SignalKind::unlink;
      m.signals().send(p, q, s);
      break;
    }
  return m.done(L, p, 1);
}

}  // namespace

MonitorOptions monitor_options(lua_State* L, Machine& m, int i, const char* what) {
  static const char* const modes[] = {"explicit_unalias", "demonitor", "reply_demonitor"};
  MonitorOptions options;
  each_option(L, i, [&](std::string_view name) {
    if (name == "tag") {
      options.tag = m.calls().encode_argument(L, -1, what);
      return true;
    }
    if (name != "alias" || lua_type(L, -1) != LUA_TSTRING) return false;
    for (int k = 0; k < 3; k++)
      if (std::strcmp(lua_tostring(L, -1), modes[k]) == 0) {
        options.alias = true;
        options.mode = static_cast<AliasMode>(k);
        return true;
      }
    return false;
  });
  return options;
}

namespace {

// alias({"explicit_unalias" or "reply"}?): a reference that messages can be sent to, until unalias
// or the first of them.
int l_alias(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "alias");
  AliasMode mode = AliasMode::explicit_unalias;
  each_option(L, 1, [&](std::string_view name) {
    if (!lua_isboolean(L, -1) || !lua_toboolean(L, -1)) return false;
    if (name == "reply") return mode = AliasMode::reply_demonitor, true;
    return name == "explicit_unalias";
  });
  const uint64_t ref = m.processes().make_ref(p);
  m.push(m.change(p.aliases), Alias{ref, mode});
  push_light(L, ref);
  return 1;
}
int l_unalias(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unalias");
  const uint64_t ref = ref_argument(L, 1);
  m.sync(L, p, "unalias", OpKind::demonitor, Access::write, monitor_object(ref));
  lua_pushboolean(L, m.signals().drop_alias(p, ref, false));
  return m.done(L, p, 1);
}

// monitor(pid or name, {tag = T, alias = mode}?), or {{"tag", T}, {"alias", mode}}
int l_monitor(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "monitor");
  Process* q = find_process(m.world(), light_at(L, 1));
  Term name;
  uint32_t node = p.node;
  const bool remote = !q && lua_istable(L, 1);
  if (remote && !remote_name(L, m, 1, &name, &node)) badarg(L, 1, "{name, node} expected");
  const bool by_name = remote || (!q && lua_type(L, 1) == LUA_TSTRING);
  if (!q && !by_name) badarg(L, 1, "a pid or a name expected");
  const MonitorOptions options = monitor_options(L, m, 2, "monitor");
  const bool elsewhere = remote && node != p.node;  // looked up when the signal arrives there
  if (by_name && !remote) name = m.calls().encode_argument(L, 1, "monitor");
  m.footprints().announce_deferred(L, p, "monitor", OpKind::monitor, 0, DeferredTarget::monitor, q,
                                   by_name ? &name : nullptr, by_name ? node : q->node);
  if (by_name && !elsewhere) q = whereis(m.world(), name, node);
  const uint64_t ref = m.processes().make_ref(p);
  if (options.alias) m.push(m.change(p.aliases), Alias{ref, options.mode});
  if (q == &p) {
    push_light(L, ref);
    return m.done(L, p, 1);
  }
  Term object = q ? Term::of_light(q->pid) : Term();
  if (by_name) {
    Term where;
    if (node == kNone) {  // a node that never was
      lua_rawgeti(L, 1, 2);
      where = m.calls().encode_argument(L, -1, "monitor");
      lua_pop(L, 1);
    } else {
      where = make_string(node_name(m.world(), node), m.arena());
    }
    object = make_tuple(m.arena(), m.scratch(), {name, where});
  }
  m.push(m.change(p.watches), Watch{ref, q ? q->index : kNone, false, object, options.tag});
  if (q || (elsewhere && node != kNone)) {
    if (m.recording()) m.recorder().note_target(q ? m.recorder().label(*q) : print(object));
    Signal s;
    s.kind = SignalKind::monitor;
    s.ref = ref;
    s.payload = make_tuple(m.arena(), m.scratch(), {object, options.tag});
    if (q)
      m.signals().send(p, *q, s);
    else
      m.signals().send_named(p, name, node, s);
  } else {
    Watcher watcher;
    watcher.ref = ref;
    watcher.process = p.index;
    watcher.object = object;
    watcher.tag = options.tag;
    m.signals().send_down(p, watcher,
                          make_string(node != kNone ? "noproc" : "noconnection", m.arena()));
  }
  push_light(L, ref);
  return m.done(L, p, 1);
}

// Removes the DOWN message of `ref` from the mailbox. On the BEAM also one that another process has
// made up: here a flush races with the monitor alone, which its footprint says.
bool flush_down(Machine& m, Process& p, uint64_t ref) {
  for (uint32_t i = 0; i < p.mailbox.size; i++) {
    const Term& t = p.mailbox[i].payload;
    if (!p.mailbox[i].down) continue;
    if (static_cast<uint64_t>(View{t.bytes}.element(1).i64(1)) == ref) {
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
  bool flush = false, info = false;
  each_option(L, 2, [&](std::string_view name) {
    bool* const to = name == "flush" ? &flush : name == "info" ? &info : nullptr;
    if (to) *to = lua_toboolean(L, -1) != 0;
    return to != nullptr;
  });
  p.target.ref = ref;
  p.target.flush = flush;
  m.footprints().announce_deferred(L, p, "demonitor", OpKind::demonitor, 0,
                                   DeferredTarget::demonitor, nullptr, nullptr, p.node);
  const bool active = m.signals().drop_watch(p, ref);
  m.signals().drop_alias(p, ref, true);
  if (flush) flush_down(m, p, ref);
  lua_pushboolean(L, info ? active : true);
  return m.done(L, p, 1);
}

}  // namespace

void add_core_links(lua_State* L) {
  static const luaL_Reg functions[] = {{"link", l_link},       {"unlink", l_unlink},
                                       {"monitor", l_monitor}, {"demonitor", l_demonitor},
                                       {"alias", l_alias},     {"unalias", l_unalias},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
