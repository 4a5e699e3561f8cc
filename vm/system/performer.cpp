#include "vm/system/performer.h"

#include "engine/base/check.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/spin.h"
#include "vm/lifecycle/cluster.h"
#include "vm/lifecycle/ends.h"
#include "vm/machine/lookup.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/faults.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/system/checks.h"

namespace lockstep::vm {

void Performer::create_root() { m_.processes().create_root(); }
void Performer::after_step() { m_.properties().after_step(); }

// As long as it is the same whenever it was announced, an operation's footprint changes only with
// what it looks at (watched.h).
void Performer::renew_footprints() {
  World& w = *world_;
  const auto stale = [&w](Readers of) { return w.stale >> static_cast<unsigned>(of) & 1; };
  const bool signals = stale(Readers::signals);
  const bool targets = signals || stale(Readers::targets);
  w.stale = 0;
  if (signals)
    for (Channel& c : w.channels)
      if (!c.empty() && m_.scheduler().enabled(c.actor)) m_.signals().offer(c);
  if (w.ending == 0 && !(targets && w.deferred != 0) && !(signals && w.channels.size != 0)) return;
  for (Alternative& a : w.alternatives) {
    if (a.kind != AltKind::step) continue;
    Process& p = *w.processes[a.process];
    if (p.ending)
      m_.ends().renew_footprint(p);
    else
      m_.footprints().renew(p, signals, targets);
  }
}

bool Performer::offer() {
  // What a fault was for may be gone since.
  if (world_->faults.size != 0) m_.faults().offer();
  return m_.timers().refresh();
}

void Performer::check_choice() {
  m_.checks().before_choice([this] { renew_footprints(); });
}

void Performer::took(const Alternative& a) {
  m_.checks().took(a);
  if (slow_ & kSlowWatch) m_.properties().took(a);
  if (m_.scheduler().fair_spins()) m_.spins().note_footprint(a);
}

void Performer::open_event(Process* p, const Alternative& a, size_t alternatives) {
  m_.recorder().open_event(p, a, alternatives);
}
void Performer::close_event() { m_.recorder().close_event(); }
void Performer::die(Process& p) { m_.ends().die(p); }
std::string Performer::label(const Process& p) const { return m_.recorder().label(p); }

void Performer::perform(const Alternative& a) {
  World& w = *world_;
  switch (a.kind) {
    case AltKind::timer:
      if (a.actor == w.clock) return m_.timers().pass_time();
      for (uint32_t i = 0; i < w.timers.size; i++)
        if (w.timers[i].actor == a.actor) {
          return fired(m_.timers().take_due(i));
        }
      break;
    case AltKind::deliver:
      for (Channel& c : w.channels)
        if (c.actor == a.actor) {
          m_.signals().handle_head(c);
          return;
        }
      break;
    case AltKind::fault:
      if (m_.cluster().perform_fault(a.actor)) return;
      break;
    default:
      break;
  }
  LOCKSTEP_ASSERT(!"an alternative that nothing stands behind");
}

void Performer::fired(const Timer& t) {
  World& w = *world_;
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
  Process* to = t.dest.tag == Tag::light ? find_process(*world_, t.dest.light)
                                         : whereis(*world_, t.dest, w.processes[t.owner]->node);
  if (!to || !alive(*to)) return;
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

Outcome Performer::decide_end() {
  World& w = *world_;
  if (w.held.size != 0 && m_.spins().any_held()) m_.properties().end_in_rounds();
  Outcome o;
  if (w.root_ended) {
    m_.properties().check_at_end();
    return o;
  }
  Process& root = *w.processes[0];
  o.verdict = Verdict::deadlock;
  o.process = m_.recorder().label(root);
  o.site = guest_site(root.running ? root.running : root.L);
  o.reason = "deadlock: " + o.process + " can never go on, and nothing else can happen";
  o.detail = m_.recorder().deadlock_story(root);
  return o;
}

}  // namespace lockstep::vm
