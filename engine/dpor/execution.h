// The execution that dpor is at: its choice points, its steps, and what comes before what.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/dpor/mail.h"
#include "engine/dpor/node.h"

namespace lockstep {

class DporExecution {
 public:
  using Pair = std::pair<size_t, size_t>;  // of steps: early, late

  explicit DporExecution(const Reduce& reduce)
      : reduce_(reduce), relation_{reduce.equal_writes, !reduce.unobserved_sends, nullptr} {
    if (reduce.needs_mail()) relation_.told = std::make_shared<const ToldApart>();
  }
  // Without steps yet.
  DporExecution(const Reduce& reduce, Relation relation)
      : reduce_(reduce), relation_(std::move(relation)) {}
  const Relation& relation() const { return relation_; }

  void run_on(System& system) { system_ = &system; }
  template <class A>
  void keep(A& a);  // saved.cpp

  // Decisions, and the choice points at which they were made.
  size_t depth() const { return depth_; }
  DporNode& node(size_t at) { return path_[at]; }
  const DporNode& node(size_t at) const { return path_[at]; }
  const Taken& operator[](size_t at) const { return steps_[at]; }
  const Step& step(size_t at) const { return *steps_[at].step; }
  // A choice point beyond the last decision, where `sleep` and actors are what they are there.
  DporNode& enter(const ChoicePoint& point);
  // The decision there is now the first branch of its tree. `at`: at most one beyond the last.
  void take(size_t at);
  void advance() { depth_++; }
  void leave() { depth_--; }
  // The last choice point will be decided again: whoever came later is not there.
  void forget_actors() {
    keys_.resize(path_[depth_ - 1].actors);
    creator_.resize(keys_.size());
  }
  void put(size_t at, const Step* step) { steps_.put(at, step); }
  // Is it to count for nothing, as whoever watches the system wants? What is made of an execution
  // that is long takes long, too, and is left as it is then.
  bool cut_off() const { return depth_ > kLong && system_->cut_if_asked(); }
  // Of this one up to node `at`, which is `last`.
  DporExecution prefix(size_t at, DporNode last) const;
  // What prefix() left out.
  void order_prefix();

  uint64_t key(ActorId actor) const;
  // 1 + the last decision of the actor among the first `at`; 0: there is none.
  size_t latest(size_t at, uint64_t actor_key) const {
    while (at > 0 && steps_[at - 1].actor_key != actor_key) at--;
    return at;
  }
  // Of a step, the same in every execution that has it.
  static uint64_t name(const Step& step, uint32_t nth) {
    return mix64(step.actor_key, nth << 8 | static_cast<uint64_t>(step.op.kind));
  }
  uint64_t name(size_t at) const { return name(*steps_[at].step, steps_[at].nth); }
  // ... of one that could come after the first `count`.
  uint64_t name(const Step& step, size_t count) const {
    const size_t before = latest(count, step.actor_key);
    return name(step, before ? steps_[before - 1].nth + 1 : 1);
  }

  // What comes before what. Where mail is looked at, that is what counts once an execution has
  // ended, and before that whatever may have to count.
  HappensBefore& order() { return by_mail_ ? observed_ : order_; }
  const HappensBefore& order() const { return by_mail_ ? observed_ : order_; }
  bool depends(size_t at, const Step& late) const {
    return dependent(*steps_[at].step, late, relation_);
  }
  // ... whether or not anybody has told the two apart. Of an event that never came nobody can.
  bool conflicts(size_t at, const Step& late) const {
    return dependent(*steps_[at].step, late, {relation_.equal_writes, false, nullptr});
  }
  // Of the steps that are new; of all of them by_mail().
  const std::vector<Pair>& races() const { return races_; }
  void forget_races() { races_.clear(); }
  // An event that never came, as the step after the first `count`: its row is number depth().
  // Returns what it races with, until something else is put into order.
  const std::vector<size_t>& order_disabled(const Taken& taken, size_t count);
  // The row of what comes before `taken`, the step number `late` or one after the first `count`,
  // where `early` and what follows from that are left out.
  size_t order_without(size_t early, const Taken& taken, size_t late, size_t count);

  // Has it to be looked at as its receives show it? Known when it has ended.
  bool by_mail() const { return by_mail_; }
  void look_at_mail() { by_mail_ = reduce_.unobserved_sends && path_[depth_ - 1].by_mail; }
  void order_by_mail();
  // Does it lead where a sleeping step was the first to lead?
  bool repeats() const;
  bool may_crash() const { return path_[depth_ - 1].crash; }
  uint64_t class_digest() const;  // Strategy::class_digest, once it has ended
  // The pairs that were taken to commute though a receive told them apart, or one of them kept the
  // other from coming. After order_by_mail(), where that is due.
  ToldApart told_apart(std::span<const DisabledEvent> disabled);
  // From now on what `told` names does not commute. Only while nothing sleeps: all is put in order
  // again.
  void tell_apart(const ToldApart& told);
  void show_to_observer(Sequence& v, size_t early, size_t late);

 private:
  static constexpr size_t kLong = 256;  // steps

  // Notes that the two, which are not dependent, are left in any order. Always false.
  bool unordered(std::vector<Pair>& pairs, size_t early, size_t late) {
    if (relation_.told && only_mailbox(*steps_[early].step, *steps_[late].step) != 0)
      pairs.emplace_back(early, late);
    return false;
  }
  // Without the values at the end of the first `count` decisions: whoever asks for one comes to
  // nothing else between the step before and that.
  size_t before_values(size_t count) const {
    while (count > 0 && path_[count - 1].data) count--;
    return count;
  }
  void causes_of(size_t at, const Taken& taken);
  // `came`: it is the step at `at`, not an event that never came.
  void append(size_t at, size_t count, const Taken& taken, bool came, std::vector<size_t>& races);
  void append_to_path(size_t at);
  void append_observed(size_t at, size_t count, const Taken& taken, std::vector<size_t>& races);
  void leave_out_declarations(const Step& step, std::vector<size_t>& races) const;
  bool exchangeable(size_t a, size_t b, ObjectId mailbox,
                    std::span<const DisabledEvent> disabled) const;
  bool waited_for(size_t send, size_t other, std::span<const DisabledEvent> disabled) const;

  Reduce reduce_;
  Relation relation_;
  System* system_ = nullptr;
  std::vector<DporNode> path_;
  Trail steps_;  // apart from the nodes since they are gone through at every step
  size_t depth_ = 0;
  std::vector<uint64_t> keys_;     // by actor
  std::vector<uint32_t> creator_;  // by actor: 1 + the decision that created it
  HappensBefore order_, observed_;
  bool by_mail_ = false;
  bool meets_by_mail_ = false;  // the step that was appended last
  ObservedMail mail_;
  std::vector<Pair> races_;
  // That meet in a mailbox alone: by the later one, along the path; and as receives show it.
  std::vector<Pair> unordered_, unordered_by_mail_;
  std::vector<size_t> direct_, found_;
};

}  // namespace lockstep
