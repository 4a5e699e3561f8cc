#include "vm/process/mailboxes.h"

#include <cstring>

#include "vm/footprints/footprints.h"
#include "vm/guest/guest.h"
#include "vm/machine/history_log.h"
#include "vm/process/captured.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {
namespace {

// {tag, ref, "process", who, reason}
bool looks_like_down(const Term& payload) {
  if (payload.tag != Tag::table) return false;
  const View v{payload.bytes};
  return v.array_size() == 5 && v.element(1).tag() == Tag::light;
}

}  // namespace

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
  // What a flush takes: also what the process has sent itself.
  to.mailbox.back().down |= message.from == to.index && looks_like_down(message.payload);
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
  m_.guest().look_for(&p);
  m_.scheduler().aside(
      [](void* argument) {
        auto& c = *static_cast<Call*>(argument);
        c.yes = c.m.mailboxes().look_here(c.p);
      },
      &call);
  m_.guest().look_for(nullptr);
  return call.yes;
}

// Does the function on top of the receiver's stack say yes to the message? Pops it. One that raises
// says no, as a guard does; but not one that has performed an operation or overflowed its stack.
// Nor may it keep anything: how often it is asked, and when, is no order that anybody has
// announced.
bool Mailboxes::says_yes(Process& p, const Term& payload) {
  lua_State* L = p.receiver;
  const int function = lua_gettop(L);
  const bool captures = !m_.guest().kept() && lua_getupvalue(L, function, 1) != nullptr;
  lua_settop(L, function);
  const uint64_t before = captures ? digest_of_captured(L, function) : 0;
  if (captures) lua_pushvalue(L, function);
  vm::push(L, payload);
  slow_ |= kSlowMatcher;
  m_.guest().misused(false);
  const int status = lua_pcall(L, 1, 1, 0);
  slow_ &= ~static_cast<uint32_t>(kSlowMatcher);
  if (captures) {
    if (!m_.guest().kept() && digest_of_captured(L, function) != before)
      m_.guest().keeps(place_of(L, function) + ": a matcher changes what it captures");
    lua_remove(L, function);
  }
  bool yes = lua_toboolean(L, -1) != 0;
  if (status != LUA_OK) {
    const char* error = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    p.matcher_failed = m_.guest().misused() || status != LUA_ERRRUN ||
                       std::strstr(error, "stack overflow") != nullptr;
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
    if (p.histories.open) add_history_footprint(m_, p, op);  // that it goes on is recorded
  }
  if (!expired && p.timed && !options_.racy_timers()) m_.timers().stop_receive_timer(p);
  m_.scheduler().enable(p.actor, AltKind::step, p.index, op, cause);
  if (expired) m_.footprints().renew_poll(p);
}

}  // namespace lockstep::vm
