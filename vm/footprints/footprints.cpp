// What operations between processes touch, as fine as their meaning allows.
//
// 1. What is queued (between nodes, and everywhere under --delivery async) enters the channel from
// its sender to its receiver; only its arrival touches the receiver.
// 2. What passes between two nodes reads their connection, one object for each pair. Who cuts or
// mends it writes that object.
// 3. The footprint of an operation that is pending changes only by steps that conflict with it. It
// is made anew whenever something that footprints look at has changed (watched.h). So what arrives
// at a process that has ended touches its mailbox all the same: before the end it would have.
#include "vm/footprints/footprints.h"

#include "vm/guest/calls.h"
#include "vm/guest/peek.h"
#include "vm/machine/clocks.h"
#include "vm/machine/history_log.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"

namespace lockstep::vm {
namespace {

constexpr size_t kFew = 8, kMany = 200;
constexpr uint32_t kNamedContainer = 0x800000;  // of a channel to names of a node

void take_first(Footprint* list, size_t* n, Footprint* first) {
  if (*n == 0) return;
  *first = list[0];
  --*n;
  for (size_t i = 0; i < *n; i++) list[i] = list[i + 1];
}

}  // namespace

bool Footprints::queued(const Process& from, const Process& to) const {
  return &from != &to && (options_.async_delivery || from.node != to.node);
}

ObjectId Footprints::link_object(uint32_t a, uint32_t b) const {
  const World& w = *world_;
  if (a >= w.nodes.size || b >= w.nodes.size) return 0;  // no such node: nothing can change
  return make_object(ObjectClass::node, kNetworkContainer, (w.nodes[a].key + w.nodes[b].key) | 1);
}

ObjectId Footprints::channel_object(uint32_t from, uint32_t to, uint32_t node) const {
  const uint32_t sender =
      from == kNone ? 2 : static_cast<uint32_t>(world_->processes[from]->key) | 1;
  return make_object(ObjectClass::channel, to == kNone ? kNamedContainer | node : to, sender);
}

bool Footprints::reachable(uint32_t from, uint32_t node) const {
  const World& w = *world_;
  return (node >= w.nodes.size || w.nodes[node].up) && connected(*world_, from, node);
}

// Of a signal from one process to another: where it enters, and the connection.
size_t Footprints::sending(const Process& from, const Process& to, Footprint* out) const {
  if (!queued(from, to)) {
    out[0] = {mailbox_object(to), Access::append};
    return 1;
  }
  out[0] = {channel_object(from.index, to.index, to.node), Access::append};
  if (from.node == to.node) return 1;
  out[1] = {link_object(from.node, to.node), Access::read};
  return 2;
}

void Footprints::sync_queued(lua_State* L, Process& p, const char* what, OpKind kind,
                             uint64_t value, const Process& to) {
  Footprint f[2];
  const size_t n = sending(p, to, f);
  m_.calls().announce(L, p, what, kind, f[0].access, f[0].object, value, f + 1, n - 1);
}

// As announce(), for a signal to a process.
void Footprints::announce_signal(lua_State* L, Process& p, const char* what, OpKind kind,
                                 uint64_t value, const Process& to, const Signal& s) {
  p.target.signal = &s;
  announce_deferred(L, p, what, kind, value, DeferredTarget::signal, &to, nullptr, to.node);
}

void Footprints::announce_deferred(lua_State* L, Process& p, const char* what, OpKind kind,
                                   uint64_t value, DeferredTarget target, const Process* to,
                                   const Term* name, uint32_t node) {
  if (slow_ & kSlowPeek) m_.peek().refuse(L, what);
  World& w = *world_;
  p.target.kind = target;
  p.target.process = to ? to->index : kNone;
  p.target.name = name;
  p.target.node = node;
  if (!p.target.footprint || target == DeferredTarget::heal)
    p.target.footprint = static_cast<Footprint*>(
        m_.allocate((target == DeferredTarget::heal ? kMany : kFew) * sizeof(Footprint)));
  w.deferred++;
  Alternative& a = w.alternatives[w.position[p.actor]];
  a.op.kind = kind;
  a.op.value = value;
  p.what = what;
  renew_target(p);
  m_.calls().before_parking(L, p, a);
  m_.scheduler().park(p);
  drop_target(p);
  m_.calls().granted(p);
}

// No more than that: the operation takes effect, or never will.
void Footprints::drop_target(Process& p) {
  if (p.target.kind == DeferredTarget::none) return;
  World& w = *world_;
  p.target.kind = DeferredTarget::none;
  w.deferred--;
  if (m_.scheduler().enabled(p.actor)) w.alternatives[w.position[p.actor]].op.flags = 0;
}

// Of one that is among the alternatives.
void Footprints::renew(Process& p, bool signals, bool targets) {
  if (p.target.kind != DeferredTarget::none) {
    if (!targets) return;
    renew_target(p);
    if ((slow_ & kSlowHistory) && p.histories.open)
      add_history_footprint(m_, p, world_->alternatives[world_->position[p.actor]].op);
  } else if (signals) {
    renew_poll(p);
  }
}

void Footprints::renew_target(Process& p) {
  World& w = *world_;
  Operation& op = w.alternatives[w.position[p.actor]].op;
  size_t n = 0;
  Footprint* list = p.target.footprint;
  const auto add = [&](ObjectId object, Access access) {
    if (object != 0) list[n++] = {object, access};
  };
  const bool elsewhere = p.target.node != p.node;
  const Footprint connection{elsewhere ? link_object(p.node, p.target.node) : 0, Access::read};
  Footprint main = connection;
  const Process* q = p.target.process == kNone ? nullptr : w.processes[p.target.process];
  if (p.target.name) {
    const Footprint name{name_object(p.target.node, *p.target.name), Access::read};
    if (elsewhere)
      add(name.object, name.access);
    else
      main = name;
    q = whereis(*world_, *p.target.name, p.target.node);
  }
  const bool queue = elsewhere || (q && queued(p, *q));
  const ObjectId way =
      queue ? channel_object(p.index, q ? q->index : kNone, p.target.node) : ObjectId{0};
  // Told by its own node, at once and into its own mailbox.
  const bool unreachable =
      elsewhere && (p.target.node == kNone || !reachable(p.node, p.target.node));
  op.flags = 0;
  switch (p.target.kind) {
    case DeferredTarget::send:
      add(queue ? way : q ? mailbox_object(*q) : 0, Access::append);
      break;
    case DeferredTarget::monitor:
      if (queue)
        add(way, Access::append);
      else if (q)
        add(part_object(*q, Part::watchers), Access::add);
      if (elsewhere ? unreachable : !q || (!queue && q->life == Life::ended))
        add(mailbox_object(p), Access::append);
      break;
    case DeferredTarget::signal: {
      n = telling(p, *q, p.target.signal->kind, p.target.signal->ref, p.target.signal->payload,
                  p.target.footprint);
      take_first(p.target.footprint, &n, &main);
      // Who asks for its end meanwhile may be told otherwise.
      if (!alive(p)) add(process_object(p), Access::read);
      break;
    }
    case DeferredTarget::demonitor: {
      // Takes its message out of the mailbox, whatever else is there.
      main = {monitor_object(p.target.ref), Access::write};
      if (p.target.flush) add(mailbox_object(p), Access::take);
      for (const Watch& x : p.watches)
        if (x.ref == p.target.ref && x.target != kNone)
          n += telling(p, *w.processes[x.target], SignalKind::demonitor, x.ref, {},
                       p.target.footprint + n);
      break;
    }
    case DeferredTarget::link:
      add(link_end(p, *q), Access::write);
      add(part_object(p, Part::links), Access::write);
      if (queue) add(way, Access::append);
      if (!elsewhere) {
        main = {part_object(*q, Part::life), Access::read};
        if (!queue) {
          main = {link_end(*q, p), Access::write};
          add(part_object(*q, Part::links), Access::write);
        }
      }
      if (unreachable || (!elsewhere && !queue && !alive(*q)))
        add(mailbox_object(p), Access::append);
      if (unreachable) add(process_object(p), Access::write);  // it may end by that
      if (!elsewhere && queue && !alive(*q))
        add(channel_object(q->index, p.index, p.node), Access::append);
      break;
    case DeferredTarget::unregister:
      main.access = Access::write;
      // Its owner's end would have let go of the name too.
      if (q) add(part_object(*q, Part::name), Access::write);
      break;
    case DeferredTarget::spawn:
      add(part_object(p, Part::links), Access::write);
      if (unreachable || (elsewhere && cut_between(*world_, p.node, p.target.node) == Cut::drop)) {
        add(mailbox_object(p), Access::append);
        add(process_object(p), Access::write);
      }
      break;
    // A request to a process, which sees what the caller has sent before.
    case DeferredTarget::alive:
    case DeferredTarget::info: {
      const bool info = p.target.kind == DeferredTarget::info;
      if (info) op.flags = kAgainstSteps;
      if (!on_its_way(*world_, p, *q)) {
        main = {info ? process_object(*q) : part_object(*q, Part::life), Access::read};
        if (info) add(mailbox_object(*q), Access::read);
        // Races with the arrival of what it has sent also where that has arrived already.
        if (queue) add(channel_object(p.index, q->index, q->node), Access::take);
        break;
      }
      list = static_cast<Footprint*>(m_.allocate((kArrival + 3) * sizeof(Footprint)));
      n = flushing(*find_channel(w, p.index, q->index, instant(p.index, q->index)), *q, list);
      op.flags = kAgainstSteps;
      if (n == 0) op.flags |= kGlobal;
      take_first(list, &n, &main);
      if (info) {
        add(mailbox_object(*q), Access::write);
        add(process_object(*q), Access::read);
      }
      add(channel_object(p.index, q->index, q->node), Access::take);
      break;
    }
    case DeferredTarget::heal: {
      main = {network_object(), Access::read};
      const auto tell = [&](uint32_t here, uint32_t) {
        for (const NodeWatch& watch : w.node_watches)
          if (watch.node == kNone && w.processes[watch.process]->node == here && n < kMany - 8)
            add(make_object(ObjectClass::mailbox, watch.process), Access::append);
      };
      for (const Connection& c : w.connections) {
        if (c.ab == Cut::none && c.ba == Cut::none && c.connected) continue;
        add(link_object(c.a, c.b), Access::write);
        if (!c.connected) tell(c.a, c.b), tell(c.b, c.a);
        if (n >= kMany - 8) break;
      }
      for (const Channel& c : w.channels) {
        if (c.from == kNone || c.empty() || m_.scheduler().enabled(c.actor) ||
            w.processes[c.from]->node == c.node)
          continue;
        for (const Signal& s : c) {
          if (n >= kMany - 8) break;
          if (s.kind != SignalKind::message) {
            op.flags = kGlobal;
            break;
          }
          const Process* to = c.to == kNone ? nullptr : w.processes[c.to];
          if (s.name.tag != Tag::nil) {
            to = whereis(*world_, s.name, c.node);
            add(name_object(c.node, s.name), Access::read);
          }
          if (to) n += effects(*to, s, list + n);  // an alias may be gone, or go with it
        }
      }
      if (n >= kMany - 8) op.flags = kGlobal;
      break;
    }
    case DeferredTarget::none:
      break;
  }
  op.object = main.object;
  op.access = main.access;
  op.extra = list;
  op.extra_count = static_cast<uint8_t>(n);
  if (slow_ & kSlowWatch) m_.peek().mark_watched(op);
}

// A step that changes what cannot be listed: nodes that come and go, and from when on predicates
// look.
void Footprints::sync_against_all(lua_State* L, Process& p, const char* what, OpKind kind,
                                  ObjectId object) {
  World& w = *world_;
  w.alternatives[w.position[p.actor]].op.flags = kGlobal;
  m_.sync(L, p, what, kind, Access::write, object);
  w.alternatives[w.position[p.actor]].op.flags = 0;
}

// The arrival of the channel's first signal.
void Footprints::of_arrival(const Channel& c, Operation& op) const {
  const World& w = *world_;
  const Signal& s = c.first();
  Footprint* f = c.footprint;
  size_t n = 0;
  const Process* to = c.to == kNone ? nullptr : w.processes[c.to];
  if (s.name.tag != Tag::nil) {
    to = whereis(*world_, s.name, c.node);
    f[n++] = {name_object(c.node, s.name), Access::read};
  }
  f[n++] = {channel_object(c.from, c.to, c.node), Access::take};
  if (c.from != kNone && w.processes[c.from]->node != c.node) {
    f[n++] = {link_object(w.processes[c.from]->node, c.node), Access::read};
    if (s.kind == SignalKind::message) f[n++] = {faults_object(), Access::read};
  }
  Footprint main;
  if (to && c.from == kNone && !options_.async_delivery) {
    // It was to end the process, and what waits behind it follows. If by now it is trapped, what
    // the process does is no concern of it.
    main = {process_object(*to), Access::write};
    if (ends(*to, s)) {
      op.flags = kAgainstSteps;
      n += killing(*to, f + n);
      // Until then what is told by a monitor, or comes by an alias, waits behind it.
      const auto lets_through = [&](const auto& list) {
        for (const auto& x : list) {
          if (n > kArrival - kEffects) {
            op.flags |= kGlobal;
            break;
          }
          f[n++] = {monitor_object(x.ref), Access::write};
        }
      };
      lets_through(to->watches);
      lets_through(to->aliases);
    } else {
      f[n++] = {mailbox_object(*to), Access::append};
    }
    // ... up to the next that is to end it; once it is to end, all of it.
    const bool all = ends(*to, s);
    for (const Signal* next = c.begin() + 1; next != c.end() && (all || !ends(*to, *next));
         next++) {
      if (n > kArrival - kEffects) {
        op.flags |= kGlobal;
        break;
      }
      const Signal& behind = *next;
      if (behind.kind != SignalKind::message || behind.ref != 0) n += effects(*to, behind, f + n);
    }
  } else if (to) {
    const size_t first = n;
    n += effects(*to, s, f + n);
    size_t more = n - first;
    take_first(f + first, &more, &main);
    n = first + more;
    if (ends(*to, s)) op.flags = kAgainstSteps;
  }
  // Behind what the same sender has sent to the process itself.
  if (to && s.name.tag != Tag::nil && to->index != c.to)
    f[n++] = {channel_object(c.from, to->index, c.node), Access::write};
  // By name it finds out whom to watch, or that there is nobody.
  if (s.kind == SignalKind::monitor && s.name.tag != Tag::nil) {
    f[n++] = {monitor_object(s.ref), Access::write};
    f[n++] = {make_object(ObjectClass::mailbox, s.from), Access::append};
  }
  op.object = main.object;
  op.access = main.access;
  op.extra = f;
  op.extra_count = static_cast<uint8_t>(n);
  // Other signals say from whom they are: no two of them are equal.
  op.value =
      s.kind == SignalKind::message ? m_.clocks().told_by({s.payload, s.from, 0, s.sent_at}) : 0;
}

// A fault at the head of a channel: the message is lost, or arrives twice.
void Footprints::of_fault(const Fault& fault, Operation& op) const {
  const Channel& c = world_->channels[fault.target];
  Footprint* f = fault.footprint;
  size_t n = 0;
  if (fault.kind == FaultKind::duplicate) {
    of_arrival(c, op);
    for (; n < op.extra_count; n++) f[n] = op.extra[n];
    f[n++] = {op.object, op.access};
  } else {
    f[n++] = {channel_object(c.from, c.to, c.node), Access::take};
    f[n++] = {link_object(world_->processes[c.from]->node, c.node), Access::read};
  }
  op.object = budget_object(fault.kind);
  op.access = Access::write;
  op.extra = f;
  op.extra_count = static_cast<uint8_t>(n);
  op.value = 0;
}

}  // namespace lockstep::vm
