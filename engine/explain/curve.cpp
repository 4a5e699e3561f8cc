#include "engine/explain/curve.h"

#include <algorithm>
#include <map>

#include "engine/explain/path.h"

namespace lockstep {
namespace {

constexpr uint32_t kFewest = 8;         // tries at a state, where executions are very long
constexpr uint64_t kFewestPlaces = 16;  // that are looked at first
constexpr uint32_t kMostRounds = 64;    // of looking closer

class Search {
 public:
  Search(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
         const CurveOptions& options)
      : system_(system),
        failing_(failing),
        options_(options),
        path_(system, seed, iteration, failing.decisions),
        continuations_(system, failing.outcome, mix64(seed, iteration)) {}

  Curve all() {
    if (failing_.outcome.at_bound()) return not_told("it ends at a bound");
    if (!find_places()) return not_told("the execution could not be followed");
    coarse();
    if (curve_.executions == 0 && places_.size() > 1 && !curve_.cut)
      return not_told("its states cannot be saved");
    for (uint32_t round = 0; round < kMostRounds && closer() && !spent(); round++) {
    }
    return settle();
  }

 private:
  using Points = std::map<size_t, CurvePoint>;  // by index of places_

  Curve not_told(std::string reason) {
    curve_.reason = std::move(reason);
    return std::move(curve_);
  }
  bool stopped() {
    curve_.cut |= system_.cut() || (options_.interrupted && *options_.interrupted);
    return curve_.cut;
  }
  bool spent() {
    if (decisions_ >= options_.max_decisions) curve_.budget_ended = true;
    return stopped() || curve_.budget_ended;
  }

  // The states between which something else could have gone.
  bool find_places() {
    const auto steps = path_.size();
    std::vector<bool> chosen(steps + 1);
    const bool came = path_.look(0, steps, [&](uint32_t step, const ChoicePoint* point) {
      chosen[step] = point != nullptr && point->count > 1;
    });
    if (!came || (steps > 0 && chosen[steps])) return false;
    places_.push_back(0);
    for (uint32_t step = 0; step < steps; step++)
      if (chosen[step]) places_.push_back(step + 1);
    const size_t last = places_.size() - 1;
    points_[last].step = places_[last];
    points_[last].forced = true;
    return true;
  }

  // Up to `wanted` tries at that place.
  void sample(size_t place, uint32_t wanted) {
    CurvePoint& point = points_[place];
    point.step = places_[place];
    if (point.forced || point.tally.tried >= wanted || spent()) return;
    if (last_mark_ != place || !mark_) mark_ = path_.mark(point.step);
    last_mark_ = place;
    if (!mark_) {
      curve_.cut |= system_.cut();
      return;
    }
    for (uint64_t n = point.tally.tried; n < wanted && !spent(); n++) {
      const Outcome outcome = continuations_.from(*mark_, place << 32 | n, &point.tally);
      if (stopped()) return;
      curve_.executions++;
      decisions_ += system_.decisions().size() - point.step;
      if (outcome.verdict == Verdict::runaway || outcome.verdict == Verdict::stopped)
        decisions_ += options_.max_decisions / 3 + 1;
    }
  }

  // All places, or some at equal distances, by half of the budget. Of long executions fewer places
  // rather than fewer tries: the greatest of many differences that say little is chance.
  void coarse() {
    uint64_t cost = 0;  // of one try at each
    for (const uint32_t step : places_) cost += path_.size() - step + 1;
    const uint64_t half = options_.max_decisions / 2 + 1;
    const uint64_t few = std::max<uint64_t>(cost * kFewestPlaces / places_.size(), 1);
    const auto tries = static_cast<uint32_t>(
        std::clamp<uint64_t>(half / few, kFewest, std::max(kFewest, options_.tries)));
    const auto stride = static_cast<size_t>((cost * tries + half - 1) / half);
    for (size_t i = 0; i + 1 < places_.size() && !stopped(); i += stride)
      if (decisions_ < half || i == 0) sample(i, tries);
  }

  // Its place and the one before among those looked at; end if nothing rises.
  std::pair<Points::iterator, Points::iterator> greatest_rise() {
    auto best = std::pair(points_.end(), points_.end());
    double most = 0;
    for (auto a = points_.begin(), b = std::next(a); b != points_.end(); a = b++)
      if (const double rise = b->second.share() - a->second.share(); rise > most)
        most = rise, best = {a, b};
    return best;
  }
  Points::iterator first_without_return() {
    auto first = std::prev(points_.end());
    while (first != points_.begin() && std::prev(first)->second.always()) --first;
    return first;
  }
  // Something was tried that makes the answer surer.
  bool surer(Points::iterator before, Points::iterator at) {
    const size_t a = before->first, b = at->first;
    const uint64_t then = curve_.executions;
    if (b - a > 1) {
      sample(a + (b - a) / 2, options_.tries);
    } else {
      sample(a, options_.sure);
      sample(b, options_.sure);
    }
    return curve_.executions != then;
  }
  bool closer() {
    const auto first = first_without_return();
    if (!first->second.forced && first->second.tally.tried < options_.sure) {
      sample(first->first, options_.sure);
      return true;
    }
    if (first != points_.begin() && first->first - std::prev(first)->first > 1 &&
        surer(std::prev(first), first))
      return true;
    const auto [before, at] = greatest_rise();
    if (at != points_.end() && surer(before, at)) return true;
    const uint64_t then = curve_.executions;
    sample(0, options_.sure);
    return curve_.executions != then;
  }

  Curve settle() {
    std::erase_if(points_,
                  [](const auto& p) { return !p.second.forced && p.second.tally.tried == 0; });
    const auto [before, at] = greatest_rise();
    const size_t first = first_without_return()->first;
    const size_t top = at == points_.end() ? places_.size() : at->first;
    for (const auto& [place, point] : points_) {
      if (place == first) curve_.no_return = curve_.points.size();
      if (place == top) curve_.rise = curve_.points.size();
      curve_.points.push_back(point);
    }
    const auto known = [&](const CurvePoint& p) {
      return p.forced || p.tally.tried >= options_.sure;
    };
    if (curve_.rise)
      curve_.clear = before->second.interval().high < at->second.interval().low &&
                     known(before->second) && known(at->second) && at->first - before->first == 1;
    return std::move(curve_);
  }

  System& system_;
  const Recording& failing_;
  const CurveOptions& options_;
  Path path_;
  Continuations continuations_;
  std::vector<uint32_t> places_;
  Points points_;
  std::unique_ptr<Mark> mark_;
  size_t last_mark_ = 0;
  uint64_t decisions_ = 0;
  Curve curve_;
};

}  // namespace

Curve failure_curve(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                    const CurveOptions& options) {
  const CountInstructions counting(system, failing.outcome.verdict == Verdict::runaway);
  return Search(system, seed, iteration, failing, options).all();
}

}  // namespace lockstep
