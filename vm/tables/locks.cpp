// Locks and semaphores for `lockstep.threads`: taking one is an operation that is among the
// alternatives only while it can be performed, so a lock costs one choice and a deadlock is a state
// in which nobody can go on.
#include "vm/tables/locks.h"

#include <utility>

#include "vm/guest/calls.h"
#include "vm/process/mailboxes.h"
#include "vm/recording/recorder.h"
#include "vm/tables/atomics.h"
#include "vm/tables/shared_state.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

AtomicsArray& lock_argument(lua_State* L, Machine& m) {
  const World& w = m.world();
  if (lua_type(L, 1) == LUA_TLIGHTUSERDATA) {
    const auto id = reinterpret_cast<uint64_t>(lua_touserdata(L, 1));
    const uint32_t number = light_index(id);
    if (light_class(id) == Light::atomics && number < w.atomics.size &&
        w.atomics[number]->id == id && w.atomics[number]->lock)
      return *w.atomics[number];
  }
  misuse_argument(L, 1, "a lock");
}

// new(name, n): n may enter before the first has to wait.
int lock_new(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "new lock");
  if (lua_type(L, 1) != LUA_TSTRING) misuse_argument(L, 1, "a name");
  if (!lua_isinteger(L, 2) || lua_tointeger(L, 2) < 0) misuse_argument(L, 2, "a number from 0");
  AtomicsArray shape;
  shape.lock = true;
  shape.name = make_string(lua_tostring(L, 1), m.arena());
  AtomicsArray& a = make_array(m, p, shape, 1);
  a.values[0] = a.permits = lua_tointeger(L, 2);
  push_light(L, a.id);
  return 1;
}

int lock_take(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "lock");
  m.locks().take(L, p, "lock", light_index(lock_argument(L, m).id));
  return m.done(L, p, 0);
}

// give(lock, looks): how many may enter now; `looks`: the caller wants to know. A release only
// makes acquires possible, unless the caller looks and has not taken the lock: then it matters
// whether somebody takes it before.
int lock_give(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unlock");
  AtomicsArray& a = lock_argument(L, m);
  p.releasing = lua_toboolean(L, 2);
  m.sync(L, p, "unlock", OpKind::atomics, Access::write,
         p.releasing ? Locks::released(p, a) : make_object(ObjectClass::atomics, a.container, 1));
  p.releasing = false;
  if (a.taker == p.index) a.taker = kNone;
  const int64_t now = ++a.values[0];
  a.freed_at = now == 1 ? m.world().steps : 0;
  m.locks().changed(light_index(a.id));
  if (m.recording())
    m.recorder().note_change(
        atomics_object_name(m, make_object(ObjectClass::atomics, a.container, 1)) + ": free");
  lua_pushinteger(L, now);
  return m.done(L, p, 1);
}

}  // namespace

void Locks::take(lua_State* L, Process& p, const char* what, uint32_t number) {
  World& w = *world_;
  AtomicsArray& a = *w.atomics[number];
  Alternative& alternative = w.alternatives[w.position[p.actor]];
  Operation& op = alternative.op;
  op = {};
  op.kind = OpKind::atomics;
  op.access = Access::write;
  op.object = make_object(ObjectClass::atomics, a.container, 1);
  // The release gets no flag: what it writes is how many may enter, so of a semaphore it races with
  // an acquire that could come before it.
  op.flags = kAcquire;
  alternative.cause = 0;
  p.what = what;
  p.wait = Wait::lock;
  m_.change(p.lock) = op.object;
  p.awaited = number;
  m_.calls().before_parking(L, p, alternative);
  p.blocked_op = op;
  m_.push(w.takers, p.index);
  if (a.values[0] <= 0) {
    m_.scheduler().disable(p.actor);
    if (p.status != Status::starting) p.status = Status::blocked;
  }
  m_.scheduler().park(p);
  m_.calls().granted(p);
  for (uint32_t i = 0; i < w.takers.size; i++)
    if (w.takers[i] == p.index) {
      m_.erase(w.takers, i);
      break;
    }
  p.wait = Wait::none;
  m_.change(p.lock) = 0;
  w.alternatives[w.position[p.actor]].op.flags = 0;
  LOCKSTEP_ASSERT(a.values[0] > 0);
  // 0: there was a permit without a release, or somebody has taken that since.
  m_.recorder().note_cause(a.freed_at);
  a.freed_at = 0;
  a.values[0]--;
  set_taker(a, p);
  if (a.values[0] == 0) changed(number);
  if (m_.recording())
    m_.recorder().note_change(
        atomics_object_name(m_, make_object(ObjectClass::atomics, a.container, 1)) + ": taken by " +
        m_.recorder().label(p));
}

ObjectId Locks::released(const Process& p, const AtomicsArray& a) {
  return make_object(ObjectClass::atomics, a.container, a.taker == p.index ? 1 : 0);
}

// Where somebody gave it back who had not taken it, who has it still may be about to release it.
void Locks::set_taker(AtomicsArray& a, const Process& p) {
  World& w = *world_;
  const uint32_t before = std::exchange(a.taker, p.index);
  if (before == kNone || before == p.index) return;
  Process& q = *w.processes[before];
  if (!q.releasing || !m_.scheduler().enabled(q.actor)) return;
  Operation& op = w.alternatives[w.position[q.actor]].op;
  if (op.object == make_object(ObjectClass::atomics, a.container, 1)) op.object = released(q, a);
}

int64_t Locks::permits(ObjectId lock) const {
  for (const AtomicsArray* a : world_->atomics)
    if (a->lock && a->container == object_container(lock)) return a->permits;
  return 0;
}

void Locks::changed(uint32_t number) {
  World& w = *world_;
  const bool free = w.atomics[number]->values[0] > 0;
  for (uint32_t i = 0; i < w.takers.size; i++) {
    Process& q = *w.processes[w.takers[i]];
    if (q.wait != Wait::lock) {  // it was killed while it waited
      m_.erase(w.takers, i--);
      continue;
    }
    if (q.awaited != number || free == m_.scheduler().enabled(q.actor)) continue;
    if (free) {
      m_.mailboxes().wake(q, false, 0);
    } else {
      m_.scheduler().disable(q.actor);
      q.status = Status::blocked;
    }
  }
}

void open_locks(lua_State* L) {
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, lock_new);
  lua_setfield(L, -2, "new");
  lua_pushcfunction(L, lock_take);
  lua_setfield(L, -2, "take");
  lua_pushcfunction(L, lock_give);
  lua_setfield(L, -2, "give");
}

}  // namespace lockstep::vm
