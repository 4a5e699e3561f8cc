// Timers, the time limits of receives, and the virtual clock.
#include <algorithm>

#include "vm/core_parts.h"

namespace lockstep::vm {

Timer& Machine::start_timer(Process& owner, uint64_t due, TimerKind kind) {
  World& w = *world_;
  Timer t;
  t.due = due;
  t.owner = owner.index;
  t.kind = kind;
  t.started_at = w.steps;
  if (kind == TimerKind::receive) {
    if (owner.timer_actor == kNoActor)
      owner.timer_actor = make_actor(AltKind::timer, owner.index, mix64(owner.key, 0x74696d65));
    t.actor = owner.timer_actor;
  } else {
    t.actor = make_actor(AltKind::timer, owner.index,
                         mix64(owner.key, 0x74696d6572 + ++owner.timers_made));
  }
  push(w.timers, t);
  return w.timers.back();
}

bool Machine::cancel_timer(uint64_t ref, int64_t* remaining) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::message && w.timers[i].ref == ref) {
      *remaining = w.timers[i].due > w.now ? static_cast<int64_t>(w.timers[i].due - w.now) : 0;
      disable(w.timers[i].actor);
      erase(w.timers, i);
      return true;
    }
  return false;
}

// Its receive time-out, and the timers that would send to it.
void Machine::drop_timers_of(Process& p) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size;) {
    const Timer& t = w.timers[i];
    if (t.kind == TimerKind::tick) {
      i++;
      continue;
    }
    const bool its = t.kind == TimerKind::receive
                         ? t.owner == p.index
                         : t.dest.tag == Tag::light && t.dest.light == p.pid;
    if (!its) {
      i++;
      continue;
    }
    disable(t.actor);
    erase(w.timers, i);
  }
  p.timed = false;
}

bool Machine::refresh_timers() {
  World& w = *world_;
  // Quiescent: only when nothing else can happen. Racy: also before, but never out of order. Faults
  // are no reason to go on.
  bool others = false;
  for (const Alternative& a : w.alternatives)
    others = others || (a.kind != AltKind::timer && a.kind != AltKind::fault);
  if (w.timers.size == 0) return others;
  if (others && !options_.racy_timers) return true;
  if (!options_.racy_timers && waits_in_vain()) give_up();  // it would go on before time does
  uint64_t due = w.timers[0].due;
  for (const Timer& t : w.timers) due = std::min(due, t.due);
  for (const Timer& t : w.timers) {
    if (t.due == due) {
      const bool by_name = t.kind == TimerKind::message && t.dest.tag != Tag::light;
      if (enabled(t.actor) && !by_name) continue;  // who has the name may have changed
      Operation op;
      op.kind = OpKind::timer_fire;
      op.access = Access::write;
      if (!options_.racy_timers) {
        op.flags = kAfterAll;
      } else if (t.touches) {
        op.extra = t.touches;
        op.extra_count = 2;
      }
      if (t.kind == TimerKind::tick) {
        op.object = network_object();
        if (options_.racy_timers) op.flags = kAgainstAll;
      } else {
        const Process* to = t.kind == TimerKind::receive ? w.processes[t.owner]
                            : by_name ? whereis(t.dest, w.processes[t.owner]->node)
                                      : find(t.dest.light);
        op.object = make_object(ObjectClass::mailbox, to ? to->index : t.owner);
      }
      enable(t.actor, AltKind::timer, t.owner, op);
    } else {
      disable(t.actor);
    }
  }
  return true;
}

void Machine::fire(uint32_t i) {
  World& w = *world_;
  Timer t = w.timers[i];
  erase(w.timers, i);
  if (t.due > w.now) w.now = t.due;
  // The others that were due at the same time wait until nothing else can happen again.
  if (!options_.racy_timers) {
    for (const Timer& other : w.timers) disable(other.actor);
    if (w.held.size != 0) let_look_again();
  }
  disable(t.actor);
  if (recording()) note_cause(t.started_at);
  if (t.kind == TimerKind::tick) {
    const auto number = static_cast<uint32_t>(t.ref >> 32);
    const Connection& c = w.connections[number];
    if (c.generation == static_cast<uint32_t>(t.ref)) disconnect(c.a, c.b);
    return;
  }
  if (t.kind == TimerKind::receive) {
    Process& p = *w.processes[t.owner];
    p.timed = false;
    if (recording()) note_target(label(p));
    if (p.status == Status::blocked)
      wake(p, true, w.steps);
    else
      p.expired = true;
    return;
  }
  Process* to =
      t.dest.tag == Tag::light ? find(t.dest.light) : whereis(t.dest, w.processes[t.owner]->node);
  if (!to || !alive(*to)) return;
  if (recording()) note_target(label(*to)), note_args(print(t.payload));
  if (options_.async_delivery) {  // the timer service is a sender like any other
    Signal signal;
    signal.sent_at = w.steps;
    signal.payload = t.payload;
    Channel& c = channel(kNone, to->index);
    push(c.queue, signal);
    offer(c);
    return;
  }
  deliver(*to, Message{t.payload, kNone, w.steps});
}

void Machine::stop_receive_timer(Process& p) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::receive && w.timers[i].owner == p.index) {
      disable(w.timers[i].actor);
      erase(w.timers, i);
      break;
    }
  p.timed = false;
}

}  // namespace lockstep::vm
