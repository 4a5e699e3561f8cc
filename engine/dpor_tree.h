// A wakeup tree: sequences of steps that are to be executed from one state on, oldest first.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/dpor_trace.h"

namespace lockstep {

// Steps whose classes are explored. `open`: by parts that are at work at the same time, or here
// while one of those slept; so what they lead to may have been left to others, and what it turns
// out to owe comes too late to be put in here.
struct Sleepers {
  std::vector<const Step*> steps;
  bool open = false;

  void add(const Step* step) { steps.push_back(step); }
  bool has(uint64_t who) const {
    return std::any_of(steps.begin(), steps.end(), [who](const Step* s) { return s->who == who; });
  }
  // Takes out those that depend on `next`.
  void wake(const Step& next, bool equal_writes);
};

struct Branch;
using WakeupTree = std::vector<Branch>;

struct Branch {
  const Step* step = nullptr;
  // What follows; one of the two is empty. Most branches never fork, so it is kept as a plain
  // sequence, last step first, until somebody asks for the tree.
  std::vector<const Step*> rest;
  WakeupTree next;
  // A leaf that stands for itself alone.
  bool alone = false;
  // What its last step touches (that of `rest`, if there is one) is not known before it is taken.
  bool unsure = false;
  // Was a leaf before it was made longer: something that starts with it has to be executed.
  bool asked = false;
  // Sequences that its step takes no part in go on from it.
  bool joined = false;

  bool leaf() const { return rest.empty() && next.empty(); }
  WakeupTree& below();
  // Does it come to a step while that sleeps, or to its end with one asleep that it does not meet?
  // What does is taken out; false: something is left. The last step of a sequence may turn out to
  // touch less than it did where it came from, so this is not known before.
  bool repeats(Sleepers sleep, bool equal_writes);
  // Moves what follows to `tree`, which is empty, and leaves none here.
  void unfold(WakeupTree& tree);
  // Takes over what follows `other`, which is left with none.
  void follow(Branch& other) {
    rest.swap(other.rest);
    next.swap(other.next);
    alone = other.alone;
    unsure = other.unsure && !rest.empty();
    asked = joined = false;
    other.rest.clear();
    other.next.clear();
  }
};

// A sequence picked out of an execution, in its order, with its own happens-before.
class Sequence {
 public:
  struct Item {
    const Step* step;
    size_t index;  // in the execution
    size_t row;
  };
  using Room = std::vector<Item>;
  // `room`: its memory, for one sequence at a time.
  Sequence(const HappensBefore& order, bool equal_writes, Room& room)
      : order_(order), equal_writes_(equal_writes), steps_(room) {
    room.clear();
  }
  // `row`: where its predecessors are, if not at its index.
  void push(const Step& step, size_t index) { push(step, index, index); }
  void push(const Step& step, size_t index, size_t row) {
    steps_.push_back({&step, index, row});
    touched_ |= step.touched;
    actors_ |= actor_bit(step.who);
  }
  bool empty() const { return steps_.empty(); }

  // Could `first` come first, leading to an execution equivalent to one that starts with this
  // sequence? (`weak initial`)
  bool may_start_with(const Step& first) const;
  // Does a step of the sequence come first, that one? (`initial`)
  bool starts_with(const Step& first) const;
  // The step that sleeps with which all is explored that this sequence leads to, if there is one.
  // Where they are open it has to be the first of the sequence: source sets in place of optimal
  // ones, complete but with executions given up.
  const Step* covered_by(const Sleepers& sleeping) const;
  bool has(uint64_t who) const;
  // Puts those of its steps that depend on `step` into its row. False: there are none.
  bool order_before(const Step& step, HappensBefore& order, size_t row) const;
  // The last step may turn out to be this one.
  void touches_too(const Step& step) {
    other_ = &step;
    touched_ |= step.touched;
  }
  // Moves the last step to right after the last of those that come before it, so that it wakes what
  // it depends on before the others are executed: their races must not seem to be explored with
  // what it is to overtake.
  void advance_last();
  // What the last step touches is not known: all may have to come before it, and only a step that
  // takes part may come first.
  void order_all(HappensBefore& order, size_t row) {
    for (const Item& item : steps_) order.add(row, item.index);
    be_unsure();
  }
  void be_unsure() {
    unsure_ = true;
    touched_ = UINT64_MAX;
  }
  bool unsure() const { return unsure_; }
  // It need not be executed where a sleeping step covers it.
  void alone() { alone_ = true; }
  const Step* other() const { return other_; }
  // Would it begin with a crash then?
  bool crash_follows(uint64_t who) const;
  // Takes the first step of that actor out, if there is one; a choice of data that follows it comes
  // at once, before the steps of others.
  void drop(uint64_t who);
  std::vector<const Step*> steps() const;
  // Who is before whom, as places in steps().
  std::vector<std::pair<uint32_t, uint32_t>> order() const;
  uint64_t digest() const;  // of the steps; not the same in another run of the program
  // Adds what the tree does not cover yet. `from`: branches before it are not looked at. `sleep`:
  // those that sleep there. While an open one could come first that takes no part, only a branch
  // that takes part will do: below another, all could be given up in favour of that one. `wholly`:
  // a sequence of the tree that this one goes on from is made as long as this one. It need not be
  // if all is known that the tree's sequences touch, since none of them could then start with what
  // is explored before it, and what follows it is found where it is explored.
  void insert_into(WakeupTree& tree, size_t from, const Sleepers& sleep, bool wholly);

 private:
  bool before(size_t early, size_t late) const {
    return order_.before(steps_[early].index, steps_[late].row);
  }
  static uint64_t actor_bit(uint64_t who) { return uint64_t{1} << (who >> 58); }
  const HappensBefore& order_;
  const bool equal_writes_;
  uint64_t touched_ = 0, actors_ = 0;  // by steps, and who takes them; some may have been dropped
  const Step* other_ = nullptr;
  bool unsure_ = false, alone_ = false;
  Room& steps_;
};

}  // namespace lockstep
