#include "engine/contrast/condition.h"

#include "engine/relation/dependence.h"

namespace lockstep {

Positions::Positions(const Tape& tape) : tape_(tape) {
  for (uint32_t i = 0; i < tape.ids.size(); i++) at_[tape.ids[i]] = i + 1;
}

bool Positions::holds(const Condition& c) {
  const uint32_t first = at_[c.first];
  if (first == 0) return false;
  switch (c.kind) {
    case Condition::order: {
      const uint32_t second = at_[c.second];
      return second == 0 || first < second;
    }
    case Condition::choice:
      return tape_.values[first - 1] == c.value + 1;
    default:
      return true;
  }
}

bool Positions::about(const Condition& c) {
  // What never happened in the failing execution need not happen here.
  return has(c.first) && (c.kind != Condition::order || c.second_step == 0 || has(c.second));
}

namespace {

// Do they conflict in more than that time passes?
bool in_conflict(const Event& a, const Event& b) {
  for (const Footprint& f : a.footprint)
    for (const Footprint& g : b.footprint)
      if (conflicting(f, g) && object_class(f.object) != ObjectClass::quiescence) return true;
  return false;
}

bool of_tape(const Event& e, const Tape& tape) { return e.step >= 1 && e.step <= tape.ids.size(); }

}  // namespace

std::vector<Condition> conditions_of(std::span<const Event> events, const Tape& tape) {
  std::vector<Condition> found;
  if (events.size() > kMostConditionEvents) return found;
  uint32_t last_step = 0;
  for (const Event& e : events) {
    if (!of_tape(e, tape) || e.step == last_step) continue;
    last_step = e.step;
    const StepId id = tape.ids[e.step - 1];
    if (e.kind == AltKind::fault) found.push_back({Condition::fault, id, 0, 0, e.step, 0});
    if (e.kind == AltKind::data)
      found.push_back({Condition::choice, id, 0, tape.values[e.step - 1] - 1, e.step, 0});
  }
  for (uint32_t b = 0; b < events.size(); b++)
    for (uint32_t a = 0; a < b; a++) {
      const Event &x = events[a], &y = events[b];
      if (x.actor == y.actor || x.step == y.step) continue;
      if (!of_tape(x, tape) || !of_tape(y, tape) || !in_conflict(x, y)) continue;
      found.push_back(
          {Condition::order, tape.ids[x.step - 1], tape.ids[y.step - 1], 0, x.step, y.step});
    }
  return found;
}

std::vector<Condition> conditions_against(std::span<const Event> events, const Tape& tape,
                                          const Tape& failing) {
  std::vector<Condition> found;
  if (events.size() > kMostConditionEvents) return found;
  Positions then(failing);
  for (uint32_t b = 0; b < events.size(); b++) {
    const Event& y = events[b];
    if (!of_tape(y, tape) || then.has(tape.ids[y.step - 1])) continue;
    for (uint32_t a = b + 1; a < events.size(); a++) {
      const Event& x = events[a];
      if (!of_tape(x, tape) || x.actor == y.actor || x.step == y.step) continue;
      const StepId first = tape.ids[x.step - 1];
      if (!then.has(first) || !in_conflict(x, y)) continue;
      found.push_back({Condition::order, first, tape.ids[y.step - 1], 0, then.at(first), 0});
    }
  }
  return found;
}

}  // namespace lockstep
