// Breadth first by the number of deviations from a default scheduler: first the default schedule,
// then all that differ from it in one decision, then in two, up to --bound.
//
// Guarantee: the first failure needs the fewest deviations of all; when it runs out, no schedule
// with at most `bound` deviations fails. That is no proof beyond the bound. O((k b)^bound)
// schedules for k choice points of b alternatives, whatever the number of processes. Related: Emmi,
// Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011; Musuvathi, Qadeer, "Iterative context
// bounding", PLDI 2007 (a deviation is a preemption or another choice at a block).
//
// The default keeps the process that ran last; else the oldest process that can go, then signals,
// then timers; a choice takes its first value; nothing breaks. That is not the default of a shrunk
// failure (deviation.h), which goes round where a process yields, so numbers differ. A child adds
// one deviation after the last one of its parent, so every set is tried once.
#include <algorithm>
#include <deque>

#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Bounded final : public Strategy {
 public:
  explicit Bounded(const StrategyOptions& options)
      : bound_(static_cast<size_t>(std::max(options.bound, 0))) {
    skip_forced_ = true;
  }

  bool begin(uint64_t iteration, System&) override {
    next_ = 0;
    seen_.clear();
    if (iteration == iteration_) return true;
    const bool first = iteration_ == kNever;
    iteration_ = iteration;
    return first || next_child();
  }

  size_t choose(const ChoicePoint& point) override {
    if (point.count == 1) return 0;
    const uint32_t usual = default_of(point);
    if (next_ < deviations_.size() && deviations_[next_].step == point.step)
      return deviations_[next_++].choice;
    if (next_ == deviations_.size() && deviations_.size() < bound_)
      seen_.push_back({point.step, point.count, usual});
    return usual;
  }

  void end(const Outcome& outcome, System&) override {
    if (outcome.verdict == Verdict::suspect || seen_.empty()) return;
    parents_.push_back({deviations_, seen_, 0, 0});
  }

 private:
  struct Deviation {
    uint32_t step, choice;
  };
  struct Point {
    uint32_t step, count, usual;
  };
  struct Parent {
    std::vector<Deviation> deviations;
    std::vector<Point> points;  // after its last deviation
    size_t point;
    uint32_t choice;
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  static uint32_t default_of(const ChoicePoint& point) {
    if (point.data) return 0;
    if (point.has(point.last)) return point.position[point.last];
    uint32_t best = 0;
    for (uint32_t i = 1; i < point.count; i++) {
      const Alternative &a = point.alternatives[i], &b = point.alternatives[best];
      if (a.kind < b.kind || (a.kind == b.kind && a.actor < b.actor)) best = i;
    }
    return best;
  }
  bool next_child() {
    for (; !parents_.empty(); parents_.pop_front()) {
      Parent& p = parents_.front();
      for (; p.point < p.points.size(); p.point++, p.choice = 0) {
        const Point& at = p.points[p.point];
        if (p.choice == at.usual) p.choice++;
        if (p.choice >= at.count) continue;
        deviations_ = p.deviations;
        deviations_.push_back({at.step, p.choice++});
        return true;
      }
    }
    return false;
  }

  const size_t bound_;
  uint64_t iteration_ = kNever;
  std::vector<Deviation> deviations_;
  size_t next_ = 0;
  std::vector<Point> seen_;
  std::deque<Parent> parents_;  // in the order of their numbers of deviations
};

}  // namespace

const StrategyInfo kBoundedInfo = {
    "bounded",
    "breadth first by the number of deviations from a default scheduler",
    "the first failure is a smallest one; no failure within the bound when it runs out",
    "this project (2026); Emmi, Qadeer, Rakamaric (2011); Musuvathi, Qadeer (2007)",
    {.exhaustive = true, .unit = Unit::schedule, .bounded = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Bounded>(options);
    }};

}  // namespace lockstep
