// Naive exhaustive search: every schedule once, depth first. The oracle for every reduction.
//
// Guarantee: when it runs out, every schedule was executed exactly once: (p m)! / (m!)^p for p
// processes of m free steps. It goes back by images kept at geometric distances on the current path
// (every node for the last 8, every 8th for the last 64, every 64th beyond), and by running again
// where the system keeps no images.
#include "engine/error.h"
#include "engine/strategy_list.h"

namespace lockstep {
namespace {

class Dfs final : public Strategy {
 public:
  Dfs() {
    at_rest_ = true;
    skip_forced_ = true;
  }

  bool begin(uint64_t iteration, System& system) override {
    system_ = &system;
    resumed_ = false;
    at_ = 0;
    if (iteration == iteration_) return true;
    const bool first = iteration_ == kNever;
    iteration_ = iteration;
    if (first) return true;
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.empty()) return false;
    path_.back().chosen++;
    for (size_t i = path_.size(); i-- > 0 && !resumed_;) {
      if (!path_[i].mark) continue;
      system.restore(*path_[i].mark);
      at_ = i;
      resumed_ = true;
    }
    return true;
  }
  bool resumed() const override { return resumed_; }

  size_t choose(const ChoicePoint& point) override {
    if (point.count == 1) return 0;
    if (at_ == path_.size()) {
      path_.push_back({point.count, 0, point.step, nullptr});
      mark_last();
    }
    LOCKSTEP_ASSERT(path_[at_].count ==
                    point.count);  // the same prefix offers the same alternatives
    return path_[at_++].chosen;
  }

 private:
  struct Node {
    uint32_t count, chosen, step;
    std::unique_ptr<Mark> mark;
  };
  static constexpr uint64_t kNever = UINT64_MAX;
  static constexpr uint32_t kSpacing = 8;  // steps that cost about as much as an image

  void mark_last() {
    if (!images_ || path_.back().step < last_marked_below(path_.size() - 1) + kSpacing) return;
    path_.back().mark = system_->save();
    images_ = path_.back().mark != nullptr;
    const size_t i = path_.size() - 1;
    if (i >= 8 && (i - 8) % 8 != 0) path_[i - 8].mark.reset();
    if (i >= 64 && (i - 64) % 64 != 0) path_[i - 64].mark.reset();
  }
  uint32_t last_marked_below(size_t i) const {
    while (i-- > 0)
      if (path_[i].mark) return path_[i].step;
    return 0;
  }

  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  bool resumed_ = false;
  bool images_ = true;
  size_t at_ = 0;           // choice points of this execution that path_ has decided
  std::vector<Node> path_;  // choice points with at least two alternatives
};

}  // namespace

const StrategyInfo kDfsInfo = {
    "dfs",
    "every schedule, depth first, without reduction",
    "when it runs out, every schedule was executed",
    "Godefroid: Model checking for programming languages using VeriSoft (1997)",
    {.exhaustive = true, .tree = true},
    [](const StrategyOptions&) -> std::unique_ptr<Strategy> { return std::make_unique<Dfs>(); }};

}  // namespace lockstep
