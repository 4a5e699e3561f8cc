#include "engine/trace/deviation.h"

#include <algorithm>
#include <tuple>

#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/relation/dependence.h"
#include "engine/trace/replay.h"

namespace lockstep {
namespace {

constexpr uint32_t kMostValues = 64;  // of one data choice, listed as untaken

}  // namespace

size_t DefaultScheduler::pick(const ChoicePoint& point) const {
  if (point.data) return 0;
  const auto& all = point.alternatives;
  const bool here = point.has(current_) && all[point.position[current_]].kind == AltKind::step;
  if (here && !yielded_) return point.position[current_];
  size_t best = 0;
  auto rank = [&](const Alternative& a) {
    const bool younger = yielded_ && a.kind == AltKind::step && a.actor > current_;
    return std::tuple(a.kind, !younger, a.actor);
  };
  for (size_t i = 1; i < all.size(); i++)
    if (rank(all[i]) < rank(all[best])) best = i;
  return best;
}

void DefaultScheduler::took(const ChoicePoint& point, size_t index) {
  if (point.data) return;
  const Alternative& a = point.alternatives[index];
  if (a.kind != AltKind::step) return;
  current_ = a.actor;
  yielded_ = a.op.kind == OpKind::yield;
}

uint64_t ActorKeys::operator()(ActorId actor) {
  if (actor == kNoActor) return 0;
  if (actor >= keys_.size()) keys_.resize(actor + 1);
  uint64_t& key = keys_[actor];
  if (key == 0) key = system_->actor_key(actor);
  if (key == 0) key = mix64(actor, ~uint64_t{0}) | 1;
  return key;
}

void DeviationEncoder::begin(const System& system) {
  scheduler_.begin();
  keys_.begin(system);
  own_.clear();
  seen_.clear();
  stepped_ = kNoActor;
  deviations_.clear();
  at_.clear();
  size_ = {};
}

Deviation DeviationEncoder::moment(const ChoicePoint& point) {
  Deviation d;
  d.actor = keys_(point.last);
  d.own = point.last < own_.size() ? own_[point.last] : 0;
  return d;
}

Deviation DeviationEncoder::deviation(const ChoicePoint& point, size_t index) {
  Deviation d = moment(point);
  d.kind = point.data ? AltKind::data : point.alternatives[index].kind;
  d.instead = point.data ? index : keys_(point.alternatives[index].actor);
  return d;
}

// The process that stepped last has more to do than to end.
bool DeviationEncoder::could_go_on(const ChoicePoint& point) const {
  if (!point.has(stepped_)) return false;
  const Alternative& next = point.alternatives[point.position[stepped_]];
  return next.kind == AltKind::step && next.op.kind != OpKind::exit;
}

void DeviationEncoder::took(const ChoicePoint& point, size_t index, size_t default_index) {
  if (index != default_index) {
    const Deviation d = deviation(point, index);
    LOCKSTEP_CHECK(std::none_of(  // a moment names one choice point (invariant 2)
        deviations_.begin(), deviations_.end(),
        [&](const Deviation& x) { return x.actor == d.actor && x.own == d.own; }));
    deviations_.push_back(d);
    at_.push_back(size_.steps);
    size_.deviations++;
  }
  scheduler_.took(point, index);
  size_.steps++;
  ActorId actor = point.last;
  if (!point.data) {
    const Alternative& a = point.alternatives[index];
    actor = a.actor;
    if (a.kind == AltKind::fault) size_.faults++;
    if (a.kind == AltKind::step) {
      if (stepped_ != kNoActor && stepped_ != actor) {
        size_.switches++;
        if (could_go_on(point)) size_.preemptions++;
      }
      stepped_ = actor;
      if (a.process >= seen_.size()) seen_.resize(a.process + 1);
      if (!seen_[a.process]) size_.processes++;
      seen_[a.process] = true;
    }
  }
  if (actor == kNoActor) return;
  if (actor >= own_.size()) own_.resize(actor + 1);
  own_[actor]++;
}

void DeviationChooser::begin(const System& system, std::span<const Deviation> set,
                             Branches* branches) {
  encoder_.begin(system);
  set_.assign(set.begin(), set.end());
  branches_ = branches;
  if (branches) *branches = {};
}

size_t DeviationChooser::find(const ChoicePoint& point) {
  constexpr size_t kNone = Chooser::kStop;
  if (set_.empty()) return kNone;
  const Deviation m = encoder_.moment(point);
  auto it =
      std::lower_bound(set_.begin(), set_.end(), m, [](const Deviation& a, const Deviation& b) {
        return std::tie(a.actor, a.own) < std::tie(b.actor, b.own);
      });
  for (; it != set_.end() && it->actor == m.actor && it->own == m.own; ++it) {
    if (point.data != (it->kind == AltKind::data)) continue;
    if (point.data) {
      if (it->instead < point.count) return it->instead;
      continue;
    }
    for (size_t i = 0; i < point.alternatives.size(); i++) {
      const Alternative& a = point.alternatives[i];
      if (a.kind == it->kind && encoder_.keys()(a.actor) == it->instead) return i;
    }
  }
  return kNone;
}

void DeviationChooser::note(const ChoicePoint& point, size_t usual, size_t pick) {
  Executed now;
  if (point.data) {
    now.actor = point.last;
    now.kind = AltKind::data;
  } else {
    const Alternative& a = point.alternatives[pick];
    now.actor = a.actor;
    now.kind = a.kind;
    now.op = a.op.kind;
    each_footprint(a, [&](const Footprint& f) { now.footprints.push_back(f); });
  }
  branches_->executed.push_back(std::move(now));
  // Those passed over before the last deviation of the set belong to its other subsets.
  if (pick != usual || encoder_.deviations().size() < set_.size()) return;
  if (point.data && point.count > kMostValues) branches_->complete = false;
  const size_t count = point.data ? std::min(point.count, kMostValues) : point.alternatives.size();
  for (size_t i = 0; i < count; i++)
    if (i != usual)
      branches_->untaken.push_back({encoder_.deviation(point, i), encoder_.size().steps});
}

size_t DeviationChooser::choose(const ChoicePoint& point) {
  const size_t usual = encoder_.default_pick(point);
  size_t pick = find(point);
  if (pick == kStop) pick = usual;
  if (branches_) note(point, usual, pick);
  encoder_.took(point, pick, usual);
  return pick;
}

namespace {

class EncodingChooser : public Chooser {
 public:
  explicit EncodingChooser(std::span<const Decision> schedule) : replay(schedule) {}
  size_t choose(const ChoicePoint& point) override {
    const size_t i = replay.choose(point);
    if (i != kStop) encoder.took(point, i, encoder.default_pick(point));
    return i;
  }
  DeviationEncoder encoder;
  Replay replay;
};

Encoding finish(const System& system, DeviationEncoder& encoder, const Outcome& outcome) {
  Encoding e;
  e.deviations = encoder.deviations();
  e.at = encoder.at();
  for (const Decision& d : system.decisions()) e.keys.push_back(encoder.keys()(d.actor));
  e.size = encoder.size();
  e.outcome = outcome;
  return e;
}

}  // namespace

Encoding encode_schedule(System& system, uint64_t seed, uint64_t iteration,
                         std::span<const Decision> schedule) {
  const std::vector<Decision> copy(schedule.begin(), schedule.end());  // it may be the system's own
  EncodingChooser chooser(copy);
  system.begin(seed, iteration);
  chooser.encoder.begin(system);
  const Outcome outcome = system.run(chooser);
  Encoding e = finish(system, chooser.encoder, outcome);
  e.followed = !chooser.replay.divergence() && e.size.steps == copy.size();
  return e;
}

Encoding run_deviations(System& system, uint64_t seed, uint64_t iteration,
                        std::span<const Deviation> set, Branches* branches) {
  std::vector<Deviation> sorted(set.begin(), set.end());
  std::sort(sorted.begin(), sorted.end());
  DeviationChooser chooser;
  system.begin(seed, iteration);
  chooser.begin(system, sorted, branches);
  const Outcome outcome = system.run(chooser);
  Encoding e = finish(system, chooser.encoder(), outcome);
  e.followed = e.deviations.size() == sorted.size();
  return e;
}

}  // namespace lockstep
