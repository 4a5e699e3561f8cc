// Depth-first search with sleep sets, and nothing else: the referee of every other reduction.
// Godefroid, "Partial-order methods for the verification of concurrent systems", 1996, chapter 5.
//
// Guarantee: when it runs out, every class of executions that differ only in the order of
// independent steps was executed to its end and counted once; others end half-way, sleep-set
// blocked. No race is reversed and there are no wakeup trees, so the only thing it takes on trust
// is the relation (dependent() of steps.h). It visits every state that depth-first search
// does.
//
// A crash never comes last: an execution ends where nothing but crashes could come. So a step that
// was the last of an execution may have to come after a crash that is independent of it, and what
// is asleep when the crash comes wakes up if it was such a step anywhere. That wakes more than is
// needed; executions of a class that there has been are redundant, and are known by their digests.
//
// Invariants
// 1. node.options[0 .. pick) are explored, asleep or both; [pick] is the branch under way.
// 2. Who sleeps is independent of every step taken since it was put to sleep, and is about to do
// what it was about to do then: a step whose footprint has changed is awake.
#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/relation/dependence.h"
#include "engine/schedule/strategy_list.h"
#include "engine/search/images.h"
#include "engine/search/steps.h"
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

  // What ended the execution while others could go on depends on all of them, and so the root's end
  // was put off for too long.
  void end(const Outcome& outcome, System& system) override {
    redundant_ = false;
    if (outcome.verdict == Verdict::stopped) return;
    if (system.ends_prevent()) {
      const auto blocked = system.blocked();
      if (std::any_of(blocked.begin(), blocked.end(),
                      [](const auto& b) { return is_crash(b.what); }))
        note_last();
      redundant_ = !classes_.insert(digest()).second;
    }
    if (outcome.verdict == Verdict::deadlock) return;
    size_t at = depth_;
    while (at > 0 && path_[at - 1].data) at--;
    if (at == 0) return;
    Node& last = path_[at - 1];
    last.options[last.pick].awake = true;
    if (last.root_end) last.options.push_back(*std::exchange(last.root_end, {}));
  }

  bool redundant() const override { return redundant_; }
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
    bool last;           // nothing but a crash could come after it, somewhere
    bool awake = false;  // depends on all, so it never sleeps
  };
  struct Sleeper {
    const Step* step;
    bool last;
  };
  struct Node {
    bool data = false;
    uint32_t count = 0;
    uint32_t pick = 0;               // place among the options, or the value
    std::vector<Option> options;     // empty for values
    std::optional<Option> root_end;  // put off: it shows nothing that is not seen if it is last
    std::vector<Sleeper> asleep;     // values: who slept before
    uint64_t asker = 0;              // values
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  void enter(Node& node, const ChoicePoint& point) {
    const std::vector<Sleeper> asleep = asleep_below();
    node.data = point.data;
    node.count = point.count;
    node.pick = 0;
    node.options.clear();
    node.asleep.clear();
    node.root_end.reset();
    if (point.data) {
      node.asleep = asleep;
      node.asker = system_->actor_key(point.last);
      return;
    }
    for (uint32_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      const Step* step = pool_.step(a, system_->actor_key(a.actor), *system_);
      if (ends_all(a) && point.count > 1) {
        node.root_end = Option{step, i, false, false, true};
        continue;
      }
      const auto sleeper = std::find_if(asleep.begin(), asleep.end(),
                                        [step](const Sleeper& s) { return s.step == step; });
      const bool sleeps = sleeper != asleep.end();
      node.options.push_back({step, i, sleeps, sleeps && sleeper->last});
    }
    for (const Sleeper& s : asleep) LOCKSTEP_CHECK(can_go(point, *s.step));
  }

  // Can its actor, at that choice point? No step that a sleeper is independent of keeps it from
  // going (invariant 2).
  bool can_go(const ChoicePoint& point, const Step& step) const {
    return std::any_of(
        point.alternatives.begin(), point.alternatives.end(),
        [&](const Alternative& a) { return system_->actor_key(a.actor) == step.actor_key; });
  }

  // Who sleeps after the last node's branch.
  std::vector<Sleeper> asleep_below() const {
    std::vector<Sleeper> asleep;
    if (depth_ == 0) return asleep;
    const Node& node = path_[depth_ - 1];
    if (node.data) return node.asleep;
    const Step& taken = *node.options[node.pick].step;
    for (uint32_t i = 0; i < node.options.size(); i++) {
      const Option& o = node.options[i];
      if (i != node.pick && !o.awake && (o.asleep || i < node.pick) &&
          !(o.last && is_crash(taken)) && !dependent(*o.step, taken, {}))
        asleep.push_back({o.step, o.last});
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

  const Step& taken(size_t at) const { return *path_[at].options[path_[at].pick].step; }

  // The execution's steps that could each have been its last: nothing that depends on them follows.
  void note_last() {
    for (size_t i = 0; i < depth_; i++) {
      if (path_[i].data) continue;
      bool last = true;
      for (size_t j = i + 1; j < depth_ && last; j++) last = path_[j].data || !before(i, j);
      if (last) path_[i].options[path_[i].pick].last = true;
    }
  }
  bool before(size_t early, size_t late) const {
    return taken(early).actor_key == taken(late).actor_key ||
           dependent(taken(early), taken(late), {});
  }

  // Of the execution's class: who did what, and after which other steps that it depends on.
  uint64_t digest() const {
    std::unordered_map<uint64_t, uint32_t> count;
    std::vector<uint64_t> names(depth_);
    uint64_t sum = 0;
    for (size_t i = 0; i < depth_; i++) {
      const Node& node = path_[i];
      const uint64_t who = node.data ? node.asker : taken(i).actor_key;
      names[i] = mix64(who, ++count[who]);
      uint64_t own = node.data ? mix64(names[i], node.pick) : names[i], after = 0;
      for (size_t j = 0; j < i && !node.data; j++)
        if (!path_[j].data && before(j, i)) after += names[j];
      sum += mix64(own, after);
    }
    return sum;
  }

  StepPool pool_{false};
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  Images images_;
  std::vector<Node> path_;  // [0 .. depth_): choice points of the execution under way
  size_t depth_ = 0;
  size_t at_ = 0;                         // of these, passed in this execution
  std::unordered_set<uint64_t> classes_;  // digests, where something may crash
  bool redundant_ = false;
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
