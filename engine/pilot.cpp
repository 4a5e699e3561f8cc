#include "engine/pilot.h"

namespace lockstep {

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
  count(actor, {op.object, op.access});
  for (int i = 0; i < op.extra_count; i++) count(actor, op.extra[i]);
}

void PilotWalk::count(ActorId actor, Footprint f) {
  if (!f.object || f.access == Access::none) return;
  Touched& touched = objects_[f.object];
  touched.counts[pilot_.per_actor[actor].key]++;
  touched.written |= f.access != Access::read;
}

Pilot PilotWalk::summary() const {
  Pilot pilot = pilot_;
  pilot.actors = static_cast<uint32_t>(pilot.per_actor.size());
  for (const auto& [object, t] : objects_)
    pilot.objects.push_back({object,
                             static_cast<uint32_t>(t.counts.size()),
                             t.written,
                             {t.counts.begin(), t.counts.end()}});
  return pilot;
}

}  // namespace lockstep
