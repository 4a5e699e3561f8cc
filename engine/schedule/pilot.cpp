#include "engine/schedule/pilot.h"

#include "engine/relation/dependence.h"

namespace lockstep {
namespace {

constexpr size_t kAcquires = static_cast<size_t>(Access::none);
constexpr ActorId kSeveral = kNoActor - 1;

void join(ActorId& by, ActorId actor) {
  if (actor != kNoActor) by = by == kNoActor || by == actor ? actor : kSeveral;
}

}  // namespace

size_t PilotWalk::choose(const ChoicePoint& point) {
  meet(point);
  const size_t pick = inner_->choose(point);
  if (pick == kStop) return pick;
  pilot_.steps++;
  if (point.data) return pick;
  if (point.count > 1) pilot_.choice_points++;
  const Alternative& a = point.alternatives[pick];
  pilot_.per_actor[a.actor].steps++;
  count(a.actor, a.op);
  return pick;
}

// A lock decides who takes it, so of a lock only its acquires count as racing. That a semaphore is
// posted beside a wait that need not wait shows in what else the two do.
bool PilotWalk::Touched::contended() const {
  if (by[kAcquires] != kNoActor) return by[kAcquires] == kSeveral;
  for (size_t i = 1; i < by.size(); i++)
    for (size_t j = i; j < by.size(); j++) {
      if (by[i] == kNoActor || by[j] == kNoActor) continue;
      const bool others = by[i] == kSeveral || by[i] != by[j];
      if (others && conflicting(static_cast<Access>(i), static_cast<Access>(j))) return true;
    }
  return false;
}

void PilotWalk::Touched::add(const Touched& other) {
  for (size_t i = 0; i < by.size(); i++) join(by[i], other.by[i]);
}

// Whoever is new was created by the step before.
void PilotWalk::meet(const ChoicePoint& point) {
  for (auto actor = static_cast<ActorId>(pilot_.per_actor.size()); actor < point.actors; actor++)
    pilot_.per_actor.push_back({system_.actor_key(actor), actor, point.last, 0});
  for (const Alternative& a : point.alternatives) {
    if (a.process >= processes_.size()) processes_.resize(a.process + 1);
    if (!processes_[a.process]) pilot_.processes++;
    processes_[a.process] = true;
  }
}

void PilotWalk::count(ActorId actor, const Operation& op) {
  count(actor, {op.object, op.access}, op.flags & kAcquire);
  for (int i = 0; i < op.extra_count; i++) count(actor, op.extra[i], false);
}

void PilotWalk::count(ActorId actor, Footprint f, bool acquire) {
  if (!f.object || f.access == Access::none) return;
  Touched& touched = objects_[f.object];
  touched.counts[pilot_.per_actor[actor].key]++;
  join(touched.by[acquire ? kAcquires : static_cast<size_t>(f.access)], actor);
}

Pilot PilotWalk::summary() const {
  Pilot pilot = pilot_;
  pilot.actors = static_cast<uint32_t>(pilot.per_actor.size());
  size_t scan = 0;  // the latest whole container, which comes before its elements
  for (const auto& [object, t] : objects_) {
    bool contended = t.contended();
    if (object_element(object) == 0) {
      scan = pilot.objects.size();
    } else if (scan < pilot.objects.size() && overlap(pilot.objects[scan].object, object)) {
      Touched both = t;
      both.add(objects_.at(pilot.objects[scan].object));
      contended = both.contended();
      pilot.objects[scan].contended |= contended;
    }
    pilot.objects.push_back({object,
                             static_cast<uint32_t>(t.counts.size()),
                             contended,
                             {t.counts.begin(), t.counts.end()}});
  }
  return pilot;
}

}  // namespace lockstep
