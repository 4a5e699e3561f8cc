// Naive exhaustive search: every schedule once, depth first. The oracle for every reduction.
//
// Guarantee: when it runs out, every schedule was executed exactly once: (p m)! / (m!)^p for p
// processes of m free steps. It goes back by images kept at geometric distances on the current path
// (every node for the last 8, every 8th for the last 64, every 64th beyond), and by running again
// where the system keeps no images. With a bound on preemptions: every schedule with at most so
// many switches away from an actor that could go on (Musuvathi, Qadeer, PLDI 2007).
#include "engine/error.h"
#include "engine/strategy_list.h"
#include "engine/subtree.h"

namespace lockstep {
namespace {

class Dfs final : public Subtree {
 public:
  explicit Dfs(int preemptions) : preemptions_(preemptions) { skip_forced_ = true; }

  bool begin(uint64_t iteration, System& system) override {
    system_ = &system;
    resumed_ = false;
    at_ = 0;
    if (iteration == iteration_) return true;
    at_rest_ = !path_.empty() && path_.back().step > kSpacing;  // else running again is faster
    const bool first = iteration_ == kNever;
    iteration_ = iteration;
    if (first) return true;
    while (path_.size() > base_ && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.size() == base_) return false;
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
  double share() const override {
    double done = 0, part = 1;
    for (size_t i = base_; i < path_.size(); i++) {
      done += part * path_[i].chosen / path_[i].count;
      part /= path_[i].count;
    }
    return iteration_ == kNever ? 0 : done + part;
  }
  Parts split() override {
    Parts out;
    size_t at = base_;
    while (at < path_.size() && path_[at].chosen + 1 == path_[at].count) at++;
    if (iteration_ == kNever || at == path_.size()) return out;
    for (size_t i = base_; i <= at; i++) {
      out.done += weight * path_[i].chosen / path_[i].count;
      weight /= path_[i].count;
    }
    base_ = at + 1;
    for (uint32_t value = path_[at].chosen + 1; value < path_[at].count; value++) {
      auto part = std::make_unique<Dfs>(preemptions_);
      for (size_t i = 0; i <= at; i++) {
        const Node& n = path_[i];
        part->path_.push_back({n.count, n.chosen, n.step, nullptr, n.used, n.last, n.only});
      }
      part->path_[at].chosen = value;
      part->base_ = at + 1;
      part->weight = weight;
      out.parts.push_back(std::move(part));
    }
    return out;
  }
  void forget_images() override {
    for (Node& node : path_) node.mark.reset();
    images_ = true;
  }

  size_t choose(const ChoicePoint& point) override {
    if (point.count == 1) return 0;
    if (at_ == path_.size()) {
      enter(point);
      mark_last();
    }
    const Node& node = path_[at_++];
    // The same prefix offers the same alternatives.
    LOCKSTEP_ASSERT(node.only != kAny || node.count == point.count);
    return node.only != kAny ? node.only : node.chosen;
  }

 private:
  struct Node {
    uint32_t count, chosen, step;
    std::unique_ptr<Mark> mark = nullptr;
    uint32_t used = 0;     // preemptions before
    uint32_t last = kAny;  // the alternative that goes on with who went before, if it can
    uint32_t only = kAny;  // the one alternative left when the preemptions are used up
  };
  static constexpr uint32_t kAny = UINT32_MAX;
  static constexpr uint64_t kNever = UINT64_MAX;
  static constexpr uint32_t kSpacing = 32;  // steps that cost about as much as an image

  void enter(const ChoicePoint& point) {
    Node node{point.count, 0, point.step};
    if (!path_.empty()) {
      const Node& b = path_.back();
      node.used = b.used + (b.only == kAny && b.last != kAny && b.chosen != b.last);
    }
    if (preemptions_ >= 0 && !point.data) {
      if (point.last != kNoActor && point.has(point.last)) node.last = point.position[point.last];
      if (node.last != kAny && node.used >= static_cast<uint32_t>(preemptions_)) {
        node.only = node.last;
        node.count = 1;
      }
    }
    path_.push_back(std::move(node));
  }

  void mark_last() {
    if (!images_ || !at_rest_ || path_.back().step < last_marked_below(path_.size() - 1) + kSpacing)
      return;
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

  const int preemptions_;  // negative: any number
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  bool resumed_ = false;
  bool images_ = true;
  size_t base_ = 0;         // choice points above belong to other parts as well
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
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Dfs>(options.preemptions);
    }};

}  // namespace lockstep
