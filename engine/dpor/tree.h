// Wakeup sequences: of steps that are to be executed from one state on, oldest first. They never
// fork, so they make no tree: whatever begins with the same step needs no sequence of its own.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/dpor/trail.h"

namespace lockstep {

// Steps whose classes are explored, or were given to other parts. The first `inherited` have slept
// since a node above; the others' branches are of this node.
struct Sleepers {
  std::vector<const Step*> steps;
  size_t inherited = 0;

  void add(const Step* step) { steps.push_back(step); }
  bool has(uint64_t actor_key) const {
    return std::any_of(steps.begin(), steps.end(),
                       [actor_key](const Step* s) { return s->actor_key == actor_key; });
  }
  // Takes out those that depend on `next`.
  void wake(const Step& next, const Relation& relation);
};

// `step` has to be explored, with all that it leads to. What follows it is a way to start, and no
// more than that.
struct Branch {
  const Step* step = nullptr;
  std::vector<const Step*> rest;  // what follows it, last step first
};
using Branches = std::vector<Branch>;

// Not the same in another run of the program.
uint64_t digest_of_steps(const std::vector<const Step*>& steps);

// A sequence picked out of an execution, in its order, with its own happens-before.
class Sequence {
 public:
  struct Item {
    const Step* step;
    size_t index;  // in the execution
    size_t row;
  };
  using Buffer = std::vector<Item>;
  // `buffer`: its memory, for one sequence at a time.
  Sequence(const HappensBefore& order, const Relation& relation, Buffer& buffer)
      : order_(order), relation_(relation), steps_(buffer) {
    buffer.clear();
  }
  // `row`: where its predecessors are, if not at its index.
  void push(const Step& step, size_t index) { push(step, index, index); }
  void push(const Step& step, size_t index, size_t row) {
    steps_.push_back({&step, index, row});
    touched_ |= step.touched;
    actors_ |= actor_bit(step.actor_key);
    crash_ = crash_ || is_crash(step);
  }
  bool empty() const { return steps_.empty(); }

  // Does a step of the sequence come first, that one? (`initial`)
  bool starts_with(const Step& first) const;
  // ... or does it take no part, commute with all of them and make nothing impossible? (`weak
  // initial`) Then what follows may conflict with it, and the search below it finds that race.
  bool may_start_with(const Step& first) const;
  // Is it redundant by the sleep set: is all that it leads to explored with a sleeping step, or
  // found by the search below that? What is found below a step that has slept for longer is added
  // above, where it may count as a part of what is under way: there the step has to be an initial.
  bool redundant_by(const Sleepers& sleeping) const;
  bool has(uint64_t actor_key) const;
  // Puts those of its steps that depend on `step` into its row. False: there are none.
  bool order_before(const Step& step, HappensBefore& order, size_t row) const;
  // Moves the last step to right after the last of those that come before it: what it was reversed
  // for is then soon there.
  void advance_last();
  // What the last step touches is not known: all may have to come before it.
  void order_all(HappensBefore& order, size_t row) {
    for (const Item& item : steps_) order.add(row, item.index);
    be_unsure();
  }
  void be_unsure() { touched_ = UINT64_MAX, unsure_ = true; }
  bool unsure() const { return unsure_; }
  std::vector<const Step*> steps() const;
  // Who is before whom, as places in steps().
  std::vector<std::pair<uint32_t, uint32_t>> order() const;
  uint64_t digest() const { return digest_of_steps(steps()); }
  // Adds it, unless a branch from number `from` on starts what it leads to.
  void insert_into(Branches& branches, size_t from) const;

 private:
  bool before(size_t early, size_t late) const {
    return order_.before(steps_[early].index, steps_[late].row);
  }
  static uint64_t actor_bit(uint64_t actor_key) { return uint64_t{1} << (actor_key >> 58); }
  const HappensBefore& order_;
  const Relation& relation_;
  uint64_t touched_ = 0, actors_ = 0;  // by steps, and who takes them; some may have been dropped
  bool unsure_ = false;
  bool crash_ = false;
  Buffer& steps_;
};

}  // namespace lockstep
