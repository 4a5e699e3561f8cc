// Waits that spin, in a search that leaves nothing out: a process that has come back to where it
// was, and has only looked meanwhile, is not let round again. "Dynamic Partial Order Reductions for
// Spinloops" (Kokologiannakis, Ren, Vafeiadis, FMCAD 2021): the failed round is a failed `assume`.
//
// A round that only looks can be left out of any execution without anybody else noticing, so those
// in which nobody goes round in vain reach all there is to reach, but one thing: a process that
// looks for ever. At the end of an execution a process is therefore held for one of two reasons:
// 1. Something that it looked at was written since. Under a fair schedule it would look again, and
//    there is another execution in which it looked later: this one is given up, and counts for
//    nothing (Verdict::stopped).
// 2. Nothing was. Then it goes round for ever: a livelock, and a failure.
//
// Ours, beyond the paper: rounds are found while they run, by what the process has to itself
// (StateDigest) where it comes to a call that it has come to before; what it looked at is the
// footprint of its operations. A clock that moves only when nothing else can happen moves while all
// that could happen is going round, and lets those who are held look once more.
//
// A digest costs as much as some steps, and as many as a process has data, so it is taken only
// before calls that some process is known to have come back to without doing more than look, and
// with the same numbers and strings in its variables: first it is learned which these places are,
// then by the surface of their states which of them are rounds. The execution that shows a new one
// is run again from its start. So what was learned before changes nothing but time.
// Programs whose text has no loop are left alone.
#include "vm/guest/spin.h"

#include <algorithm>

#include "engine/relation/dependence.h"
#include "vm/guest/state_digest.h"
#include "vm/machine/machine.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

// SpinPoint::state: digests are odd, of surfaces multiples of 4.
constexpr uint64_t kUntold = 2;
constexpr uint32_t kLongest = 256;  // operations of a round

// Operations that may turn out to have only looked.
bool may_look(const Process& p, const Operation& op) {
  switch (op.kind) {
    case OpKind::yield:
    case OpKind::atomics:
    case OpKind::ets:
      return true;
    case OpKind::whereis:
    case OpKind::alive:
    case OpKind::persistent_term:
    case OpKind::process_info:
      return op.access == Access::read;
    case OpKind::receive:
    case OpKind::sleep:
      return op.access != Access::take && !p.timed;  // with a time limit of 0
    default:
      return false;
  }
}

// `yielded`: it says of itself that it only waited.
bool only_looked(const Process& p, bool yielded) {
  if (p.histories.open || p.histories.unstamped) return false;
  switch (p.spin.kind) {
    case OpKind::yield:
      return true;
    case OpKind::receive:
    case OpKind::sleep:
      return yielded && !p.expired;
    default:
      return yielded || p.spin.access == Access::read;
  }
}

// What was written, against what a process looked at and found that it must wait: a
// compare_exchange that failed has read.
bool changes(const Footprint& written, Footprint read) {
  if (read.access != Access::poll) read.access = Access::read;
  return conflicting(read, written);
}

// Did the round look for a message? With reductions that know what a receive would take, a message
// that it would not need not have come before it in any execution, and after it only the next round
// would notice that it changes nothing.
bool polls(const Process& p) {
  return std::any_of(p.spin.reads.begin(), p.spin.reads.end(),
                     [](const SpinRead& r) { return r.what.access == Access::poll; });
}

void forget_round(Process& p) {
  p.spin.points.size = p.spin.reads.size = 0;
  p.spin.held = false;
}

}  // namespace

// As picked, and before it takes effect.
void Spins::note_footprint(const Alternative& a) {
  World& w = *world_;
  Spin* spin = nullptr;
  if (a.kind == AltKind::step) {
    spin = &w.processes[a.process]->spin;
    spin->written = w.written.size;
    spin->kind = a.op.kind;
    spin->access = a.op.access;
    if (spin->points.size == 0) spin = nullptr;  // looks at nothing that matters
  }
  const uint32_t since = w.written.size;
  // What process_info tells may be changed by any step of that process, which announces nothing.
  const bool looks = spin && a.op.kind == OpKind::process_info;
  w.steps_watched |= looks;
  each_footprint(a, [&](const Footprint& f) {
    if (f.object == 0) return;
    if (is_order_alone(f.object) && f.object != kEverything) {
      if (looks && f.object == steps_of(object_container(a.op.object)))
        m_.push(spin->reads, SpinRead{{f.object, Access::read}, since, false});
      else if (w.steps_watched && f.object == steps_of(a.process))
        m_.push(w.written, {f.object, Access::write});
      return;
    }
    if (spin) m_.push(spin->reads, SpinRead{f, since, false});
    if (f.access != Access::none && f.access != Access::read) m_.push(w.written, f);
  });
}

// A process comes to its next operation.
void Spins::look_for_round(lua_State* L, Process& p, const Operation& next) {
  World& w = *world_;
  const uint32_t written = p.spin.written;
  p.spin.written = kNone;
  if (written != kNone && only_looked(p, w.yielded)) {
    w.written.size = written;  // its failed writes were none
    // What it did between two looks, others may see; not of two who look at each other.
    if (w.steps_watched && p.spin.kind != OpKind::process_info)
      m_.push(w.written, {steps_of(p.index), Access::write});
  } else {
    forget_round(p);
  }
  if (!L || p.leaving || p.killed || !may_look(p, next)) return forget_round(p);
  lua_Debug ar;
  uint64_t place = mix64(next.object, static_cast<uint64_t>(next.kind));
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    if (!layout::runs_lua(ar.i_ci)) continue;  // pcall and its like
    place = mix64(place,
                  static_cast<uint64_t>(layout::load<intptr_t>(ar.i_ci, layout::kCallInfoSavedpc) -
                                        reinterpret_cast<intptr_t>(arena_.base())));
    break;
  }
  const uint64_t state = state_of(p, place);
  auto& points = p.spin.points;
  for (uint32_t i = points.size; i-- > 0;) {
    if (points[i].place != place) continue;
    if (points[i].state == 0 || state == 0) learn(met_again_, place);
    if (points[i].state != state || state == kUntold) continue;
    if (state % 4 == 0) learn(rounds_, place);
    const uint32_t from = points[i].reads;
    for (uint32_t k = from; k < p.spin.reads.size; k++) p.spin.reads[k - from] = p.spin.reads[k];
    p.spin.reads.size -= from;
    points[0] = {place, state, 0};
    points.size = 1;
    return hold(p, next);
  }
  if (points.size == kLongest) forget_round(p);
  m_.push(points, SpinPoint{place, state, p.spin.reads.size});
}

void Spins::hold(Process& p, const Operation& next) {
  if (!options_.hold_polls && polls(p)) {
    if (options_.polled) options_.polled->store(true, std::memory_order_relaxed);
    return forget_round(p);
  }
  world_->spun = p.spin.held = true;
  p.blocked_op = next;
  m_.scheduler().disable(p.actor);
  if (p.status != Status::starting) p.status = Status::blocked;
  m_.push(world_->held, p.index);
}

// Of the process at that place, as far as it matters by what was learned; 0: not at all yet.
uint64_t Spins::state_of(const Process& p, uint64_t place) {
  const auto among = [&](const std::vector<uint64_t>& places) {
    return std::binary_search(places.begin(), places.end(), place);
  };
  const bool all = m_.recording() || among(rounds_);
  if (!all && !among(met_again_)) return 0;
  StateDigest d(host_, L_, *world_, !all);
  d.number(p.inputs);
  all ? d.own(p) : d.frames(p);
  if (!d.known()) return kUntold;
  return all ? d.value() : d.value() << 2;
}

// The execution is run again, with digests taken there from the start.
void Spins::learn(std::vector<uint64_t>& places, uint64_t place) {
  const auto at = std::lower_bound(places.begin(), places.end(), place);
  if (at == places.end() || *at != place) places.insert(at, place);
  again_ = true;
  m_.scheduler().stop(Verdict::stopped);
}

// Something that it looked at was written since.
bool Spins::outdated(Process& p) const {
  const World& w = *world_;
  bool any = false;
  for (SpinRead& r : p.spin.reads) {
    for (; !r.stale && r.since < w.written.size; r.since++)
      r.stale = changes(w.written[r.since], r.what);
    any |= r.stale;
  }
  return any;
}

// Who is held; those who were killed meanwhile, or whose node stopped, are no longer.
bool Spins::any_held() {
  World& w = *world_;
  for (uint32_t i = 0; i < w.held.size;) {
    const Process& p = *w.processes[w.held[i]];
    if (p.spin.held && p.status == Status::blocked)
      i++;
    else
      m_.erase(w.held, i);
  }
  return w.held.size != 0;
}

bool Spins::waits_in_vain() {
  World& w = *world_;
  if (w.held.size == 0 || !any_held()) return false;
  for (const uint32_t index : w.held)
    if (outdated(*w.processes[index])) return true;
  return false;
}

// The clock has moved: whoever goes round looks again.
void Spins::let_look_again() {
  World& w = *world_;
  any_held();
  for (const uint32_t index : w.held) {
    Process& p = *w.processes[index];
    p.spin.held = false;
    p.spin.reads.size = 0;
    p.status = Status::ready;
    m_.scheduler().enable(p.actor, AltKind::step, p.index, p.blocked_op, w.steps);
  }
  w.held.size = 0;
}

// Another execution stands for this one.
void Spins::give_up() {
  given_up_ = true;
  m_.scheduler().stop(Verdict::stopped);
}

}  // namespace lockstep::vm
