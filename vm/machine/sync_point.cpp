#include "vm/machine/sync_point.h"

#include "vm/machine/calls.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"

namespace lockstep::vm {

Process& SyncPoint::not_running(lua_State* L, const char* what) {
  if (scheduler_.slow() & kSlowMatcher) return calls().matcher_runs(L, what);
  if (scheduler_.slow() & kSlowInside) return calls().inside_runs(L, what);
  return properties().nobody_runs(L, what);
}

void SyncPoint::sync_slowly(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                            ObjectId object, uint64_t value, uint32_t cause) {
  calls().sync(L, p, what, kind, access, object, value, cause);
}

void SyncPoint::look_for_round(lua_State* L, Process& p, const Operation& next) {
  spins().look_for_round(L, p, next);
}

void SyncPoint::done_slowly(lua_State* L, Process& p, int results) { calls().done(L, p, results); }

}  // namespace lockstep::vm
