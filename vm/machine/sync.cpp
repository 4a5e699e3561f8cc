// The sync point while there is more to do than to park: events, sites, properties, histories; or
// in the name of a predicate or a model, which may only look.
#include <algorithm>

#include "vm/history/history_log.h"
#include "vm/machine/machine.h"
#include "vm/process/mailboxes.h"
#include "vm/recording/recorder.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"

namespace lockstep::vm {

Process& Machine::nobody_runs(lua_State* L, const char* what) {
  return properties().nobody_runs(L, what);
}

void Machine::look_for_round(lua_State* L, Process& p, const Operation& next) {
  spins().look_for_round(L, p, next);
}

void Machine::sync_slowly(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                          ObjectId object, uint64_t value, uint32_t cause) {
  if (slow_ & kSlowPeek) {
    if (access == Access::read) return;
    properties().refuse_peek(L, what);
  }
  Alternative& a = world_->alternatives[world_->position[p.actor]];
  a.op.kind = kind;
  a.op.access = access;
  a.op.extra_count = 0;
  a.op.object = object;
  a.op.value = value;
  a.cause = cause;
  p.what = what;
  if (slow_ & kSlowWatch) properties().mark_watched(a.op);
  before_parking(L, p, a);
  park(p);
  granted(L, p);
}

void Machine::announce(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                       ObjectId object, uint64_t value, const Footprint* extra,
                       size_t extra_count) {
  if (slow_ & kSlowPeek) {
    if (access == Access::read) return;
    properties().refuse_peek(L, what);
  }
  World& w = *world_;
  Footprint* kept = nullptr;
  if (extra_count) {
    kept = static_cast<Footprint*>(allocate(extra_count * sizeof(Footprint)));
    std::copy(extra, extra + extra_count, kept);
  }
  Alternative& a = w.alternatives[w.position[p.actor]];
  a.op.kind = kind;
  a.op.access = access;
  a.op.extra_count = static_cast<uint8_t>(extra_count);
  a.op.extra = kept;
  a.op.object = object;
  a.op.value = value;
  p.what = what;
  if (slow_ & kSlowWatch) properties().mark_watched(a.op);
  before_parking(L, p, a);
  park(p);
  granted(L, p);
}

void Machine::before_parking(lua_State* L, Process& p, Alternative& a) {
  if (slow_ != 0) slow_sync(L, p, a);
  if (fair_spins_) spins().look_for_round(L, p, a.op);
}

void Machine::refuse_in_matcher(lua_State* L, const char* what) {
  mailboxes().misused();
  luaL_error(L,
             checking_ ? "a model may not perform operations (%s): it only computes states"
                       : "a matcher may not perform operations (%s): it only looks at a message",
             what);
}

void Machine::slow_sync(lua_State* L, Process& p, Alternative& a) {
  if (slow_ & kSlowMatcher) {
    LOCKSTEP_ASSERT(L != nullptr);
    refuse_in_matcher(L, p.what);
  }
  if ((slow_ & kSlowHistory) && p.histories_open && !p.killed && !p.leaving)
    add_history_footprint(*this, p, a.op);
  if ((slow_ & kSlowTrack) && p.performing) {
    // The operation before raised an error that nobody has looked at: it may tell anything.
    p.performing = false;
    observe(p, digest_bytes(decisions_.data(), world_->steps * sizeof(Decision)));
  }
  a.op.site = 0;
  if ((slow_ & kSlowSites) && L) a.op.site = recorder().site(L);
  if (slow_ & kSlowRecord) recorder().note_call(L, p);
  if (slow_ & kSlowHunt) on_line(L ? L : p.L);
}

void Machine::slow_granted(lua_State* L, Process& p) {
  (void)L;
  if (slow_ & kSlowTrack) p.performing = !p.leaving;
  if ((slow_ & kSlowHistory) && p.unstamped && !p.killed && !p.leaving) stamp_invocations(*this, p);
}

void Machine::slow_done(lua_State* L, Process& p, int results) {
  if (slow_ & kSlowTrack) observe_results(L, p, results);
  if ((slow_ & (kSlowRecord | kSlowPeek)) == kSlowRecord) recorder().note_results(L, p, results);
}

}  // namespace lockstep::vm
