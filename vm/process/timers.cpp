// Timers, the time limits of receives, and the virtual clock.
#include "vm/process/timers.h"

#include <algorithm>

#include "vm/footprints/footprints.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/machine/clocks.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {

namespace {
// Of a timer that fires: its own, and those of the timers that it waits for.
constexpr uint32_t kOwnFootprint = 5, kMostFootprint = 250;

// Whom it is for, if that is a process and not whoever has a name then.
uint32_t target_of(const Timer& t) {
  if (t.kind == TimerKind::receive) return t.owner;
  return t.kind == TimerKind::message && t.dest.tag == Tag::light ? light_index(t.dest.light)
                                                                  : kNone;
}
}  // namespace

// Does it wait for the other one, which was started before it (racy timers)?
bool Timers::waits_for(const Timer& t, const Timer& earlier) {
  return earlier.kind == TimerKind::message && earlier.owner == t.owner && earlier.due < t.due &&
         target_of(t) != kNone && target_of(earlier) == target_of(t);
}

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
    wait_for_turn(t, owner);
  } else {
    t.actor = m_.scheduler().make_actor(AltKind::timer, owner.index,
                                        mix64(owner.key, 0x74696d6572 + ++owner.timers_made));
  }
  if (options_.timers == TimerMode::simultaneous && due <= w.now) w.timers_due++;
  m_.push(w.timers, t);
  return w.timers.back();
}

void Timers::begin_limit(Process& p, int64_t ms) {
  p.deadline = start(p, m_.clocks().time_of(p) + static_cast<uint64_t>(ms), TimerKind::receive).due;
  p.timed = true;
}

// Racy timers: to be sent to `target` when it is due, after those that the process has started
// before for that one and that are due before it. What it has seen the end of is none of them.
void Timers::start_message(Process& owner, uint64_t due, uint64_t ref, const Term& dest,
                           const Term& payload) {
  Timer& t = start(owner, due, TimerKind::message, timer_object(ref));
  t.ref = ref;
  t.dest = dest;
  t.payload = payload;
  if (!options_.racy_timers()) return;
  wait_for_turn(t, owner);
  if (target_of(t) != kNone)
    m_.push(owner.earlier_timers, EarlierTimer{t.object, t.due, target_of(t), 0});
}

// `by`: the process whose step takes it away, if it is one of a process.
void Timers::remove(uint32_t i, uint32_t by) {
  World& w = *world_;
  if (options_.racy_timers() && w.timers[i].kind == TimerKind::receive &&
      !m_.scheduler().enabled(w.timers[i].actor))
    note_blocked(w.timers[i], w.steps - 1);
  const Timer t = w.timers[i];
  if (options_.timers == TimerMode::simultaneous && t.due <= w.now) w.timers_due--;
  m_.scheduler().disable(t.actor);
  m_.erase(w.timers, i);
  if (t.footprint) arena_.put(t.footprint, t.footprint_size * sizeof(Footprint));
  if (!options_.racy_timers() || t.kind != TimerKind::message) return;
  for (uint32_t k = i; k < w.timers.size; k++)  // those that were started after it
    if (waits_for(w.timers[k], t)) w.timers[k].released_at = w.steps;
  Process& owner = *w.processes[t.owner];
  if (by == t.owner) return forget_earlier(owner, t.object);
  for (EarlierTimer& e : owner.earlier_timers)
    if (e.object == t.object) e.gone_at = w.steps;
}

// The limit of a receive that has its message: it might have been over, had that come later.
void Timers::note_blocked(Timer& t, uint32_t until) {
  Operation op;
  op.kind = OpKind::timer_fire;
  footprint(t, true, op);
  auto& all = blocked_footprints_.emplace_back(op.extra, op.extra + op.extra_count);
  op.extra = all.data();
  Blocked b{{t.actor, AltKind::timer, t.owner, op}, until};
  b.what.cause = std::max(t.started_at, t.released_at);
  m_.scheduler().never_comes(b);
}

// What it was a limit of came first, as it always does while time waits for everything.
void Timers::remove_unfired(uint32_t i, uint32_t by) {
  if (!options_.racy_timers()) world_->fired_last++;
  remove(i, by);
}

// Timers whose moment nobody else's steps decided: they fired when nothing else could go, or what
// they were started against came before that.
uint32_t Timers::came_last() const {
  const World& w = *world_;
  if (options_.racy_timers()) return 0;
  uint32_t n = w.fired_last;
  for (const Timer& t : w.timers) n += t.kind != TimerKind::tick;
  return n;
}

bool Timers::cancel(Process& by, uint64_t ref, int64_t* remaining) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::message && w.timers[i].ref == ref) {
      *remaining = left_of(w.timers[i], by);
      remove_unfired(i, by.index);
      return true;
    }
  forget_earlier(by, timer_object(ref));
  return false;
}

// The process knows of its timer that it is gone.
void Timers::forget_earlier(Process& owner, ObjectId timer) {
  for (uint32_t k = 0; k < owner.earlier_timers.size; k++)
    if (owner.earlier_timers[k].object == timer) return m_.erase(owner.earlier_timers, k);
}

int64_t Timers::left_of(const Timer& t, const Process& asks) const {
  const uint64_t now = m_.clocks().time_of(asks);
  return t.due > now ? static_cast<int64_t>(t.due - now) : 0;
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
      remove_unfired(i, kNone);
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
        if (may_fire(t))
          offer(t, std::max(t.started_at, t.released_at));
        else
          m_.scheduler().disable(t.actor);
      return true;
  }
  return true;
}

void Timers::offer_among_others() {
  if (options_.racy_timers() ? world_->timers.size != 0 : world_->timers_due != 0) refresh();
}

// Racy timers: all that it waits for is gone, and a receive whose limit it is waits for a message.
bool Timers::may_fire(const Timer& t) const {
  const World& w = *world_;
  if (t.kind == TimerKind::receive && m_.scheduler().enabled(w.processes[t.owner]->actor))
    return false;
  bool waits = false;
  each_awaited(t, [&](const Timer&) { waits = true; });
  return !waits;
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
                      : by_name ? whereis(*world_, t.dest, w.processes[t.owner]->node)
                                : find_process(*world_, t.dest.light);
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
  op.object = 0;
  if (fresh && !options_.racy_timers()) {
    t.footprint_size = kOwnFootprint;
    t.footprint = static_cast<Footprint*>(m_.allocate(kOwnFootprint * sizeof(Footprint)));
  }
  Footprint into{make_object(ObjectClass::mailbox, to ? to->index : 0), Access::append};
  if (!to)
    into = {};
  else if (t.kind == TimerKind::receive && to->wait == Wait::sleep)
    into = {part_object(*to, Part::sleep), Access::write};  // process_info tells of it
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

// It reads those that were started before it, for the same process and due before it, whether they
// are there by now or not: which of them are depends on what else went first. The last that is gone
// already led to it, as the one does that goes last (released_at).
void Timers::wait_for_turn(Timer& t, const Process& owner) {
  const auto before = [&](const EarlierTimer& e) {
    return e.target == target_of(t) && e.due < t.due;
  };
  uint32_t n = kOwnFootprint;
  if (target_of(t) != kNone)
    for (const EarlierTimer& e : owner.earlier_timers) n += before(e);
  t.flags = n > kMostFootprint ? kGlobal : 0;
  t.footprint_size = n = std::min(n, kMostFootprint);
  t.footprint = static_cast<Footprint*>(m_.allocate(n * sizeof(Footprint)));
  Footprint* f = t.footprint + kOwnFootprint;
  if (n == kOwnFootprint) return;
  for (const EarlierTimer& e : owner.earlier_timers) {
    if (!before(e)) continue;
    if (f < t.footprint + n) *f++ = {e.object, Access::read};
    t.released_at = std::max(t.released_at, e.gone_at);
  }
}

Timer Timers::take_due(uint32_t i) {
  World& w = *world_;
  const Timer t = w.timers[i];
  const bool among_others = fires_among_others(t);
  if (!options_.racy_timers() && (!among_others || w.passed_at > t.started_at)) w.fired_last++;
  remove(i, kNone);
  if (options_.racy_timers()) m_.push(w.clocks, ClockChange{kNone, w.steps, t.due});
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
  return t;
}

void Timers::stop_receive_timer(Process& p) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.timers.size; i++)
    if (w.timers[i].kind == TimerKind::receive && w.timers[i].owner == p.index) {
      remove_unfired(i, p.index);
      break;
    }
  p.timed = false;
}

}  // namespace lockstep::vm
