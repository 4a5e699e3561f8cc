// Simulated nodes: connections that break and come back, nodes that stop and start, and faults
// within a budget.
//
// Between nodes delivery is always asynchronous. A partition is noticed net_ticktime later: until
// then signals vanish (or wait, in defer mode), after that links and monitors across it end with
// noconnection. What the BEAM promises is kept: what arrives from one sender over one connection is
// a prefix of what it sent.
#include "vm/lifecycle/cluster.h"

#include "vm/footprints/footprints.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/faults.h"
#include "vm/signals/signals.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {

Connection* changing_connection(Machine& m, uint32_t a, uint32_t b) {
  const uint32_t i = connection_of(m.world(), a, b);
  return i == kNone ? nullptr : &m.change(m.world().connections)[i];
}

// Whoever on node `here` watches that node.
void tell_node(Machine& m, uint32_t here, uint32_t node, bool up) {
  World& w = m.world();
  const Term message =
      make_tuple(m.arena(), m.scratch(),
                 {make_string(up ? "nodeup" : "nodedown", m.arena()), w.nodes[node].name});
  for (uint32_t i = 0; i < w.node_watches.size();) {
    const NodeWatch watch = w.node_watches[i];
    Process& p = *w.processes[watch.process];
    const bool fits =
        p.node == here && alive(p) && (watch.node == kNone || (watch.node == node && !up));
    if (fits) m.mailboxes().deliver(p, Message{copy_term(message, m.arena()), kNone, w.steps});
    if (fits && watch.node != kNone)
      m.erase(m.change(w.node_watches), i);
    else
      i++;
  }
}

}  // namespace

uint32_t Cluster::add_node(const Term& name) {
  World& w = *world_;
  if (w.nodes.size == 0) m_.push(w.nodes, Node{});
  const uint32_t node = w.nodes.size;
  Node n;
  n.name = copy_term(name, arena_);
  n.key = static_cast<uint32_t>(vm::digest(name));
  m_.push(w.nodes, n);
  for (uint32_t other = 1; other < node; other++)
    m_.push(m_.change(w.connections), Connection{other, node});
  return node;
}

void Cluster::partition(uint32_t a, uint32_t b, Cut ab, Cut ba) {
  World& w = *world_;
  Connection* c = changing_connection(m_, a, b);
  if (!c) return;
  if (c->a != a) std::swap(ab, ba);
  if (ab != Cut::none) c->ab = ab;
  if (ba != Cut::none) c->ba = ba;
  c->generation++;
  for (Channel& ch : w.channels) {
    if (ch.from == kNone || ch.empty()) continue;
    const uint32_t from = w.processes[ch.from]->node, to = ch.node;
    if (!((from == a && to == b) || (from == b && to == a))) continue;
    const Cut cut = cut_between(w, from, to);
    if (cut == Cut::none) continue;
    if (cut == Cut::drop)
      m_.signals().drop_queue(ch);
    else
      m_.scheduler().disable(ch.actor);
  }
  // In defer mode nothing is lost, the network is only slow: nobody notices.
  if (c->ab != Cut::drop && c->ba != Cut::drop) return;
  if (w.net_ticktime == 0) {
    disconnect(a, b);
    return;
  }
  Timer t;
  t.kind = TimerKind::tick;
  t.owner = 0;
  t.due = w.now + w.net_ticktime;
  t.started_at = w.steps;
  t.ref = static_cast<uint64_t>(c - w.connections.begin()) << 32 | c->generation;
  t.actor = m_.scheduler().make_actor(AltKind::timer, 0, mix64(0x7469636b, t.ref));
  m_.push(w.timers, t);
}

// One side's view of a lost connection: its links, monitors and node monitors.
void Cluster::lose_side(uint32_t here, uint32_t there) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.processes.size; i++) {
    Process& p = *w.processes[i];
    if (p.node != here || !alive(p)) continue;
    for (uint32_t k = 0; k < p.links.size();) {
      Process& q = *w.processes[p.links[k]];
      if (q.node != there) {
        k++;
        continue;
      }
      Signal s;
      s.kind = SignalKind::link_exit;
      s.from = q.index;
      s.sent_at = w.steps;
      s.payload = make_string("noconnection", arena_);
      const uint32_t links = p.links.size();
      m_.signals().handle(p, s);
      if (!alive(p) || p.doomed || p.killed) break;
      if (p.links.size() == links) k++;
    }
    // The other side no longer watches us, and we are told of those that we watch there.
    for (uint32_t k = 0; k < p.watchers.size();) {
      if (w.processes[p.watchers[k].process]->node == there)
        m_.erase(m_.change(p.watchers), k);
      else
        k++;
    }
    for (uint32_t k = 0; k < p.watches.size();) {
      const Watch watch = p.watches[k];
      if (!m_.signals().watches_there(watch, there)) {
        k++;
        continue;
      }
      Watcher watcher;
      watcher.ref = watch.ref;
      watcher.process = p.index;
      watcher.object = watch.object.tag == Tag::nil ? Term::of_light(w.processes[watch.target]->pid)
                                                    : watch.object;
      watcher.tag = watch.tag;
      const uint32_t watches = p.watches.size();
      m_.signals().tell_down(watcher, make_string("noconnection", arena_));
      if (p.watches.size() == watches) k++;
    }
  }
  tell_node(m_, here, there, false);
}

void Cluster::disconnect(uint32_t a, uint32_t b) {
  World& w = *world_;
  Connection* c = changing_connection(m_, a, b);
  if (!c || !c->connected) return;
  c->connected = false;
  for (Channel& ch : w.channels) {
    if (ch.from == kNone) continue;
    const uint32_t from = w.processes[ch.from]->node, to = ch.node;
    if ((from == a && to == b) || (from == b && to == a)) {
      m_.signals().drop_queue(ch);
    }
  }
  if (w.nodes[a].up) lose_side(a, b);
  if (w.nodes[b].up) lose_side(b, a);
}

// All partitions at once. What was deferred arrives before heal returns, in the order it was sent.
void Cluster::heal_all() {
  World& w = *world_;
  for (uint32_t i = 0; i < w.connections.size(); i++) {
    Connection& c = m_.change(w.connections)[i];
    c.ab = c.ba = Cut::none;
    c.generation++;
    if (!c.connected && w.nodes[c.a].up && w.nodes[c.b].up) {
      c.connected = true;
      tell_node(m_, c.a, c.b, true);
      tell_node(m_, c.b, c.a, true);
    }
  }
  for (uint32_t i = 0; i < w.channels.size; i++)
    while (w.channels[i].from != kNone && !w.channels[i].empty() &&
           !m_.scheduler().enabled(w.channels[i].actor)) {
      if (w.processes[w.channels[i].from]->node == w.channels[i].node) break;
      Signal s = m_.signals().dequeue(w.channels[i]);
      if (w.channels[i].empty()) m_.signals().drop_queue(w.channels[i]);
      m_.signals().arrive(w.channels[i].to, w.channels[i].node, s);
    }
}

// The process is gone without a word of its own: its node stopped.
void Cluster::remove_silently(Process& p) {
  World& w = *world_;
  m_.timers().drop_of(p);
  m_.processes().release_name(p);
  m_.change(p.links).size = 0;
  m_.change(p.watchers).size = 0;
  m_.change(p.watches).size = 0;
  p.mailbox.size = 0;
  p.exit_reason = make_string("noconnection", arena_);
  p.ended_at = w.steps;
  m_.change(p.life) = Life::ended;
  p.wait = Wait::none;
  m_.footprints().drop_target(p);
  m_.scheduler().disable(p.actor);
  if (p.index == 0) w.root_ended = true;
}

// `by`: who asks for it, null for a fault. That one dies as soon as this is done; a process on
// whose stack a fault happens to be performed is gone like the others.
void Cluster::stop_node(uint32_t node, const Process* by) {
  World& w = *world_;
  if (node == 0 || node >= w.nodes.size || !w.nodes[node].up) return;
  for (uint32_t other = 1; other < w.nodes.size; other++)
    if (other != node) {
      if (Connection* c = changing_connection(m_, node, other)) {
        const bool was = c->connected;
        c->connected = false;
        if (was && w.nodes[other].up) lose_side(other, node);
      }
    }
  if (w.nodes.size) lose_side(0, node);
  m_.change(w.nodes[node].up) = false;
  w.nodes[node].incarnation++;
  for (uint32_t i = 0; i < w.processes.size; i++) {
    Process& p = *w.processes[i];
    if (p.node != node || p.life == Life::ended) continue;
    if (&p == by) {
      p.exit_reason = make_string("killed", arena_);
      m_.change(p.links).size = m_.change(p.watchers).size = 0;
      m_.change(p.killed) = p.doomed = true;
      continue;
    }
    ets_owner_exit(m_, p, 0, kNone);
    remove_silently(p);
    m_.push(w.free_stacks, p.stack);
  }
  for (Channel& ch : w.channels) {
    const bool from = ch.from != kNone && w.processes[ch.from]->node == node;
    if (from || ch.node == node) {
      m_.signals().drop_queue(ch);
    }
  }
  for (uint32_t i = 0; i < w.persistent.size;) {
    if (w.persistent[i].node == node)
      m_.erase(w.persistent, i);
    else
      i++;
  }
}

void Cluster::start_node(uint32_t node) {
  World& w = *world_;
  if (node == 0 || node >= w.nodes.size || w.nodes[node].up) return;
  m_.change(w.nodes[node].up) = true;
  for (uint32_t other = 1; other < w.nodes.size; other++) {
    Connection* c = other == node ? nullptr : changing_connection(m_, node, other);
    if (!c || !w.nodes[other].up || c->ab != Cut::none || c->ba != Cut::none) continue;
    c->connected = true;
    tell_node(m_, other, node, true);
  }
  tell_node(m_, 0, node, true);
}

void Cluster::never_started(Process& parent, Process& child, bool linked, uint64_t ref) {
  World& w = *world_;
  m_.change(child.life) = Life::ended;
  child.exit_reason = make_string("noconnection", arena_);
  m_.push(w.free_stacks, child.stack);
  if (linked) {
    Signal s;
    s.kind = SignalKind::link_exit;
    s.from = child.index;
    s.sent_at = w.steps;
    s.payload = make_string("noconnection", arena_);
    m_.signals().handle(parent, s);
  }
  if (ref != 0) {
    Watcher watcher;
    watcher.ref = ref;
    watcher.process = parent.index;
    watcher.object = Term::of_light(child.pid);
    m_.signals().tell_down(watcher, make_string("noconnection", arena_));
  }
}

// ---- faults ----

bool Cluster::perform_fault(ActorId actor) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.faults.size; i++) {
    if (w.faults[i].actor != actor) continue;
    const Fault f = w.faults[i];
    w.fault_budget[static_cast<size_t>(f.kind)]--;
    // What it brings about comes before time goes on.
    m_.timers().hold_time();
    switch (f.kind) {
      case FaultKind::loss: {
        Channel& c = w.channels[f.target];
        if (m_.recording())
          m_.recorder().note_target(
              m_.recorder().label(*w.processes[c.to == kNone ? c.from : c.to])),
              m_.recorder().note_args("message lost: " + print(c.first().payload));
        m_.signals().dequeue(c);
        m_.signals().offer(c);
        break;
      }
      case FaultKind::duplicate: {
        Channel& c = w.channels[f.target];
        if (m_.recording())
          m_.recorder().note_target(
              m_.recorder().label(*w.processes[c.to == kNone ? c.from : c.to])),
              m_.recorder().note_args("message duplicated: " + print(c.first().payload));
        Signal again = c.first();
        again.payload = copy_term(again.payload, arena_);
        again.name = copy_term(again.name, arena_);
        m_.signals().handle_head(c);
        m_.signals().arrive(w.channels[f.target].to, w.channels[f.target].node, again);
        break;
      }
      case FaultKind::crash_process:
        if (m_.recording())
          m_.recorder().note_target(m_.recorder().label(*w.processes[f.target])),
              m_.recorder().note_args("process crashes");
        m_.processes().terminate(*w.processes[f.target],
                                 make_string("killed", arena_));  // by nobody
        break;
      default:
        if (m_.recording()) m_.recorder().note_args("node " + node_name(w, f.target) + " crashes");
        stop_node(f.target, nullptr);
    }
    m_.faults().offer();
    return true;
  }
  return false;
}

}  // namespace lockstep::vm
