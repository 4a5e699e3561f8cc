// Depth-first search with sleep sets, and nothing else: the referee of every other reduction.
// Godefroid, "Partial-order methods for the verification of concurrent systems", 1996, chapter 5.
//
// Guarantee: when it runs out, every class of executions that differ only in the order of
// independent steps was executed to its end exactly once; others end half-way, sleep-set blocked.
// No race is reversed and there are no wakeup trees, so the only thing it takes on trust is the
// relation (dependent() of dpor_steps.h). It visits every state that depth-first search does.
//
// Invariants
// 1. node.options[0 .. pick) are explored, asleep or both; [pick] is the branch under way.
// 2. Who sleeps is independent of every step taken since it was put to sleep, and is about to do
// what it was about to do then: a step whose footprint has changed is awake.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/relation/dependence.h"
#include "engine/schedule/strategy_list.h"
#include "engine/search/dpor_steps.h"
#include "engine/search/images.h"
#include "engine/search/subtree.h"

namespace lockstep {
namespace {

class SleepSets final : public Subtree {
 public:
  explicit SleepSets(const StrategyOptions& options) { fair_spins_ = options.fair_spins; }

  bool begin(uint64_t iteration, System& system) override {
    system_ = &system;
    images_.stay();
    at_rest_ = false;
    at_ = 0;
    const bool again = iteration == iteration_, first = iteration_ == kNever;
    iteration_ = iteration;
    if (again || first) return true;
    while (depth_ > 0 && !next(path_[depth_ - 1])) depth_--;
    if (depth_ == 0) return false;
    at_ = images_.go_back(system, depth_ - 1, static_cast<uint32_t>(depth_ - 1));
    at_rest_ = images_.at_rest();
    return true;
  }

  // What ended the execution while others could go on depends on all of them.
  void end(const Outcome& outcome, System&) override {
    if (outcome.verdict == Verdict::stopped || outcome.verdict == Verdict::deadlock) return;
    size_t at = depth_;
    while (at > 0 && path_[at - 1].data) at--;
    if (at > 0) path_[at - 1].options[path_[at - 1].pick].awake = true;
  }

  bool resumed() const override { return images_.resumed(); }
  double share() const override {
    double done = 0, part = 1;
    for (size_t i = 0; i < depth_; i++) {
      done += part * path_[i].pick / path_[i].count;
      part /= path_[i].count;
    }
    return iteration_ == kNever ? 0 : done + part;
  }
  Parts split() override { return {}; }
  void forget_images() override { images_.forget(); }

  size_t choose(const ChoicePoint& point) override {
    if (at_ < depth_) {
      const Node& node = path_[at_];
      LOCKSTEP_ASSERT(node.count == point.count && node.data == point.data);
      images_.passing(*system_, at_++);
      return node.data ? node.pick : node.options[node.pick].index;
    }
    if (path_.size() == depth_) path_.emplace_back();
    Node& node = path_[depth_];
    enter(node, point);
    if (!node.data && (node.options.empty() || !awake_from(node, 0))) return kStop;
    at_ = ++depth_;
    return node.data ? node.pick : node.options[node.pick].index;
  }

 private:
  struct Option {
    const Step* step;
    uint32_t index;      // among the alternatives
    bool asleep;         // when the node was entered
    bool awake = false;  // depends on all, so it never sleeps
  };
  struct Node {
    bool data = false;
    uint32_t count = 0;
    uint32_t pick = 0;                // place among the options, or the value
    std::vector<Option> options;      // empty for values
    std::vector<const Step*> asleep;  // values: who slept before
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  void enter(Node& node, const ChoicePoint& point) {
    const std::vector<const Step*> asleep = asleep_below();
    node.data = point.data;
    node.count = point.count;
    node.pick = 0;
    node.options.clear();
    node.asleep.clear();
    if (point.data) {
      node.asleep = asleep;
      return;
    }
    for (uint32_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      if (ends_all(a) && point.count > 1) continue;  // shows nothing that is not seen if it is last
      const Step* step = pool_.step(a, system_->actor_key(a.actor), *system_);
      node.options.push_back(
          {step, i, std::find(asleep.begin(), asleep.end(), step) != asleep.end()});
    }
  }

  // Who sleeps after the last node's branch.
  std::vector<const Step*> asleep_below() const {
    std::vector<const Step*> asleep;
    if (depth_ == 0) return asleep;
    const Node& node = path_[depth_ - 1];
    if (node.data) return node.asleep;
    const Step& taken = *node.options[node.pick].step;
    for (uint32_t i = 0; i < node.options.size(); i++) {
      const Option& o = node.options[i];
      if (i != node.pick && !o.awake && (o.asleep || i < node.pick) &&
          !dependent(*o.step, taken, {}))
        asleep.push_back(o.step);
    }
    return asleep;
  }

  static bool awake_from(Node& node, uint32_t pick) {
    for (; pick < node.options.size(); pick++)
      if (!node.options[pick].asleep) {
        node.pick = pick;
        return true;
      }
    return false;
  }

  // The node's next branch; false if there is none.
  static bool next(Node& node) {
    if (node.data) return ++node.pick < node.count;
    return awake_from(node, node.pick + 1);
  }

  StepPool pool_{false};
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  Images images_;
  std::vector<Node> path_;  // [0 .. depth_): choice points of the execution under way
  size_t depth_ = 0;
  size_t at_ = 0;  // of these, passed in this execution
};

}  // namespace

const StrategyInfo kSleepInfo = {
    "sleep",
    "depth first with sleep sets alone: the referee of the other reductions",
    "when it runs out, every class was executed to its end, each once",
    "Godefroid: Partial-order methods for the verification of concurrent systems (1996)",
    {.exhaustive = true, .takes = kTakesSpins, .tree = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<SleepSets>(options);
    }};

}  // namespace lockstep
