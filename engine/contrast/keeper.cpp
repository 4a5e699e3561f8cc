#include "engine/contrast/keeper.h"

#include <algorithm>

namespace lockstep {
namespace {

constexpr uint32_t kStrayOneIn = 6;    // steps of Manner::stray that are random
constexpr uint32_t kRedrawOneIn = 12;  // steps of Manner::priority after which one is drawn anew

}  // namespace

Keeper::Keeper(const Tape& failing) : failing_(failing) {
  for (uint32_t i = 0; i < failing.ids.size(); i++) place_[failing.ids[i]] = i + 1;
}

void Keeper::begin(const System& system, std::span<const Condition> kept,
                   std::span<const Condition> turned, Manner manner, uint64_t seed) {
  begin(system, {});
  replaying_ = false;
  manner_ = manner;
  rng_.reseed(seed);
  Positions failing(failing_);
  const auto is_fault = [&](const Condition& c) {
    return c.kind == Condition::fault ||
           (c.first_step >= 1 && c.first_step <= failing_.decisions.size() &&
            failing_.decisions[c.first_step - 1].kind() == AltKind::fault);
  };
  for (const Condition& c : kept) {
    if (c.kind == Condition::choice)
      values_.push_back({c.first, c.value});
    else if (is_fault(c))
      awaited_.push_back(c.first);
    if (c.kind == Condition::order) rules_.push_back({c.first, c.second});
  }
  for (const Condition& c : turned) {
    if (c.kind == Condition::choice) other_values_.push_back({c.first, c.value});
    if (c.kind == Condition::order) rules_.push_back({c.second, c.first});
    if (c.kind == Condition::fault) rules_.push_back({0, c.first});
  }
}

void Keeper::begin(const System& system, std::span<const Decision> schedule) {
  ids_.begin(system);
  scheduler_.begin();
  rules_.clear(), awaited_.clear(), values_.clear(), other_values_.clear(), priority_.clear();
  done_.clear();
  schedule_ = schedule;
  replaying_ = true;
  stuck_ = false;
  tape_ = {};
}

bool Keeper::permitted(StepId id) {
  for (const Rule& r : rules_)
    if (r.after == id && (r.before == 0 || !done_[r.before])) return false;
  return true;
}

bool Keeper::awaited(StepId id) const {
  return std::find(awaited_.begin(), awaited_.end(), id) != awaited_.end();
}

size_t Keeper::data(const ChoicePoint& point) {
  const uint64_t base = ids_.base_of_choice(point.last);
  const StepId id = ids_.id(base);
  size_t value = 0;
  const uint32_t place = place_[id];
  const bool near = manner_ == Manner::follow || manner_ == Manner::stray;
  if (near && place != 0 && failing_.values[place - 1] != 0)
    value = failing_.values[place - 1] - 1;
  else if (!near)
    value = rng_.below(point.count);
  for (const auto& [of, wanted] : values_)
    if (of == id) value = wanted;
  for (const auto& [of, unwanted] : other_values_)
    if (of == id && point.count > 1)
      value = (unwanted + 1 + rng_.below(point.count - 1)) % point.count;
  if (value >= point.count) value = 0;
  note(point, value, base);
  return value;
}

size_t Keeper::pick(const ChoicePoint& point) {
  const auto& all = point.alternatives;
  for (const size_t i : open_)  // a fault that has to come comes now, or later
    if (awaited(now_[i]) && (manner_ == Manner::follow || rng_.below(2) == 0)) {
      const uint32_t place = place_[now_[i]];
      const bool early =
          manner_ == Manner::follow && std::any_of(open_.begin(), open_.end(), [&](size_t k) {
            const uint32_t other = place_[now_[k]];
            return other != 0 && other < place;
          });
      if (!early) return i;
    }
  const bool near =
      manner_ == Manner::follow || (manner_ == Manner::stray && rng_.below(kStrayOneIn) != 0);
  if (near) {
    size_t best = kStop;
    for (const size_t i : open_) {
      const uint32_t place = place_[now_[i]];
      if (place != 0 && (best == kStop || place < place_[now_[best]])) best = i;
    }
    if (best != kStop) return best;
    const size_t usual = scheduler_.pick(point);
    if (std::find(open_.begin(), open_.end(), usual) != open_.end()) return usual;
    return open_[0];
  }
  if (manner_ != Manner::priority) return open_[rng_.below(static_cast<uint32_t>(open_.size()))];
  while (priority_.size() < point.actors) priority_.push_back(static_cast<uint32_t>(rng_.next()));
  size_t best = open_[0];
  for (const size_t i : open_)
    if (priority_[all[i].actor] > priority_[all[best].actor]) best = i;
  if (point.yielded || rng_.below(kRedrawOneIn) == 0)
    priority_[all[best].actor] = static_cast<uint32_t>(rng_.next());
  return best;
}

size_t Keeper::recorded(const ChoicePoint& point) {
  if (point.step >= schedule_.size()) return kStop;
  const Decision d = schedule_[point.step];
  if (point.data) return d.kind() == AltKind::data && d.value() < point.count ? d.value() : kStop;
  return d.kind() != AltKind::data && point.has(d.actor) ? point.position[d.actor] : kStop;
}

size_t Keeper::choose(const ChoicePoint& point) {
  if (replaying_ || point.step < schedule_.size()) {
    const size_t i = recorded(point);
    if (i == kStop) stuck_ = true;
    if (i == kStop) return kStop;
    note(point, i, point.data ? ids_.base_of_choice(point.last) : ids_.base(point.alternatives[i]));
    if (!point.data) scheduler_.took(point, i);
    return i;
  }
  if (point.data) return data(point);
  bases_.clear(), now_.clear(), open_.clear();
  for (size_t i = 0; i < point.alternatives.size(); i++) {
    bases_.push_back(ids_.base(point.alternatives[i]));
    now_.push_back(ids_.id(bases_[i]));
    if (rules_.empty() || permitted(now_[i])) open_.push_back(i);
  }
  if (open_.empty()) return stuck_ = true, kStop;
  const size_t i = open_.size() == 1 ? open_[0] : pick(point);
  note(point, i, bases_[i]);
  scheduler_.took(point, i);
  return i;
}

void Keeper::note(const ChoicePoint& point, size_t index, uint64_t base) {
  const StepId id = ids_.id(base);
  tape_.ids.push_back(id);
  tape_.values.push_back(point.data ? static_cast<uint32_t>(index) + 1 : 0);
  if (!rules_.empty()) done_[id] = 1;
  ids_.took(base);
}

Tape Keeper::take(System& system, const Outcome& outcome) {
  tape_.decisions.assign(system.decisions().begin(), system.decisions().end());
  tape_.outcome = outcome;
  return std::move(tape_);
}

}  // namespace lockstep
