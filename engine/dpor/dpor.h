// The search of dpor (strategy_dpor.cpp), with races reversed (reverse.cpp) and parts given
// away (parts.cpp). What it keeps of the execution that it is at: execution.h.
#pragma once
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/dpor/disabled.h"
#include "engine/search/images.h"
#include "engine/search/subtree.h"

namespace lockstep {

// A sequence that has to be executed from a node above a part.
struct WakeupSequence {
  size_t depth = 0;
  std::vector<const Step*> steps;
  std::vector<std::pair<uint32_t, uint32_t>> order;  // who is before whom, as places in `steps`
  bool unsure = false;                               // Sequence::unsure
  bool whole = false;                                // added even if redundant
  const Step* marked = nullptr;                      // Step::final: as it sleeps there
  bool operator==(const WakeupSequence&) const = default;
};

class WakeupsAbove {
 public:
  void push(WakeupSequence wakeup) { all_.push_back(std::move(wakeup)); }
  void push(WakeupSequence wakeup, uint64_t of_steps);  // unless it is there
  std::vector<WakeupSequence> take();                   // all of them, oldest first
  template <class A>
  void keep(A& a);  // saved.cpp

 private:
  std::vector<WakeupSequence> all_;
  std::unordered_multimap<uint64_t, size_t> by_digest_;
};

class Dpor final : public Subtree {
 public:
  explicit Dpor(const StrategyOptions& options)
      : Dpor(options.reduce, StepPool(options.reduce.needs_values(), options.step_bytes),
             options.fair_spins, DporExecution(options.reduce)) {}
  Dpor(const Reduce& reduce, StepPool pool, bool fair_spins, DporExecution prefix)
      : reduce_(reduce), steps_(std::move(pool)), execution_(std::move(prefix)) {
    fair_spins_ = fair_spins;
  }

  bool begin(uint64_t iteration, System& system) override;
  void end(const Outcome& outcome, System& system) override;
  bool resumed() const override { return images_.resumed(); }
  bool redundant() const override { return redundant_; }
  uint64_t class_digest() const override { return class_digest_; }
  bool gave_up() const override { return steps_.pool().full(); }
  uint64_t discarded() override { return std::exchange(discarded_, 0); }
  size_t choose(const ChoicePoint& point) override;
  double share() const override;
  void witness(Evidence& evidence) override;
  Parts split() override;
  Parts fan_out() override;
  std::vector<std::unique_ptr<Subtree>> surrender() override;
  std::unique_ptr<Subtree> anew(uint64_t executions, bool last) override;
  std::vector<uint64_t> learnt() const override;
  std::unique_ptr<Subtree> afresh(const std::vector<uint64_t>& learnt) const override;
  void forget_images() override { images_.forget(); }
  void save(TreeSaver& to) override;
  void load(TreeLoader& from) override;

 private:
  // A node that no part owns any more: all its branches were given away.
  struct Trunk {
    std::shared_ptr<Trunk> above;
    DporNode node;      // `sleep` holds every branch that was given away
    double weight = 0;  // of a branch
  };
  static constexpr uint64_t kNever = UINT64_MAX;

  template <class A>
  void keep(A& a);  // saved.cpp
  template <class A>
  static void keep(A& a, std::shared_ptr<Trunk>& trunk);
  bool backtrack();
  void put_in_order(const Outcome& outcome, System& system);
  bool learn();
  bool due() const { return counted_ >= patience_ && !lessons_->empty(); }
  Relation learnt();
  void begin_anew();
  void take(size_t at);
  DporNode& enter(const ChoicePoint& point);
  size_t ending(const Outcome& outcome) const;
  void add_before_end(size_t at);
  // Both could come there: one is taken, and the other comes after it or not at all.
  void saw_before(size_t at, const Step& other) {
    seen_.saw(execution_.name(at), execution_.name(other, at));
  }

  Sequence sequence() { return Sequence(execution_.order(), execution_.relation(), buffer_); }
  void reverse_races();
  void reverse(size_t early, size_t late, const Taken& last, size_t count);
  void reverse_late(size_t early, const Taken& taken);
  void reverse_disabled();
  void add_crash(const Taken& crash, size_t count);
  void expand(size_t at);
  void add_wakeup(size_t at, Sequence& v);

  void start();
  const Step* given_away(const DporNode& node, const Step& step);
  std::shared_ptr<Trunk> trunk_at(size_t depth) const;
  void add_wakeup_above(size_t depth, const Sequence& v);
  std::unique_ptr<Dpor> part(const std::shared_ptr<Trunk>& trunk, size_t at, Branch&& first);
  void give(const WakeupSequence& wakeup, std::vector<std::unique_ptr<Subtree>>& parts);

  const Reduce reduce_;
  System* system_ = nullptr;
  PendingSteps steps_;
  DporExecution execution_;
  DisabledEvents disabled_;
  Images images_;
  std::vector<const Step*> wakeup_;  // what the next nodes have to execute first, last step first
  Sequence::Buffer buffer_;
  RacingPairs seen_;

  uint64_t iteration_ = kNever;
  bool blocked_ = false;
  bool redundant_ = false;
  uint64_t class_digest_ = 0;
  // What was taken to commute and does not (told_apart.h): the search will begin anew.
  std::shared_ptr<Lessons> lessons_ = std::make_shared<Lessons>();
  uint64_t counted_ = 0;    // executions since it began, of classes
  uint64_t patience_ = 4;   // ... after which it begins anew, if it has to
  uint64_t discarded_ = 0;  // ... that were in vain, not told yet
  size_t at_ = 0;           // decisions made in this execution
  size_t fresh_ = 0;        // the first decision that is new in this execution
  size_t ending_ = kNever;  // Dpor::ending

  bool start_ = false;  // a part that has executed nothing yet: its path ends with its first branch
  size_t base_ = 0;     // nodes above it belong to the trunk
  std::shared_ptr<Trunk> trunk_;  // the node just above
  WakeupsAbove above_;
};

}  // namespace lockstep
