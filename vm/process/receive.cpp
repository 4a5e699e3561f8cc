// Mailboxes, and selective receive.
#include <cstring>

#include "vm/machine/calls.h"
#include "vm/process/captured.h"
#include "vm/process/core_parts.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"

namespace lockstep::vm {

bool Mailboxes::fits(Process& p, const Term& payload) const {
  switch (p.wait) {
    case Wait::any:
      return true;
    case Wait::pattern:
      return matches(p.pattern, payload);
    default:
      return false;
  }
}

void Mailboxes::deliver(Process& to, const Message& message) {
  m_.push(to.mailbox, message);
  to.mailbox.back().left_at = message.sent_at;
  to.mailbox.back().sent_at = world_->steps;  // where it entered: what a receive needs
  if (__builtin_expect(options_.keep_mail, 0))
    to.mailbox.back().arrival = note_arrival(to, to.mailbox.back());
  if (m_.recording()) m_.recorder().note_cause(message.sent_at);
  if (to.status != Status::blocked || to.spin.held) return;
  // The receiver's own matcher decides as part of the arrival: looking at a message touches nothing
  // shared.
  if (find_message(to)) wake(to, false, world_->steps);
}

// Runs the matcher over the messages not looked at yet; true if one fits (then p.looked is its
// index). The matcher runs on the receiver's coroutine; on its C stack only if that is where we
// are.
__attribute__((noinline)) bool Mailboxes::look(Process& p) {  // rare, so not in the way
  if (!m_.scheduler().on_main() && world_->current == &p) return look_here(p);
  struct Call {
    Machine& m;
    Process& p;
    bool yes;
  } call{m_, p, false};
  looking_ = &p;
  m_.scheduler().aside(
      [](void* argument) {
        auto& c = *static_cast<Call*>(argument);
        c.yes = c.m.mailboxes().look_here(c.p);
      },
      &call);
  looking_ = nullptr;
  return call.yes;
}

// Does the function on top of the receiver's stack say yes to the message? Pops it. One that raises
// says no, as a guard does; but not one that has performed an operation or overflowed its stack.
// Nor may it keep anything: how often it is asked, and when, is no order that anybody has
// announced.
bool Mailboxes::says_yes(Process& p, const Term& payload) {
  lua_State* L = p.receiver;
  const int function = lua_gettop(L);
  const bool captures = !m_.calls().kept() && lua_getupvalue(L, function, 1) != nullptr;
  lua_settop(L, function);
  const uint64_t before = captures ? digest_of_captured(L, function) : 0;
  if (captures) lua_pushvalue(L, function);
  vm::push(L, payload);
  slow_ |= kSlowMatcher;
  misused_ = false;
  const int status = lua_pcall(L, 1, 1, 0);
  slow_ &= ~static_cast<uint32_t>(kSlowMatcher);
  if (captures) {
    if (!m_.calls().kept() && digest_of_captured(L, function) != before)
      m_.calls().keeps(place_of(L, function) + ": a matcher changes what it captures");
    lua_remove(L, function);
  }
  bool yes = lua_toboolean(L, -1) != 0;
  if (status != LUA_OK) {
    const char* error = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    p.matcher_failed =
        misused_ || status != LUA_ERRRUN || std::strstr(error, "stack overflow") != nullptr;
    yes = p.matcher_failed;
    if (m_.recording() && !yes) m_.recorder().note_matcher(p, error);
  }
  if (!p.matcher_failed) lua_pop(L, 1);
  return yes;
}

bool Mailboxes::look_here(Process& p) {
  lua_State* L = p.receiver;
  if (!lua_checkstack(L, 10)) return false;
  for (; p.looked < p.mailbox.size; p.looked++) {
    const Term& payload = p.mailbox[p.looked].payload;
    p.matcher_failed = false;
    if (p.wait == Wait::clauses) {
      if (look_at_clauses(p, payload)) return true;
      continue;
    }
    lua_pushvalue(L, 1);
    if (says_yes(p, payload)) return true;
  }
  return false;
}

// The clauses are the table at index 1: {pattern or function, body, when = guard} each. Their
// patterns are those of p.pattern, where any stands for a function.
bool Mailboxes::look_at_clauses(Process& p, const Term& payload) {
  lua_State* L = p.receiver;
  const uint32_t n = View{p.pattern.bytes}.array_size();
  View choice = View{p.pattern.bytes}.first();
  for (uint32_t i = 1; i < n; i++) {
    choice = choice.next();
    if (!matches(choice, payload)) continue;
    const int top = lua_gettop(L);
    bool yes = true;
    lua_rawgeti(L, 1, i);
    if (lua_istable(L, -1)) {
      if (lua_rawgeti(L, top + 1, 1) == LUA_TFUNCTION) yes = says_yes(p, payload);
      if (yes && !p.matcher_failed) {
        lua_settop(L, top + 1);
        lua_pushliteral(L, "when");
        if (lua_rawget(L, top + 1) == LUA_TFUNCTION) yes = says_yes(p, payload);
      }
    }
    p.clause = i;
    if (p.matcher_failed) return true;
    lua_settop(L, top);
    if (!yes) continue;
    return true;
  }
  return false;
}

// Of clauses that are patterns alone: the first that the message fits.
uint32_t Mailboxes::clause_of(const Process& p, const Term& payload) const {
  const uint32_t n = View{p.pattern.bytes}.array_size();
  View choice = View{p.pattern.bytes}.first();
  for (uint32_t i = 1; i < n; i++) {
    choice = choice.next();
    if (matches(choice, payload)) return i;
  }
  return 0;
}

bool Mailboxes::find_message(Process& p) {
  if (p.wait == Wait::predicate || p.wait == Wait::clauses) return look(p);
  for (; p.looked < p.mailbox.size; p.looked++)
    if (fits(p, p.mailbox[p.looked].payload)) return true;
  return false;
}

void Mailboxes::wake(Process& p, bool expired, uint32_t cause) {
  if (p.status == Status::blocked) p.status = Status::ready;
  p.expired = p.expired || expired;
  if (expired) p.woken_by = world_->steps;
  Operation op = p.blocked_op;
  // It has its message, and what comes later changes nothing: a time limit ends with the wait.
  if (!expired && op.access == Access::poll) op.access = Access::take;
  // Where timers race the time-out itself says that no message was there; that another could still
  // come before the process goes on would only be a second way to take it. But what waits behind a
  // signal that is to end the process has been sent before, and is looked at.
  if (expired && options_.timers_race() && op.kind == OpKind::receive &&
      !m_.footprints().signals_wait(p)) {
    p.gives_up = true;
    op.access = Access::none;
    op.object = 0;
    op.extra_count = 0;
  }
  if (!expired && p.timed && !options_.racy_timers()) m_.timers().stop_receive_timer(p);
  m_.scheduler().enable(p.actor, AltKind::step, p.index, op, cause);
  if (expired) m_.footprints().renew_poll(p);
}

// For a predicate the matcher is at index 1 of L's stack; for a pattern p.pattern holds it.
int Mailboxes::receive(lua_State* L, Process& p, const char* what, Wait wait, int64_t timeout_ms) {
  if (__builtin_expect((slow_ & kSlowPeek) != 0, 0)) m_.properties().refuse_peek(L, what);
  if (__builtin_expect((slow_ & kSlowMatcher) != 0, 0)) m_.calls().refuse_in_matcher(L, what);
  World& w = *world_;
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
  if (timeout_ms > 0 && options_.racy_timers()) m_.timers().begin_limit(p, timeout_ms);
  bool found = find_message(p);
  if ((found && !p.timed) || timeout_ms == 0) {
    // A poll that finds a message could have come before it: the message is no cause of it.
    if (timeout_ms == 0 && m_.footprints().signals_wait(p)) {
      Footprint f[kArrival];
      const size_t n = m_.footprints().flushing(w.channels[w.instant_channel[p.index]], p, f);
      if (n == 0) w.alternatives[w.position[p.actor]].op.flags = kGlobal;
      m_.calls().announce(L, p, what, kind, access, box, 0, f, n);
      if (n == 0 && m_.scheduler().enabled(p.actor))
        w.alternatives[w.position[p.actor]].op.flags = 0;
    } else {
      m_.sync(L, p, what, kind, found && timeout_ms != 0 ? Access::take : access, box, 0,
              found && timeout_ms != 0 ? p.mailbox[p.looked].sent_at : 0);
    }
    if (timeout_ms == 0) flush_own_signals(p);  // as below
    if (!found) found = find_message(p);
  } else {
    // Blocked: not among the alternatives until a message fits or the time is up.
    if (finite && !p.timed) m_.timers().begin_limit(p, timeout_ms);
    Alternative& a = w.alternatives[w.position[p.actor]];
    a.op = {};
    a.op.kind = kind;
    a.op.access = access;
    a.op.object = box;
    if (p.timed && box != 0 && options_.racy_timers()) {
      a.op.extra = p.limit_footprint;
      a.op.extra_count = 1;
    }
    p.what = what;
    m_.calls().before_parking(L, p, a);
    p.blocked_op = a.op;
    if (found) {
      a.op.access = Access::take;
      a.cause = p.mailbox[p.looked].sent_at;
    } else {
      m_.scheduler().disable(p.actor);
      if (p.status != Status::starting) p.status = Status::blocked;
    }
    m_.scheduler().park(p);
    m_.calls().granted(p);
    if (p.timed) m_.timers().stop_receive_timer(p);
    found = !p.gives_up && find_message(p);
    // All that has been sent is looked at before giving up.
    if (p.expired && !found && !p.gives_up && wait != Wait::sleep) {
      flush_own_signals(p);
      found = find_message(p);
    }
  }
  if (__builtin_expect(options_.keep_mail, 0) && wait != Wait::sleep && !p.gives_up) {
    static const Term kAnything = Term::of_light(kAny);
    note_reception(p,
                   wait == Wait::pattern ? &p.pattern
                   : wait == Wait::any   ? &kAnything
                                         : nullptr,
                   found ? p.mailbox[p.looked].arrival : Reception::kNothing);
  }
  if (__builtin_expect(p.in_clauses, 0)) {
    if (!found)
      p.clause = 0;
    else if (p.wait == Wait::pattern)
      p.clause = clause_of(p, p.mailbox[p.looked].payload);
    p.in_clauses = false;
  }
  p.wait = Wait::none;
  p.gives_up = false;
  p.receiver = nullptr;
  if (p.pattern.tag != Tag::nil) free_term(p.pattern, arena_);
  if (!found) {
    if (p.expired) m_.timers().learn_time(p, p.deadline);
    w.yielded = true;
    lua_pushnil(L);
    lua_pushstring(L, "timeout");
    return m_.done(L, p, 2);
  }
  Message msg = p.mailbox[p.looked];
  if (p.matcher_failed) {  // now in the receiver's own time: the error is on top
    p.matcher_failed = false;
    lua_error(L);
  }
  m_.erase(p.mailbox, p.looked);
  m_.timers().learn_from(p, msg);
  vm::push(L, msg.payload);
  if (m_.recording()) {
    m_.recorder().note_cause(msg.sent_at);
    if (msg.from != kNone) m_.recorder().note_target(m_.recorder().label(*w.processes[msg.from]));
  }
  free_term(msg.payload, arena_);
  return m_.done(L, p, 1);
}

void Mailboxes::flush_own_signals(Process& p) {
  if (m_.footprints().signals_wait(p)) Spins::did_more_than_look(p);
  m_.signals().flush(p);
  m_.processes().die_if_doomed(p);
}

}  // namespace lockstep::vm
