#include "vm/core/cluster_api.h"

#include <cstring>

#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/lifecycle/cluster.h"
#include "vm/machine/clocks.h"
#include "vm/machine/lookup.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/faults.h"

namespace lockstep::vm {
namespace {

uint32_t node_argument(lua_State* L, Machine& m, int i, const char* what) {
  if (lua_type(L, i) != LUA_TSTRING)
    luaL_error(L, "bad argument #%d to '%s' (a node's name expected, got %s)", i, what,
               luaL_typename(L, i));
  Term name = m.calls().encode_argument(L, i, what);
  const uint32_t node = find_node(m.world(), name);
  free_term(name, m.arena());
  if (node == kNone)
    luaL_error(L, "bad argument #%d to '%s' (there is no node named '%s')", i, what,
               lua_tostring(L, i));
  return node;
}

// start_node_named(name): makes a node, or starts one that was stopped.
int l_start(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.start_node");
  if (lua_type(L, 1) != LUA_TSTRING)
    luaL_error(L, "bad argument #1 to 'cluster.start_node' (a node's name expected, got %s)",
               luaL_typename(L, 1));
  if (!m.image().text.may_have_nodes)  // read in the sources, before anything runs
    luaL_error(L,
               "lockstep.cluster has to be required by that name: a proof has to know beforehand");
  Term name = m.calls().encode_argument(L, 1, "cluster.start_node");
  m.footprints().sync_against_all(L, p, "cluster.start_node", OpKind::node, network_object());
  uint32_t node = find_node(m.world(), name);
  if (node == kNone)
    node = m.cluster().add_node(name);
  else
    m.cluster().start_node(node);
  m.faults().offer();
  lua_settop(L, 1);
  return m.done(L, p, 1);
}
int l_stop(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.stop_node");
  const uint32_t node = node_argument(L, m, 1, "cluster.stop_node");
  m.footprints().sync_against_all(L, p, "cluster.stop_node", OpKind::node, network_object());
  m.cluster().stop_node(node, &p);
  lua_pushboolean(L, 1);
  const int n = m.done(L, p, 1);
  m.processes().die_if_doomed(p);
  return n;
}
// partition(a, b, ab, ba): each "none", "drop" or "defer"
Cut cut_argument(lua_State* L, int i) {
  const char* s = luaL_checkstring(L, i);
  if (std::strcmp(s, "drop") == 0) return Cut::drop;
  if (std::strcmp(s, "defer") == 0) return Cut::defer;
  if (std::strcmp(s, "none") == 0) return Cut::none;
  luaL_error(L,
             "bad argument #%d to 'cluster.partition' (\"drop\", \"defer\" or \"none\" expected, "
             "got '%s')",
             i, s);
  return Cut::none;
}
int l_partition(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.partition");
  const uint32_t a = node_argument(L, m, 1, "cluster.partition"),
                 b = node_argument(L, m, 2, "cluster.partition");
  const Cut ab = cut_argument(L, 3), ba = cut_argument(L, 4);
  const auto at_once = [&] {
    const World& w = m.world();
    return w.net_ticktime == 0 &&
           (ab == Cut::drop || ba == Cut::drop || cut_between(w, a, b) == Cut::drop ||
            cut_between(w, b, a) == Cut::drop);
  };
  const bool expected = at_once();
  if (!expected) {
    const Footprint more[] = {{ticktime_object(), Access::read}, {clock_object(), Access::read}};
    m.calls().announce(L, p, "cluster.partition", OpKind::node, Access::write,
                       m.footprints().link_object(a, b), 0, more, m.clocks().clock_races() ? 2 : 1);
  }
  // Noticed at once. Where that was set while this waited, it has not announced whom it tells.
  if (at_once() || expected)
    m.footprints().sync_against_all(L, p, "cluster.partition", OpKind::node, network_object());
  if (a != b) m.cluster().partition(a, b, ab, ba);
  lua_pushboolean(L, 1);
  const int n = m.done(L, p, 1);
  m.processes().die_if_doomed(p);
  return n;
}
int l_heal(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.heal");
  m.footprints().announce_deferred(L, p, "cluster.heal", OpKind::node, 0, DeferredTarget::heal,
                                   nullptr, nullptr, p.node);
  m.cluster().heal_all();
  lua_pushboolean(L, 1);
  const int n = m.done(L, p, 1);
  m.processes().die_if_doomed(p);
  return n;
}
int l_ticktime(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.set_net_ticktime");
  const lua_Integer ms = luaL_checkinteger(L, 1);
  luaL_argcheck(L, ms >= 0 && ms <= 0xffffffff, 1, "milliseconds, 0 or more");
  m.sync(L, p, "cluster.set_net_ticktime", OpKind::node, Access::write, ticktime_object());
  m.world().net_ticktime = static_cast<uint64_t>(ms);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

// spawn(tie, node, fn, ...): tie is "", "link" or "monitor". To a node that cannot be reached: a
// pid that is dead.
int l_spawn_on(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.spawn");
  const std::string_view tie = luaL_checkstring(L, 1);
  const uint32_t node = node_argument(L, m, 2, "cluster.spawn");
  luaL_checktype(L, 3, LUA_TFUNCTION);
  Bytes& b = m.scratch();
  b.assign(5, 0);
  b[0] = static_cast<char>(Tag::string);
  for (int i = 3; i <= lua_gettop(L); i++) {
    const char* error = encode(L, i, b);
    if (error)
      luaL_error(L, "bad argument #%d to 'cluster.spawn' (%s cannot leave a process)", i - 1,
                 error);
  }
  Term values;
  values.tag = Tag::string;
  values.size = static_cast<uint32_t>(b.size());
  char* buffer = static_cast<char*>(m.allocate(b.size()));
  std::memcpy(buffer, b.data(), b.size());
  values.bytes = buffer;
  const bool link = tie == "link", monitor = tie == "monitor";
  m.footprints().announce_deferred(L, p, "cluster.spawn", OpKind::spawn, 0, DeferredTarget::spawn,
                                   nullptr, nullptr, node);
  const bool up = node == 0 || m.world().nodes[node].up;
  const bool reachable =
      up && connected(m.world(), p.node, node) && cut_between(m.world(), p.node, node) != Cut::drop;
  Process& child = m.processes().spawn(p, values, node);
  free_term(values, m.arena());
  uint64_t ref = 0;
  if (link) m.push(m.change(p.links), child.index);
  if (monitor) {
    ref = m.processes().make_ref(p);
    m.push(m.change(p.watches), Watch{ref, child.index, false, Term::of_light(child.pid), {}});
  }
  if (reachable) {
    if (link) m.push(m.change(child.links), p.index);
    if (monitor) {
      Watcher watcher;
      watcher.ref = ref;
      watcher.process = p.index;
      watcher.object = Term::of_light(child.pid);
      m.push(m.change(child.watchers), watcher);
    }
    m.processes().start_child(child);
    m.faults().offer();
  } else {
    m.cluster().never_started(p, child, link, ref);
  }
  if (m.recording()) m.recorder().note_target(m.recorder().label(child));
  push_light(L, child.pid);
  if (monitor) push_light(L, ref);
  const int n = m.done(L, p, monitor ? 2 : 1);
  m.processes().die_if_doomed(p);
  return n;
}

int l_all(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.all_nodes");
  m.sync(L, p, "cluster.all_nodes", OpKind::node, Access::read, network_object());
  lua_newtable(L);
  lua_Integer n = 0;
  for (uint32_t i = 0; i < std::max(1u, m.world().nodes.size); i++) {
    lua_pushstring(L, node_name(m.world(), i).c_str());
    lua_rawseti(L, -2, ++n);
  }
  lua_newtable(L);
  n = 0;
  for (uint32_t i = 1; i < m.world().nodes.size; i++)
    if (m.world().nodes[i].up) {
      lua_pushstring(L, node_name(m.world(), i).c_str());
      lua_rawseti(L, -2, ++n);
    }
  return m.done(L, p, 2);
}

// monitor_nodes(on): each time for one message more; off ends them all.
int l_monitor_nodes(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "monitor_nodes");
  luaL_checktype(L, 1, LUA_TBOOLEAN);
  const Footprint network{network_object(), Access::read};
  m.calls().announce(L, p, "monitor_nodes", OpKind::node, Access::append, mailbox_object(p), 0,
                     &network, 1);
  World& w = m.world();
  if (lua_toboolean(L, 1)) {
    m.push(m.change(w.node_watches), NodeWatch{p.index, kNone});
  } else {
    for (uint32_t i = w.node_watches.size(); i-- > 0;)
      if (w.node_watches[i].process == p.index && w.node_watches[i].node == kNone)
        m.erase(m.change(w.node_watches), i);
  }
  lua_pushliteral(L, "ok");
  return m.done(L, p, 1);
}

// faults(kind, budget, targets?): kinds "loss", "duplicate", "crash_process", "crash_node"
int l_faults(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "cluster.faults");
  static const char* const kinds[] = {"loss", "duplicate", "crash_process", "crash_node", nullptr};
  const auto kind = static_cast<FaultKind>(luaL_checkoption(L, 1, nullptr, kinds));
  const lua_Integer budget = luaL_checkinteger(L, 2);
  luaL_argcheck(L, budget >= 0 && budget <= 1000, 2, "a budget of 0 to 1000");
  if (kind == FaultKind::loss || kind == FaultKind::duplicate) {
    const Footprint left{budget_object(kind), Access::write};
    m.calls().announce(L, p, "cluster.faults", OpKind::node, Access::write, faults_object(), 0,
                       &left, 1);
  } else {
    if (!m.image().text.may_crash)  // read in the sources, before anything runs
      luaL_error(L, "cluster.faults has to be called by that name: a proof has to know beforehand");
    m.footprints().sync_against_all(L, p, "cluster.faults", OpKind::node, network_object());
  }
  m.faults().set_budget(kind, static_cast<uint32_t>(budget));
  if (lua_istable(L, 3)) {
    const lua_Unsigned n = lua_rawlen(L, 3);
    for (lua_Unsigned i = 1; i <= n; i++) {
      lua_rawgeti(L, 3, static_cast<lua_Integer>(i));
      if (kind == FaultKind::crash_node) {
        const uint32_t node = node_argument(L, m, lua_gettop(L), "cluster.faults");
        if (node == 0) luaL_error(L, "bad argument to 'cluster.faults' (the root's node stays up)");
        m.faults().allow(kind, node);
      } else {
        Process* q = find_process(m.world(), light_at(L, -1));
        if (!q)
          luaL_error(L,
                     "bad argument to 'cluster.faults' (a list of pids expected, got a %s in it)",
                     luaL_typename(L, -1));
        m.faults().allow(kind, q->index);
      }
      lua_pop(L, 1);
    }
  }
  m.faults().watch();
  m.faults().offer();
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

}  // namespace

bool remote_name(lua_State* L, Machine& m, int index, Term* name, uint32_t* node) {
  if (!lua_istable(L, index) || lua_rawlen(L, index) != 2) return false;
  lua_rawgeti(L, index, 1);
  lua_rawgeti(L, index, 2);
  const bool fits = lua_type(L, -1) == LUA_TSTRING && lua_type(L, -2) == LUA_TSTRING;
  if (fits) {
    Term n = m.calls().encode_argument(L, -1, "send");
    *node = find_node(m.world(), n);
    free_term(n, m.arena());
    *name = m.calls().encode_argument(L, -2, "send");
  }
  lua_pop(L, 2);
  return fits;
}

int l_node(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "node");
  if (lua_isnoneornil(L, 1)) {
    lua_pushstring(L, node_name(m.world(), p.node).c_str());
    return 1;
  }
  const uint64_t light = light_at(L, 1);
  const Process* q = find_process(m.world(), light);
  if (!q && light_class(light) == Light::ref && light_index(light) < m.world().processes.size)
    q = m.world().processes[light_index(light)];  // a reference is of the node that made it
  if (!q) badarg(L, 1, "a pid or a reference expected");
  lua_pushstring(L, node_name(m.world(), q->node).c_str());
  return 1;
}

int l_nodes(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "nodes");
  m.sync(L, p, "nodes", OpKind::node, Access::read, network_object());
  lua_newtable(L);
  lua_Integer n = 0;
  for (uint32_t i = 1; i < m.world().nodes.size; i++)
    if (i != p.node && m.world().nodes[i].up && connected(m.world(), p.node, i) && p.node != 0) {
      lua_pushstring(L, node_name(m.world(), i).c_str());
      lua_rawseti(L, -2, ++n);
    }
  return m.done(L, p, 1);
}

// monitor_node(node, on): counted, as OTP does
int l_monitor_node(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "monitor_node");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a node's name expected");
  luaL_checktype(L, 2, LUA_TBOOLEAN);
  Term name = m.calls().encode_argument(L, 1, "monitor_node");
  uint32_t node = find_node(m.world(), name);  // one that never was is down
  const bool on = lua_toboolean(L, 2) != 0;
  const Footprint connection{
      node == kNone ? network_object() : m.footprints().link_object(p.node, node), Access::read};
  m.calls().announce(L, p, "monitor_node", OpKind::node, Access::append, mailbox_object(p), 0,
                     &connection, 1);
  if (node == kNone) node = find_node(m.world(), name);
  World& w = m.world();
  if (on) {
    if (node != kNone && connected(m.world(), p.node, node) && (node == 0 || w.nodes[node].up)) {
      m.push(m.change(w.node_watches), NodeWatch{p.index, node});
    } else {
      m.mailboxes().deliver(
          p, Message{make_tuple(m.arena(), m.scratch(), {make_string("nodedown", m.arena()), name}),
                     kNone, w.steps});
    }
  } else if (node != kNone) {
    for (uint32_t i = 0; i < w.node_watches.size(); i++)
      if (w.node_watches[i].process == p.index && w.node_watches[i].node == node) {
        m.erase(m.change(w.node_watches), i);
        break;
      }
  }
  free_term(name, m.arena());
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

void open_cluster(lua_State* L) {
  static const luaL_Reg functions[] = {{"start", l_start},
                                       {"stop", l_stop},
                                       {"partition", l_partition},
                                       {"heal", l_heal},
                                       {"set_net_ticktime", l_ticktime},
                                       {"spawn", l_spawn_on},
                                       {"all_nodes", l_all},
                                       {"monitor_nodes", l_monitor_nodes},
                                       {"faults", l_faults},
                                       {nullptr, nullptr}};
  luaL_newlib(L, functions);
}

}  // namespace lockstep::vm
