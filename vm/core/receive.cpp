#include "vm/core/receive.h"

#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/machine/clocks.h"
#include "vm/machine/objects.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {
namespace {

void flush_own_signals(Machine& m, Process& p) {
  if (m.footprints().signals_wait(p)) Spins::did_more_than_look(p);
  m.signals().flush(p);
  m.processes().die_if_doomed(p);
}

}  // namespace

int receive(lua_State* L, Machine& m, Process& p, const char* what, Wait wait, int64_t timeout_ms) {
  if (__builtin_expect((m.scheduler().slow() & kSlowPeek) != 0, 0)) m.peek().refuse(L, what);
  if (__builtin_expect((m.scheduler().slow() & kSlowMatcher) != 0, 0))
    m.calls().refuse_in_matcher(L, what);
  World& w = m.world();
  const bool finite = timeout_ms >= 0, sleeps = wait == Wait::sleep;
  const OpKind kind = sleeps ? OpKind::sleep : OpKind::receive;
  // A sleep of 0 ms handles what waits, too: the signal that is to end the process, if there is
  // one, and what was sent after that.
  const bool looks = sleeps && timeout_ms == 0;
  const ObjectId box = looks    ? part_object(p, Part::life)
                       : sleeps ? 0
                                : make_object(ObjectClass::mailbox, p.index);
  const Access access = looks    ? Access::read
                        : sleeps ? Access::none
                        : finite ? Access::poll
                                 : Access::take;
  p.looked = 0;
  p.expired = p.gives_up = false;
  p.wait = wait;
  p.receiver = L;
  // It begins whether there is a message or not: which came first would show otherwise.
  if (timeout_ms > 0 && m.options().racy_timers()) m.timers().begin_limit(p, timeout_ms);
  bool found = m.mailboxes().find_message(p);
  if ((found && !p.timed) || timeout_ms == 0) {
    // A poll that finds a message could have come before it: the message is no cause of it.
    if (timeout_ms == 0 && m.footprints().signals_wait(p)) {
      Footprint f[kArrival];
      const size_t n = m.footprints().flushing(w.channels[w.instant_channel[p.index]], p, f);
      if (n == 0) w.alternatives[w.position[p.actor]].op.flags = kGlobal;
      m.calls().announce(L, p, what, kind, access, box, 0, f, n);
      if (n == 0 && m.scheduler().enabled(p.actor))
        w.alternatives[w.position[p.actor]].op.flags = 0;
    } else {
      m.sync(L, p, what, kind, found && timeout_ms != 0 ? Access::take : access, box, 0,
             found && timeout_ms != 0 ? p.mailbox[p.looked].sent_at : 0);
    }
    if (timeout_ms == 0) flush_own_signals(m, p);  // as below
    if (!found) found = m.mailboxes().find_message(p);
  } else {
    // Blocked: not among the alternatives until a message fits or the time is up.
    if (finite && !p.timed) m.timers().begin_limit(p, timeout_ms);
    Alternative& a = w.alternatives[w.position[p.actor]];
    a.op = {};
    a.op.kind = kind;
    a.op.access = access;
    a.op.object = box;
    if (p.timed && box != 0 && m.options().racy_timers()) {
      a.op.extra = p.limit_footprint;
      a.op.extra_count = 1;
    }
    p.what = what;
    m.calls().before_parking(L, p, a);
    p.blocked_op = a.op;
    if (found) {
      a.op.access = Access::take;
      a.cause = p.mailbox[p.looked].sent_at;
    } else {
      m.scheduler().disable(p.actor);
      if (p.status != Status::starting) p.status = Status::blocked;
    }
    m.scheduler().park(p);
    m.calls().granted(p);
    if (p.timed) m.timers().stop_receive_timer(p);
    found = !p.gives_up && m.mailboxes().find_message(p);
    // All that has been sent is looked at before giving up.
    if (p.expired && !found && !p.gives_up && wait != Wait::sleep) {
      flush_own_signals(m, p);
      found = m.mailboxes().find_message(p);
    }
  }
  if (__builtin_expect(m.options().keep_mail, 0) && wait != Wait::sleep && !p.gives_up) {
    static const Term kAnything = Term::of_light(kAny);
    m.mailboxes().note_reception(p,
                                 wait == Wait::pattern ? &p.pattern
                                 : wait == Wait::any   ? &kAnything
                                                       : nullptr,
                                 found ? p.mailbox[p.looked].arrival : Reception::kNothing);
  }
  if (__builtin_expect(p.in_clauses, 0)) {
    if (!found)
      p.clause = 0;
    else if (p.wait == Wait::pattern)
      p.clause = m.mailboxes().clause_of(p, p.mailbox[p.looked].payload);
    p.in_clauses = false;
  }
  p.wait = Wait::none;
  p.gives_up = false;
  p.receiver = nullptr;
  if (p.pattern.tag != Tag::nil) free_term(p.pattern, m.arena());
  if (!found) {
    if (p.expired) m.clocks().learn_time(p, p.deadline);
    w.yielded = true;
    lua_pushnil(L);
    lua_pushstring(L, "timeout");
    return m.done(L, p, 2);
  }
  Message msg = p.mailbox[p.looked];
  if (p.matcher_failed) {  // now in the receiver's own time: the error is on top
    p.matcher_failed = false;
    lua_error(L);
  }
  m.erase(p.mailbox, p.looked);
  m.clocks().learn_from(p, msg);
  vm::push(L, msg.payload);
  if (m.recording()) {
    m.recorder().note_cause(msg.sent_at);
    if (msg.from != kNone) m.recorder().note_target(m.recorder().label(*w.processes[msg.from]));
  }
  free_term(msg.payload, m.arena());
  return m.done(L, p, 1);
}

}  // namespace lockstep::vm
