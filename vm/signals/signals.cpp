// Signals: order is kept between two processes and promised nowhere else (D9).
#include "vm/signals/signals.h"

#include "vm/footprints/footprints.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/faults.h"

namespace lockstep::vm {
namespace {

Signal down_signal(Machine& m, const Watcher& watcher, const Term& reason) {
  const Term tag = watcher.tag.tag == Tag::nil ? make_string("DOWN", m.arena()) : watcher.tag;
  Signal s;
  s.kind = SignalKind::down;
  s.ref = watcher.ref;
  s.payload = make_tuple(m.arena(), m.scratch(),
                         {tag, Term::of_light(watcher.ref), make_string("process", m.arena()),
                          watcher.object, reason});
  return s;
}

}  // namespace

Channel& Signals::channel(uint32_t from, uint32_t to) {
  World& w = *world_;
  const bool instant = m_.footprints().instant(from, to);
  if (Channel* known = find_channel(w, from, to, instant)) return *known;
  Channel c;
  c.to = to;
  c.node = w.processes[to]->node;
  uint64_t key = mix64(w.processes[to]->key, 0x7175657565);
  if (!instant) {
    c.from = from;
    key = mix64(from == kNone ? 0x74696d65 : w.processes[from]->key, w.processes[to]->key);
  }
  c.actor = m_.scheduler().make_actor(AltKind::deliver, to, key);
  if (instant) {
    while (w.instant_channel.size <= to) m_.push(w.instant_channel, kNone);
    w.instant_channel[to] = w.channels.size;
  }
  m_.push(w.channels, c);
  return w.channels.back();
}

void Signals::send(Process& from, Process& to, Signal s) {
  World& w = *world_;
  s.from = from.index;
  s.sent_at = w.steps;
  if (&from == &to) {  // to oneself: at once
    handle(to, s);
    return;
  }
  if (from.node != to.node) {
    const bool there = w.nodes.size > to.node ? w.nodes[to.node].up : true;
    if (!there || !connected(*world_, from.node, to.node)) {
      no_connection(from, &to, s);
      return;
    }
    const Cut cut = cut_between(*world_, from.node, to.node);
    if (cut == Cut::drop) return;  // lost, and nobody knows yet
    Channel& c = channel(from.index, to.index);
    enqueue(c, s);
    if (cut == Cut::none) offer(c);
    return;
  }
  if (!options_.async_delivery && !m_.footprints().ends(to, s) &&
      (!m_.footprints().signals_wait(to) || in_vain(to, s))) {
    handle(to, s);
    return;
  }
  Channel& c = channel(from.index, to.index);
  enqueue(c, s);
  offer(c);
}

// What waits for one process, whoever sent it, is told of, asked and looked at behind it.
Channel::Queue& Signals::change_queue(Channel& c) {
  if (c.from == kNone) m_.note_stale(Readers::signals);
  return m_.change(c.queue);
}

void Signals::enqueue(Channel& c, const Signal& s) { m_.push(change_queue(c).signals, s); }

// Of one that is not empty. Offers what comes next.
Signal Signals::dequeue(Channel& c) {
  auto& queue = change_queue(c);
  return queue.signals[queue.head++];
}

// What was on its way is lost.
void Signals::drop_queue(Channel& c) {
  auto& queue = change_queue(c);
  queue.head = queue.signals.size = 0;
  m_.scheduler().disable(c.actor);
}

// The other side cannot be reached: what the sender is told, if anything.
void Signals::no_connection(Process& from, Process* to, Signal& s) {
  Signal answer;
  switch (s.kind) {
    case SignalKind::link:
      answer.kind = SignalKind::link_exit;
      answer.from = to->index;
      answer.sent_at = world_->steps;
      answer.payload = make_string("noconnection", arena_);
      handle(from, answer);
      return;
    case SignalKind::monitor: {
      char buffer[16];
      const View v = view_of(s.payload, buffer);
      Watcher watcher;
      watcher.ref = s.ref;
      watcher.process = from.index;
      watcher.object = make_term(v.element(0), arena_);
      watcher.tag = make_term(v.element(1), arena_);
      tell_down(watcher, make_string("noconnection", arena_));
      return;
    }
    default:
      free_term(s.payload, arena_);
  }
}

void Signals::offer(Channel& c) {
  if (c.empty()) return drop_queue(c);
  if (!c.footprint)
    c.footprint = static_cast<Footprint*>(m_.allocate(kArrival * sizeof(Footprint)));
  Operation op;
  op.kind = OpKind::deliver;
  m_.footprints().of_arrival(c, op);
  const uint32_t process = c.to == kNone ? c.from : c.to;
  m_.scheduler().enable(c.actor, AltKind::deliver, process, op, c.first().sent_at);
  if (world_->faults.size != 0) m_.faults().offer();
}

void Signals::handle_head(Channel& channel_ref) {
  // By number: handling may make new channels and move the array.
  World& w = *world_;
  const auto number = static_cast<uint32_t>(&channel_ref - w.channels.data);
  Signal s = dequeue(w.channels[number]);
  if (m_.recording()) m_.recorder().note_cause(s.sent_at);
  offer(w.channels[number]);
  arrive(w.channels[number].to, w.channels[number].node, s);
  if (options_.async_delivery || w.channels[number].from != kNone) return;
  // What is behind it and needs no step of its own comes through now.
  while (!w.channels[number].empty() &&
         !m_.footprints().ends(*w.processes[w.channels[number].to], w.channels[number].first())) {
    Signal next = dequeue(w.channels[number]);
    offer(w.channels[number]);
    arrive(w.channels[number].to, w.channels[number].node, next);
  }
}

void Signals::flush(Process& to) {
  World& w = *world_;
  while (m_.footprints().signals_wait(to) && !to.doomed)
    handle_head(w.channels[w.instant_channel[to.index]]);
}

// Those before them in the queue are handled too.
void Signals::flush_from(Process& from, Process& to) {
  if (!options_.async_delivery) {
    while (!to.doomed && on_its_way(*world_, from, to))
      handle_head(world_->channels[world_->instant_channel[to.index]]);
    return;
  }
  Channel& c = channel(from.index, to.index);
  const auto number = static_cast<uint32_t>(&c - world_->channels.data);
  while (!world_->channels[number].empty()) handle_head(world_->channels[number]);
}

void Signals::handle(Process& to, Signal& s) {
  World& w = *world_;
  Process* from = s.from == kNone ? nullptr : w.processes[s.from];
  // Once a signal has ended it, it is dead to all that comes after. Who asks hears of it when the
  // exit has taken effect, and after those who asked before.
  const bool dying = to.life == Life::dying;
  const bool ending = (alive(to) && to.killed) || dying;
  const bool gone = !alive(to) || to.doomed || to.killed;
  switch (s.kind) {
    case SignalKind::message:
      if (s.ref != 0) {  // through an alias: dropped unless it is still active
        uint32_t i = 0;
        while (i < to.aliases.size() && to.aliases[i].ref != s.ref) i++;
        if (i == to.aliases.size()) {
          free_term(s.payload, arena_);
          return;
        }
        if (to.aliases[i].mode == AliasMode::reply_demonitor) {
          m_.erase(m_.change(to.aliases), i);
          drop_watch(to, s.ref);
        }
      }
      if (!gone) {
        m_.mailboxes().deliver(to, Message{s.payload, s.from, s.sent_at});
        return;
      }
      if (__builtin_expect(options_.keep_mail, 0))
        m_.mailboxes().note_arrival(to, {s.payload, s.from, 0, s.sent_at});
      free_term(s.payload, arena_);
      return;
    case SignalKind::exit:
    case SignalKind::link_exit: {
      if (gone) return;
      const bool by_link = s.kind == SignalKind::link_exit;
      if (by_link) {
        bool linked = false;
        for (uint32_t i = 0; i < to.links.size(); i++)
          if (to.links[i] == s.from) {
            m_.erase(m_.change(to.links), i);
            linked = true;
            break;
          }
        if (!linked) return;  // unlinked meanwhile
      }
      if (!by_link && is_string(s.payload, "kill")) {
        m_.processes().terminate(to, make_string("killed", arena_));
        return;
      }
      if (to.traps) {
        const Term pid = Term::of_light(from ? from->pid : 0);
        m_.mailboxes().deliver(
            to, Message{make_tuple(arena_, scratch_, {make_string("EXIT", arena_), pid, s.payload}),
                        s.from, s.sent_at});
        return;
      }
      if (is_string(s.payload, "normal") && (by_link || s.from != to.index)) return;
      m_.processes().terminate(to, s.payload);
      return;
    }
    case SignalKind::link:
      if (ending) {
        m_.push(m_.change(to.late_links), s.from);
        return;
      }
      if (gone) {
        Signal answer;
        answer.kind = SignalKind::link_exit;
        answer.payload = make_string("noproc", arena_);
        send(to, *from, answer);
        return;
      }
      for (uint32_t x : to.links)
        if (x == s.from) return;
      m_.push(m_.change(to.links), s.from);
      return;
    case SignalKind::unlink:
      if (dying) return;  // it goes through its links; a link that is gone is not told of
      for (uint32_t i = 0; i < to.links.size(); i++)
        if (to.links[i] == s.from) {
          m_.erase(m_.change(to.links), i);
          break;
        }
      return;
    case SignalKind::monitor: {
      Watcher watcher;
      watcher.ref = s.ref;
      watcher.process = s.from;
      char buffer[16];
      const View v = view_of(s.payload, buffer);  // {object, tag}
      watcher.object = make_term(v.element(0), arena_);
      watcher.tag = make_term(v.element(1), arena_);
      watcher.late = ending;
      if (gone && !ending)
        send_down(to, watcher, make_string("noproc", arena_));
      else
        add_watcher(to, watcher);
      return;
    }
    case SignalKind::demonitor:
      if (dying) return;  // it goes through its watchers; a DOWN that nobody waits for is dropped
      for (uint32_t i = 0; i < to.watchers.size(); i++)
        if (to.watchers[i].ref == s.ref) {
          m_.erase(m_.change(to.watchers), i);
          break;
        }
      return;
    case SignalKind::down: {
      for (uint32_t i = 0; i < to.watches.size(); i++)
        if (to.watches[i].ref == s.ref) {
          m_.erase(m_.change(to.watches), i);
          drop_alias(to, s.ref, true);
          if (gone) break;  // the monitor is over all the same, whichever came first
          m_.mailboxes().deliver(to, Message{s.payload, s.from, s.sent_at, 0, 0, true});
          return;
        }
      free_term(s.payload, arena_);  // demonitored meanwhile
      return;
    }
    case SignalKind::alias:
      return;
  }
}

// Sorted by the watching process, so that two processes' monitors leave the same state in either
// order; those of one process stay in the order in which it set them. While it ends, among those
// who are still to be told and came late too.
void Signals::add_watcher(Process& to, const Watcher& watcher) {
  const auto key = [this](const Watcher& x) { return world_->processes[x.process]->key; };
  auto& watchers = m_.change(to.watchers);
  m_.push(watchers, watcher);
  uint32_t i = watchers.size - 1, first = to.watchers_told;
  if (to.life == Life::dying)
    while (first < i && !watchers[first].late) first++;
  for (; i > first && key(watchers[i - 1]) > key(watcher); i--) watchers[i] = watchers[i - 1];
  watchers[i] = watcher;
}

bool Signals::drop_watch(Process& p, uint64_t ref) {
  for (uint32_t i = 0; i < p.watches.size(); i++)
    if (p.watches[i].ref == ref) {
      const uint32_t target = p.watches[i].target;
      m_.erase(m_.change(p.watches), i);
      if (target != kNone) {
        Signal s;
        s.kind = SignalKind::demonitor;
        s.ref = ref;
        send(p, *world_->processes[target], s);
      }
      return true;
    }
  return false;
}

bool Signals::drop_alias(Process& p, uint64_t ref, bool with_monitor) {
  for (uint32_t i = 0; i < p.aliases.size(); i++)
    if (p.aliases[i].ref == ref) {
      if (with_monitor && p.aliases[i].mode == AliasMode::explicit_unalias) return false;
      m_.erase(m_.change(p.aliases), i);
      return true;
    }
  return false;
}

void Signals::send_down(Process& from, const Watcher& watcher, const Term& reason) {
  send(from, *world_->processes[watcher.process], down_signal(m_, watcher, reason));
}

// By the watcher's own node, so at once and whatever the connections are.
void Signals::tell_down(const Watcher& watcher, const Term& reason) {
  Signal s = down_signal(m_, watcher, reason);
  s.sent_at = world_->steps;
  handle(*world_->processes[watcher.process], s);
}

}  // namespace lockstep::vm
