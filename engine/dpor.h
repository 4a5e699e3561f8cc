// The state of the reduction (strategy_dpor.cpp) and of its parts (dpor_parts.cpp).
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "engine/dpor_mail.h"
#include "engine/dpor_tree.h"
#include "engine/images.h"
#include "engine/subtree.h"

namespace lockstep {

class Dpor final : public Subtree {
 public:
  explicit Dpor(const StrategyOptions& options) : reduce_(options.reduce) {}

  bool begin(uint64_t iteration, System& system) override;
  void end(const Outcome& outcome, System& system) override;
  bool resumed() const override { return images_.resumed(); }
  bool redundant() const override { return redundant_; }
  size_t choose(const ChoicePoint& point) override;
  double share() const override;
  void witness(Evidence& evidence) override;
  Parts split() override;
  std::vector<std::unique_ptr<Subtree>> surrender() override;
  void forget_images() override { images_.forget(); }

 private:
  struct Node {
    bool data = false;
    uint32_t count = 0;         // alternatives or values
    uint32_t chosen = 0;        // index or value
    uint32_t actors = 0;        // that existed
    uint32_t done = 0;          // branches
    std::vector<Step> pending;  // what could go; the root's end only if it was alone
    std::vector<Step> sleep;
    std::vector<Step> impossible;  // were owed here, but cannot go
    WakeupTree tree;
    std::vector<bool> tried;  // data: values taken so far
    uint64_t asker = 0;       // data: who asks

    Node bare() const;  // without tree
    double branches() const { return data ? count : static_cast<double>(done + tree.size()); }
  };
  // A node that no part owns any more: all its branches were given away.
  struct Trunk {
    std::shared_ptr<Trunk> above;
    Node node;          // `sleep` holds every branch that was given away
    double weight = 0;  // of a branch
  };
  // The place of a step among those of its actor.
  struct Turn {
    uint32_t before = 0;  // 1 + the decision of the actor's step before; 0: it is the first
    uint32_t nth = 1;
  };
  // What an actor could do when it was last asked about in this execution.
  struct Known {
    uint64_t execution = 0;
    Alternative of;
    std::vector<Footprint> extra;
    Step step;
  };
  // A sequence that has to be executed from a node above this part.
  struct Owed {
    size_t depth = 0;
    std::vector<Step> steps;
    std::vector<std::vector<size_t>> before;  // for each step those before it, as places in `steps`
  };
  using Pair = std::pair<size_t, size_t>;  // of steps
  static constexpr uint64_t kNever = UINT64_MAX;

  bool backtrack();
  void take(Node& node, size_t at);
  const Step* find(const Node& node, uint64_t who) const;
  bool settle(Node& node);
  void enter(Node& node, size_t at, const ChoicePoint& point);
  const Step& pending(const Alternative& a);
  bool pick_first(Node& node);
  bool asleep(const Node& node, const Step& step) const;
  Turn turn(size_t at, uint64_t who) const;
  void causes_of(size_t at, const Step& step);
  void append(size_t at, size_t count, const Step& step, std::vector<size_t>& races);
  void append_observed(size_t at, size_t count, const Step& step, std::vector<size_t>& races);
  void look_back();
  void show_to_observer(Sequence& v, size_t early, size_t late);
  bool matters(const Pair& sends) const;
  bool matters(size_t send, size_t other) const;
  bool repeats() const;
  void reverse(size_t early, size_t late, const Step& late_step, size_t count);
  std::shared_ptr<Trunk> trunk_at(size_t depth) const;
  void owe(size_t depth, Sequence&& v);
  void owe_timers(Node& node);
  void find_waiting();
  void consider_waiting();
  uint64_t key(ActorId actor);
  // Of a step, the same in every execution that has it.
  uint64_t name(size_t at) const {
    return mix64(steps_[at].who, turns_[at].nth << 8 | static_cast<uint64_t>(steps_[at].op.kind));
  }
  void start();
  static void put_to_sleep(Node& node, const Step& step);
  std::unique_ptr<Dpor> part(const std::shared_ptr<Trunk>& trunk, size_t at, Branch&& first) const;
  void give(const Owed& owed, std::vector<std::unique_ptr<Subtree>>& parts);

  const Reduce reduce_;
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  bool blocked_ = false;
  bool redundant_ = false;
  bool start_ = false;  // a part that has executed nothing yet: path_ ends with its first branch
  size_t at_ = 0;       // decisions made in this execution
  size_t depth_ = 0;    // decisions on the path
  size_t fresh_ = 0;    // the first decision that is new in this execution
  size_t base_ = 0;     // nodes above it belong to the trunk
  std::shared_ptr<Trunk> trunk_;  // the node just above
  std::vector<Owed> above_;
  Images images_;
  std::vector<Node> path_;
  std::vector<Step> steps_;  // that were taken, by decision: apart from the nodes since they are
  std::vector<Turn> turns_;  // gone through at every step
  Branch owed_;              // what follows it is what the next nodes have to execute
  uint64_t executions_ = 0;
  std::vector<Known> known_;  // by actor
  // What comes before what. Where mail is looked at, `observed_` is what counts as soon as an
  // execution has ended, and `order_` only what may have to count.
  HappensBefore& order() { return reduce_.needs_mail() ? observed_ : order_; }
  const HappensBefore& order() const { return reduce_.needs_mail() ? observed_ : order_; }
  HappensBefore order_, observed_;
  ObservedMail mail_;
  std::vector<Pair> equal_, kept_;  // steps that send equal messages: left unordered, ordered yet
  // What never came, with the number of steps that it follows.
  std::vector<std::pair<Step, size_t>> waiting_;
  std::vector<uint64_t> keys_;     // by actor
  std::vector<uint32_t> creator_;  // by actor: 1 + the decision that created it
  std::vector<std::pair<size_t, size_t>> races_;
  std::vector<size_t> direct_, found_;
  RacingPairs seen_;
};

}  // namespace lockstep
