// The state of the reduction (strategy_dpor.cpp), of races reversed (dpor_reverse.cpp), of
// disabled events (dpor_disabled.cpp) and of parts (dpor_parts.cpp).
#pragma once
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/search/dpor_mail.h"
#include "engine/search/dpor_tree.h"
#include "engine/search/images.h"
#include "engine/search/subtree.h"

namespace lockstep {

class Dpor final : public Subtree {
 public:
  explicit Dpor(const StrategyOptions& options)
      : Dpor(options.reduce, StepPool(options.reduce.equal_writes), options.fair_spins) {}
  Dpor(const Reduce& reduce, StepPool pool, bool fair_spins)
      : reduce_(reduce), pool_(std::move(pool)) {
    fair_spins_ = fair_spins;
  }

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
    bool expanded = false;         // everything that can go was added to the tree
    bool last = false;             // the step being explored was the last one: Step::last
    bool by_mail = false;          // it, or one before it, meets another in a mailbox alone
    uint32_t count = 0;            // alternatives or values
    uint32_t chosen = 0;           // index or value
    uint32_t actors = 0;           // that existed
    uint32_t done = 0;             // branches
    std::vector<Pending> pending;  // what could go; the root's end only if it was alone
    Pending root_end;              // ... if it was not
    Sleepers sleep;
    std::vector<const Step*> impossible;  // were in the tree, but cannot go
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
  // What an actor could do when it was last asked about in this execution.
  struct Known {
    uint64_t execution = 0;
    Alternative of;
    std::vector<Footprint> extra;
    const Step* step = nullptr;
  };
  // A sequence that has to be executed from a node above this part.
  struct WakeupSequence {
    size_t depth = 0;
    std::vector<const Step*> steps;
    std::vector<std::pair<uint32_t, uint32_t>> order;  // who is before whom, as places in `steps`
    bool unsure = false;                               // Sequence::unsure
    bool whole = false;                                // added even if redundant
    const Step* marked = nullptr;                      // Step::last or final: as it sleeps there
    bool operator==(const WakeupSequence&) const = default;
  };
  using Pair = std::pair<size_t, size_t>;  // of steps
  static constexpr uint64_t kNever = UINT64_MAX;

  bool backtrack();
  void take(Node& node, size_t at);
  static const Pending* find(const Node& node, uint64_t actor_key);
  bool settle(Node& node);
  void enter(Node& node, size_t at, const ChoicePoint& point);
  void add_below_value(Node& node);
  Pending pending(const Alternative& a, uint32_t index);
  bool pick_first(Node& node);
  static bool asleep(const Node& node, const Step& step) { return node.sleep.has(step.actor_key); }
  static bool in_wakeup_tree(const Node& node, const Step& step);
  size_t latest(size_t at, uint64_t actor_key) const;
  uint32_t possible_since(size_t at, uint64_t actor_key) const;
  void causes_of(size_t at, const Taken& taken);
  void append(size_t at, size_t count, const Taken& taken, std::vector<size_t>& races);
  void append_to_path(size_t at);
  void leave_out_declarations(const Step& step, std::vector<size_t>& races) const;
  void append_observed(size_t at, size_t count, const Taken& taken, std::vector<size_t>& races);
  void look_back();
  void show_to_observer(Sequence& v, size_t early, size_t late);
  bool matters(const Pair& sends) const;
  bool matters(size_t send, size_t other) const;
  bool repeats() const;
  void reverse(size_t early, size_t late, const Taken& last, size_t count);
  std::shared_ptr<Trunk> trunk_at(size_t depth) const;
  void add_wakeup(size_t at, Sequence& v);
  void expand(size_t at);
  void add_wakeup_above(size_t depth, const Sequence& v);
  void add_timers(Node& node);
  void see_timers(const Node& node, size_t at);
  void see_races();
  void reverse_races();
  void find_disabled(const Outcome& outcome);
  bool crash_waits() const;
  size_t ending(const Outcome& outcome) const;
  void reverse_disabled();
  void order_disabled(const Taken& taken, size_t count);
  void reverse_late(size_t early, const Taken& taken);
  void add_crash(const Taken& crash, size_t count);
  uint64_t key(ActorId actor);
  bool depends(size_t at, const Step& late) const {
    return dependent(*steps_[at].step, late, reduce_.equal_writes);
  }
  // Of a step, the same in every execution that has it.
  static uint64_t name(const Step& step, uint32_t nth) {
    return mix64(step.actor_key, nth << 8 | static_cast<uint64_t>(step.op.kind));
  }
  uint64_t name(size_t at) const { return name(*steps_[at].step, steps_[at].nth); }
  // Both could come there: one is taken, and the other comes after it or not at all.
  void saw_before(size_t at, const Step& other) {
    const size_t before = latest(at, other.actor_key);
    seen_.saw(name(at), name(other, before ? steps_[before - 1].nth + 1 : 1));
  }
  void start();
  std::unique_ptr<Dpor> part(const std::shared_ptr<Trunk>& trunk, size_t at, Branch&& first) const;
  void give(const WakeupSequence& wakeup, std::vector<std::unique_ptr<Subtree>>& parts);

  const Reduce reduce_;
  StepPool pool_;
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  bool blocked_ = false;
  bool redundant_ = false;
  bool by_mail_ = false;        // the execution that has ended is looked at as its receives show it
  bool meets_by_mail_ = false;  // the step that was appended last
  bool start_ = false;  // a part that has executed nothing yet: path_ ends with its first branch
  size_t at_ = 0;       // decisions made in this execution
  size_t depth_ = 0;    // decisions on the path
  size_t fresh_ = 0;    // the first decision that is new in this execution
  size_t ending_ = kNever;        // Dpor::ending
  size_t base_ = 0;               // nodes above it belong to the trunk
  std::shared_ptr<Trunk> trunk_;  // the node just above
  std::vector<WakeupSequence> above_;
  std::unordered_multimap<uint64_t, size_t> above_by_digest_;
  Images images_;
  std::vector<Node> path_;
  Trail steps_;    // apart from the nodes since they are gone through at every step
  Branch wakeup_;  // what follows it is what the next nodes have to execute
  uint64_t executions_ = 0;
  std::vector<Known> known_;  // by actor
  // What comes before what. Where mail is looked at, `observed_` is what counts as soon as an
  // execution has ended, and `order_` only what may have to count.
  HappensBefore& order() { return by_mail_ ? observed_ : order_; }
  const HappensBefore& order() const { return by_mail_ ? observed_ : order_; }
  HappensBefore order_, observed_;
  ObservedMail mail_;
  std::vector<Pair> equal_, kept_;  // steps that send equal messages: left unordered, ordered yet
  // An event that never came, the number of steps that it follows, and how many there were when
  // that was known: one more where the last of them made it impossible, as `prevented` says, or
  // where its chance was over.
  struct DisabledEvent {
    Taken taken;
    size_t count, known;
    bool prevented;      // it could have come
    bool waits = false;  // Blocked::waits
  };
  std::vector<DisabledEvent> disabled_;
  // The first ones are from the executions before: reversed again only with what is new after them.
  size_t old_disabled_ = 0;
  size_t settled_ = 0;             // ... made impossible before that decision
  std::vector<uint64_t> keys_;     // by actor
  std::vector<uint32_t> creator_;  // by actor: 1 + the decision that created it
  std::vector<Pair> races_;
  std::vector<size_t> direct_, found_;
  Sequence::Buffer buffer_;
  RacingPairs seen_;
};

}  // namespace lockstep
