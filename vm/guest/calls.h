// What a call of the guest's does beside parking: what it may do where it runs, what it
// announces, and what its process learns by it.
#pragma once
#include <span>
#include <utility>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Calls : public MachinePart, public SlowPath {
 public:
  using MachinePart::MachinePart;
  void begin() { inside_ = {}; }  // of an execution

  // ---- the sync point, where there is more to do than to park (SyncPoint::sync) ----
  void sync(lua_State* L, Process& p, const char* what, OpKind kind, Access access, ObjectId object,
            uint64_t value, uint32_t cause) override;
  // As SyncPoint::sync, for an operation that touches further objects.
  void announce(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                ObjectId object, uint64_t value, const Footprint* extra, size_t extra_count);
  // Between the announcement of an operation and Scheduler::park, and after it.
  void before_parking(lua_State* L, Process& p, Alternative& a);
  void granted(Process& p) {
    if (slow_ != 0) slow_granted(p);
  }
  void done(lua_State* L, Process& p, int results) override;
  Process& not_running(lua_State* L, const char* what) override;
  void look_for_round(lua_State* L, Process& p, const Operation& next) override;

  // ---- inside an operation that runs a function of the guest's (ets.transaction) ----
  // From here to leave() the operations of the running process take effect at once, if what the
  // outer one has announced covers them; all others raise an error. Returns what was announced
  // further out.
  std::span<const Footprint> enter(std::span<const Footprint> announced) {
    if (inside_.data() == nullptr) inside_writes_ = 0;
    slow_ |= kSlowInside;
    return std::exchange(inside_, announced);
  }
  void leave(std::span<const Footprint> outer) {
    inside_ = outer;
    if (outer.data() == nullptr) slow_ &= ~static_cast<uint32_t>(kSlowInside);
  }
  // An operation inside has announced a write, and found that it must wait.
  void wrote_nothing() { inside_writes_ -= inside_writes_ > 0; }
  bool wrote_inside() const { return inside_writes_ > 0; }
  Process& inside_runs(lua_State* L, const char* what);
  bool peeks() const { return (slow_ & kSlowPeek) != 0; }

  // ---- arguments ----
  // Raises if it cannot be sent.
  Term encode_argument(lua_State* L, int index, const char* function);
  // A value from 0 to count-1, by a choice.
  uint32_t choose(Process& p, uint32_t count);
  // An operation that a generator has made for the process; false if it is to be left out.
  bool next_input(Process& p);

  // ---- what the process learns, while System::state is asked for ----
  // Otherwise than by a result.
  void observe(Process& p, uint64_t what) {
    if (__builtin_expect((slow_ & kSlowTrack) != 0, 0)) p.seen = mix64(p.seen, what);
  }
  void observe_raised(lua_State* L);  // the value on top of L's stack

  // ---- matchers and models, which may only look ----
  void refuse_in_matcher(lua_State* L, const char* what);  // raises an error of Lua's
  // In whose name a matcher or a model calls something.
  Process& matcher_runs(lua_State* L, const char* what);
  void use_histories() {
    world_->histories_used = true;
    slow_ |= kSlowHistory;
  }

 private:
  void slow_sync(lua_State* L, Process& p, Alternative& a);
  void slow_granted(Process& p);
  void observe_results(lua_State* L, Process& p, int results);

  void need_covered(lua_State* L, const char* what, Footprint f) const;

  std::span<const Footprint> inside_;
  uint32_t inside_writes_ = 0;  // operations inside that may have written
};

}  // namespace lockstep::vm
