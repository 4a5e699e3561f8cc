// Timers, the time limits of receives, and the virtual clock.
#include "vm/process/timers.h"

#include <algorithm>

#include "vm/process/core_parts.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"
#include "vm/signals/cluster.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"

namespace lockstep::vm {

namespace {
// Of a timer that fires: its own, and those of the timers that were due before it.
constexpr uint32_t kOwnFootprint = 5, kMostFootprint = 250;
}  // namespace

Timer& Timers::start(Process& owner, uint64_t due, TimerKind kind, ObjectId object) {
  World& w = *world_;
  Timer t;
  t.due = due;
  t.owner = owner.index;
  t.kind = kind;
  t.started_at = w.steps;
  t.object = object;
  if (kind == TimerKind::receive && !options_.racy_timers()) {
    if (owner.timer_actor == kNoActor)
      owner.timer_actor =
          m_.scheduler().make_actor(AltKind::timer, owner.index, mix64(owner.key, 0x74696d65));
    t.actor = owner.timer_actor;
  } else if (kind == TimerKind::receive) {
    // Each has an actor of its own, which the step that starts it creates.
    const uint32_t nth = ++owner.limits_made;
    t.actor = m_.scheduler().make_actor(
        AltKind::timer, owner.index,
        mix64(owner.key, 0x74696d65 + (static_cast<uint64_t>(nth) << 32)));
    t.object = limit_object(owner, nth);
    if (!owner.limit_footprint)
      owner.limit_footprint = static_cast<Footprint*>(m_.allocate(sizeof(Footprint)));
    *owner.limit_footprint = {t.object, Access::write};
  } else {
    t.actor = m_.scheduler().make_actor(AltKind::timer, owner.index,
                                        mix64(owner.key, 0x74696d6572 + ++owner.timers_made));
  }
  if (options_.timers == TimerMode::simultaneous && due <= w.now) w.timers_due++;
  m_.push(w.timers, t);
  return w.timers.back();
}

// Where time may pass at any moment the limit begins by a step of its own, whether there is a
// message already or not: the time that it begins at depends on which timers have fired.
void Timers::begin_limit(lua_State* L, Process& p, int64_t ms) {
  m_.sync(L, p, "wait", OpKind::wait, Access::read, clock_object());
  m_.done(L, p, 0);
  p.deadline = start(p, world_->now + static_cast<uint64_t>(ms), TimerKind::receive).due;
  p.timed = true;
}

// `object`: what the step that takes it away writes.
void Timers::remove(uint32_t i, ObjectId object, uint32_t by) {
  World& w = *world_;
  if (options_.racy_timers() && !m_.scheduler().enabled(w.timers[i].actor))
    note_blocked(w.timers[i], w.steps - 1);
  const Timer t = w.timers[i];
  if (options_.timers == TimerMode::simultaneous && t.due <= w.now) w.timers_due--;
  m_.scheduler().disable(t.actor);
  m_.erase(w.timers, i);
  if (t.footprint) arena_.put(t.footprint, t.footprint_size * sizeof(Footprint));
  if (!options_.racy_timers() || t.kind == TimerKind::tick) return;
  uint64_t due = t.due;  // the earliest, of several that one step takes away
  for (uint32_t k = 0; k < w.past_timers.size;) {
    const PastTimer& past = w.past_timers[k];
    if (past.object == object) due = std::min(due, past.due);
    if (past.object == object || (past.by == by && by != kNone && past.due >= t.due))
      m_.erase(w.past_timers, k);
    else
      k++;
  }
  m_.push(w.past_timers, PastTimer{object, due, by});
}

// Others were due before it: it might have fired, had they been started later, or gone sooner.
// Those that are still there may fire, be cancelled, or end with whom they are for.
void Timers::note_blocked(Timer& t, uint32_t until) {
  const World& w = *world_;
  Operation op;
  op.kind = OpKind::timer_fire;
  footprint(t, true, op);
  auto& all = blocked_footprints_.emplace_back(op.extra, op.extra + op.extra_count);
  const size_t known = all.size();
  if (until != Blocked::kToTheEnd)
    for (const Timer& u : w.timers) {
      if (u.due >= t.due || u.kind == TimerKind::tick) continue;
      all.push_back({instant_object(u.due), Access::read});
      all.push_back({u.object, Access::read});
      const Process* to = u.kind == TimerKind::receive ? w.processes[u.owner]
                          : u.dest.tag == Tag::light   ? m_.processes().find(u.dest.light)
                                                       : nullptr;
      if (to) all.push_back({part_object(*to, Part::life), Access::read});
    }
  const bool waits = all.size() > known;
  if (all.size() > kMostFootprint) {
    all.resize(kMostFootprint);
    op.flags = kGlobal;
  }
  std::sort(all.begin() + kOwnFootprint, all.end(),
            [](const Footprint& a, const Footprint& b) { return a.object < b.object; });
  op.extra = all.data();
  op.extra_count = static_cast<uint8_t>(all.size());
  Blocked b{{t.actor, AltKind::timer, t.owner, op}, until, waits};
  b.what.cause = t.started_at;
  m_.scheduler().never_comes(b);
}

std::span<const Blocked> Machine::blocked() {
  if (options_.racy_timers())
    for (Timer& t : world_->timers)
      if (!scheduler_.enabled(t.actor)) timers().note_blocked(t, Blocked::kToTheEnd);
  return scheduler_.disabled_events();
}

bool Timers::cancel(const Process& by, uint64_t ref, int64_t* remaining) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::message && w.timers[i].ref == ref) {
      *remaining = w.timers[i].due > w.now ? static_cast<int64_t>(w.timers[i].due - w.now) : 0;
      remove(i, timer_object(ref), by.index);
      return true;
    }
  return false;
}

// Whom it is or was for; its owner, unless it was started for another process. Of a reference to
// anything else that is whoever made it.
const Process* Timers::target(uint64_t ref) const {
  const World& w = *world_;
  if (light_index(ref) >= w.processes.size) return nullptr;
  const Process& owner = *w.processes[light_index(ref)];
  for (uint32_t i = owner.timer_targets.size; i-- > 0;)  // it is a late one mostly
    if (owner.timer_targets[i].ref == ref) return w.processes[owner.timer_targets[i].process];
  return &owner;
}

// Its receive time-out, and the timers that would send to it.
void Timers::drop_of(Process& p) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size;) {
    const Timer& t = w.timers[i];
    const bool its =
        t.kind == TimerKind::receive
            ? t.owner == p.index
            : t.kind == TimerKind::message && t.dest.tag == Tag::light && t.dest.light == p.pid;
    if (its)
      remove(i, part_object(p, Part::life), kNone);
    else
      i++;
  }
  p.timed = false;
}

bool Timers::refresh() {
  World& w = *world_;
  // Faults are no reason to go on.
  bool others = w.timers_due != 0;
  for (const Alternative& a : w.alternatives)
    others = others || (a.kind != AltKind::timer && a.kind != AltKind::fault);
  if (w.timers.size == 0) return others;
  if (!options_.racy_timers() && !others && m_.spins().waits_in_vain())
    m_.spins().give_up();  // it would go on before time does
  switch (options_.timers) {
    case TimerMode::quiescent:
      if (others) return true;
      for (Timer& t : w.timers)
        if (t.due == next_due())
          offer(t, 0);
        else
          m_.scheduler().disable(t.actor);
      return true;
    case TimerMode::simultaneous:
      if (!others) return offer_time(), true;
      for (Timer& t : w.timers)
        if (t.due <= w.now) offer(t, std::max(t.started_at, w.passed_at));
      return true;
    case TimerMode::racy:
      for (Timer& t : w.timers)
        if (t.due == next_due())
          offer(t, t.started_at);
        else
          m_.scheduler().disable(t.actor);
      return true;
  }
  return true;
}

uint64_t Timers::next_due() const {
  uint64_t due = world_->timers[0].due;
  for (const Timer& t : world_->timers) due = std::min(due, t.due);
  return due;
}

void Timers::offer(Timer& t, uint32_t cause) {
  const bool by_name = t.kind == TimerKind::message && t.dest.tag != Tag::light;
  const bool fresh = !m_.scheduler().enabled(t.actor);
  if (!fresh && !by_name) return;  // who has the name may have changed
  Operation op;
  op.kind = OpKind::timer_fire;
  footprint(t, fresh, op);
  m_.scheduler().enable(t.actor, AltKind::timer, t.owner, op, cause);
}

// After all that could happen before. A timer that is the only one of its time fires as time
// passes; else that time passes is a step of its own, and the timers that are due then are steps
// like any others, which that one caused.
void Timers::offer_time() {
  World& w = *world_;
  const uint64_t due = next_due();
  if (std::count_if(w.timers.begin(), w.timers.end(),
                    [due](const Timer& t) { return t.due == due; }) == 1) {
    for (Timer& t : w.timers)
      if (t.due == due) offer(t, 0);
    return;
  }
  if (w.clock == kNoActor) w.clock = m_.scheduler().make_actor(AltKind::timer, 0, 0x636c6f636b);
  Operation op;
  op.kind = OpKind::timer_fire;
  op.access = Access::write;
  op.object = clock_object();
  op.flags = kAtQuiescence;
  m_.scheduler().enable(w.clock, AltKind::timer, 0, op);
}

void Timers::pass_time() {
  World& w = *world_;
  m_.scheduler().disable(w.clock);
  passes(next_due());
  for (const Timer& t : w.timers) w.timers_due += t.due <= w.now;
}

void Timers::passes(uint64_t until) {
  World& w = *world_;
  w.now = until;
  w.passed_at = w.steps;
  if (w.held.size != 0) m_.spins().let_look_again();
  if (m_.recording()) m_.recorder().note_quiescence(until);
}

void Timers::hold_time() {
  const World& w = *world_;
  if (options_.racy_timers()) return;
  for (const Timer& t : w.timers)
    if (!fires_among_others(t)) m_.scheduler().disable(t.actor);
  if (w.clock != kNoActor) m_.scheduler().disable(w.clock);
}

// Is its firing a step like any other, or something that happens because nothing else can?
bool Timers::fires_among_others(const Timer& t) const {
  return options_.racy_timers() ||
         (options_.timers == TimerMode::simultaneous && t.due <= world_->now);
}

// `fresh`: it was not possible a step ago.
void Timers::footprint(Timer& t, bool fresh, Operation& op) {
  World& w = *world_;
  const bool by_name = t.kind == TimerKind::message && t.dest.tag != Tag::light;
  const Process* to = t.kind == TimerKind::receive ? w.processes[t.owner]
                      : t.kind == TimerKind::tick  ? nullptr
                      : by_name ? m_.processes().whereis(t.dest, w.processes[t.owner]->node)
                                : m_.processes().find(t.dest.light);
  op.access = Access::write;
  op.object = t.kind == TimerKind::tick
                  ? network_object()
                  : make_object(ObjectClass::mailbox, to ? to->index : t.owner);
  if (!fires_among_others(t)) {
    op.flags = kAtQuiescence;
    return;
  }
  if (t.kind == TimerKind::tick) {
    op.flags = kGlobal;
    return;
  }
  if (options_.racy_timers()) {
    op.object = instant_object(t.due);
    op.access = Access::add;
    if (fresh) wait_for_turn(t);
  } else {
    op.object = 0;
    if (fresh) {
      t.footprint_size = kOwnFootprint;
      t.footprint = static_cast<Footprint*>(m_.allocate(kOwnFootprint * sizeof(Footprint)));
    }
  }
  Footprint into{make_object(ObjectClass::mailbox, to ? to->index : 0), Access::append};
  if (!to || (t.kind == TimerKind::receive && to->wait == Wait::sleep))
    into = {};
  else if (t.kind == TimerKind::receive)
    into.access = Access::write;
  else if (options_.async_delivery)
    into.object = m_.footprints().channel_object(kNone, to->index, to->node);
  t.footprint[0] = into;
  t.footprint[1] = options_.racy_timers() ? Footprint{clock_object(), Access::add} : Footprint{};
  t.footprint[2] = {t.object, Access::write};
  t.footprint[3] = by_name
                       ? Footprint{name_object(w.processes[t.owner]->node, t.dest), Access::read}
                       : Footprint{part_object(*to, Part::life), Access::read};  // ends with it
  watch_time(t);
  op.flags = t.flags;
  op.extra = t.footprint;
  op.extra_count = static_cast<uint8_t>(t.footprint_size);
}

// A predicate may ask what time it is.
void Timers::watch_time(const Timer& t) {
  if (t.footprint)
    t.footprint[4] = {world_->observer && options_.racy_timers() ? watched_object() : ObjectId{0},
                      Access::write};
}

// All that was due before it is no more: it comes after what took that away.
void Timers::wait_for_turn(Timer& t) {
  const World& w = *world_;
  if (t.footprint) arena_.put(t.footprint, t.footprint_size * sizeof(Footprint));
  uint32_t n = kOwnFootprint;
  for (const PastTimer& past : w.past_timers) n += past.due < t.due;
  t.flags = n > kMostFootprint ? kGlobal : kInTurn;
  t.footprint_size = n = std::min(n, kMostFootprint);
  t.footprint = static_cast<Footprint*>(m_.allocate(n * sizeof(Footprint)));
  Footprint* f = t.footprint + kOwnFootprint;
  for (const PastTimer& past : w.past_timers)
    if (past.due < t.due && f < t.footprint + n) *f++ = {past.object, Access::read};
  // In whatever order they were taken away.
  std::sort(t.footprint + kOwnFootprint, f,
            [](const Footprint& a, const Footprint& b) { return a.object < b.object; });
}

void Timers::fire(uint32_t i) {
  World& w = *world_;
  const Timer t = w.timers[i];
  if (options_.racy_timers()) {
    // Each instant comes after the one before.
    for (uint32_t k = 0; k < w.past_timers.size;)
      if (object_class(w.past_timers[k].object) == ObjectClass::clock)
        m_.erase(w.past_timers, k);
      else
        k++;
  }
  const bool among_others = fires_among_others(t);
  if (!options_.racy_timers() && (!among_others || w.passed_at > t.started_at)) w.fired_last++;
  remove(i, instant_object(t.due), kNone);
  if (m_.recording()) {
    m_.recorder().note_cause(t.started_at);
    if (among_others && w.passed_at > t.started_at) m_.recorder().note_cause(w.passed_at);
  }
  if (among_others) {
    w.now = std::max(w.now, t.due);
  } else {
    passes(std::max(w.now, t.due));
    // The others that were due at the same time wait until nothing else can happen again.
    for (const Timer& other : w.timers) m_.scheduler().disable(other.actor);
  }
  if (t.kind == TimerKind::tick) {
    const auto number = static_cast<uint32_t>(t.ref >> 32);
    const Connection& c = w.connections[number];
    if (c.generation == static_cast<uint32_t>(t.ref)) m_.cluster().disconnect(c.a, c.b);
    return;
  }
  if (t.kind == TimerKind::receive) {
    Process& p = *w.processes[t.owner];
    p.timed = false;
    if (m_.recording()) m_.recorder().note_target(m_.recorder().label(p));
    if (p.status == Status::blocked)
      m_.mailboxes().wake(p, true, w.steps);
    else
      p.expired = true;
    return;
  }
  Process* to = t.dest.tag == Tag::light
                    ? m_.processes().find(t.dest.light)
                    : m_.processes().whereis(t.dest, w.processes[t.owner]->node);
  if (!to || !m_.processes().alive(*to)) return;
  if (m_.recording())
    m_.recorder().note_target(m_.recorder().label(*to)), m_.recorder().note_args(print(t.payload));
  if (options_.async_delivery) {  // the timer service is a sender like any other
    Signal signal;
    signal.sent_at = w.steps;
    signal.payload = t.payload;
    Channel& c = m_.signals().channel(kNone, to->index);
    m_.signals().enqueue(c, signal);
    m_.signals().offer(c);
    return;
  }
  m_.mailboxes().deliver(*to, Message{t.payload, kNone, w.steps});
}

void Timers::stop_receive_timer(Process& p) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::receive && w.timers[i].owner == p.index) {
      remove(i, w.timers[i].object, p.index);
      break;
    }
  p.timed = false;
}

}  // namespace lockstep::vm
