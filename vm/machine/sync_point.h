// The sync point: where a call of the guest's is announced and waits until it may take effect. The
// hot path of every operation; Calls has what it may need beside that.
#pragma once
#include "vm/machine/parts.h"
#include "vm/machine/scheduler.h"
#include "vm/machine/world.h"

namespace lockstep::vm {

// What a sync point has to do beside the hot path, in a part above it (Calls).
class SlowPath {
 public:
  // Where no process runs, or a function of the guest's that may only look: in whose name it does;
  // raises if the call is none of those that it may make.
  virtual Process& not_running(lua_State* L, const char* what) = 0;
  virtual void sync(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                    ObjectId object, uint64_t value, uint32_t cause) = 0;
  virtual void look_for_round(lua_State* L, Process& p, const Operation& next) = 0;
  virtual void done(lua_State* L, Process& p, int results) = 0;

 protected:
  ~SlowPath() = default;
};

class SyncPoint : public Parts {
 public:
  Scheduler& scheduler() { return scheduler_; }
  World& world() const { return *world_; }

  // The running process; raises if nothing runs (file-level code).
  Process& process(lua_State* L, const char* what) {
    if (__builtin_expect(
            (world_->current == nullptr) | (scheduler_.slow() & (kSlowMatcher | kSlowInside)), 0))
      return slow_path_->not_running(L, what);
    return *world_->current;
  }
  // The sync point: announces the operation and returns when it may take effect. Does not return if
  // the execution ends or the process is killed first. `what` is a string literal: the call as the
  // guest knows it. Of an operation that touches further objects: Calls::announce.
  void sync(lua_State* L, Process& p, const char* what, OpKind kind, Access access, ObjectId object,
            uint64_t value = 0, uint32_t cause = 0) {
    if (__builtin_expect(scheduler_.slow() != 0, 0)) {
      slow_path_->sync(L, p, what, kind, access, object, value, cause);
      return;
    }
    Alternative& a = world_->alternatives[world_->position[p.actor]];
    a.op.kind = kind;
    a.op.access = access;
    a.op.extra_count = 0;
    a.op.object = object;
    a.op.value = value;
    a.cause = cause;
    p.what = what;
    if (__builtin_expect(scheduler_.fair_spins(), 0)) slow_path_->look_for_round(L, p, a.op);
    scheduler_.park(p);
  }
  // To be called with the results on top of the stack when the effect has happened: `return
  // m.done(L, p, n)`.
  int done(lua_State* L, Process& p, int results) {
    if (__builtin_expect(scheduler_.slow() != 0, 0)) slow_path_->done(L, p, results);
    return results;
  }
  // The only way to what footprints are computed from (watched.h).
  template <class T, Readers kReaders>
  T& change(Watched<T, kReaders>& what) {
    note_stale(kReaders);
    return what.value_;
  }
  void note_stale(Readers of) { world_->stale |= 1U << static_cast<unsigned>(of); }

 protected:
  SyncPoint(Memory& memory, const MachineOptions& options, World* world)
      : world_(world), scheduler_(memory, *world, options) {}
  ~SyncPoint() = default;

  World* const world_;
  Scheduler scheduler_;
  SlowPath* slow_path_ = nullptr;
};

}  // namespace lockstep::vm
