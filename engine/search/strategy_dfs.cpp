// Naive exhaustive search: every schedule once, depth first. The oracle for every reduction.
//
// Guarantee: when it runs out, every schedule was executed exactly once: (p m)! / (m!)^p for p
// processes of m free steps. With a bound on preemptions: every schedule with at most so many
// switches away from an actor that could go on (Musuvathi, Qadeer, PLDI 2007).
#include "engine/base/error.h"
#include "engine/schedule/strategy_list.h"
#include "engine/search/images.h"
#include "engine/search/subtree.h"
#include "engine/search/tree_archive.h"

namespace lockstep {
namespace {

class Dfs final : public Subtree {
 public:
  Dfs(int preemptions, bool fair_spins) : preemptions_(preemptions) {
    skip_forced_ = true;
    fair_spins_ = fair_spins;
  }

  bool begin(uint64_t iteration, System& system) override {
    system_ = &system;
    images_.stay();
    at_rest_ = false;
    at_ = 0;
    if (iteration == iteration_) return true;
    const bool first = iteration_ == kNever;
    iteration_ = iteration;
    if (first) return true;
    while (path_.size() > base_ && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.size() == base_) return false;
    path_.back().chosen++;
    at_ = images_.go_back(system, path_.size() - 1, path_.back().step);
    at_rest_ = images_.at_rest();
    return true;
  }
  bool resumed() const override { return images_.resumed(); }
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
      auto part = std::make_unique<Dfs>(preemptions_, fair_spins_);
      part->path_.assign(path_.begin(), path_.begin() + static_cast<std::ptrdiff_t>(at + 1));
      part->path_[at].chosen = value;
      part->base_ = at + 1;
      part->weight = weight;
      out.parts.push_back(std::move(part));
    }
    return out;
  }
  std::unique_ptr<Subtree> afresh(const std::vector<uint64_t>&) const override {
    return std::make_unique<Dfs>(preemptions_, fair_spins_);
  }
  void forget_images() override { images_.forget(); }
  void save(TreeSaver& to) override { keep(to); }
  void load(TreeLoader& from) override {
    keep(from);
    if (base_ > path_.size()) throw Malformed{"a part of a tree is not on its path"};
  }

  size_t choose(const ChoicePoint& point) override {
    if (point.count == 1) return 0;
    if (at_ == path_.size()) enter(point);
    images_.passing(*system_, at_);
    const Node& node = path_[at_++];
    // The same prefix offers the same alternatives.
    LOCKSTEP_ASSERT(node.only != kAny || node.count == point.count);
    return node.only != kAny ? node.only : node.chosen;
  }

 private:
  struct Node {
    uint32_t count, chosen, step;
    uint32_t used = 0;     // preemptions before
    uint32_t last = kAny;  // the alternative that goes on with who went before, if it can
    uint32_t only = kAny;  // the one alternative left when the preemptions are used up
  };
  template <class A>
  friend void field(A& a, Node& n) {
    fields(a, n.count, n.chosen, n.step, n.used, n.last, n.only);
  }
  template <class A>
  void keep(A& a) {
    fields(a, weight, iteration_, base_, path_);
  }
  static constexpr uint32_t kAny = UINT32_MAX;
  static constexpr uint64_t kNever = UINT64_MAX;

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
    path_.push_back(node);
  }

  const int preemptions_;  // negative: any number
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  Images images_;
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
    {.exhaustive = true,
     .unit = Unit::schedule,
     .takes = kTakesSpins | kTakesPreemptions,
     .tree = true,
     .saves = true,
     .splits = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Dfs>(options.preemptions, options.fair_spins);
    }};

}  // namespace lockstep
