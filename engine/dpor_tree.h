// A wakeup tree: sequences of steps that are to be executed from one state on, oldest first.
#pragma once
#include <vector>

#include "engine/dpor_trace.h"

namespace lockstep {

struct Branch;
using WakeupTree = std::vector<Branch>;

struct Branch {
  Step step;
  // What follows; one of the two is empty. Most branches never fork, so it is kept as a plain
  // sequence, last step first, until somebody asks for the tree.
  std::vector<Step> rest;
  WakeupTree next;

  bool leaf() const { return rest.empty() && next.empty(); }
  WakeupTree& below();
  // Moves what follows to `tree`, which is empty, and leaves none here.
  void unfold(WakeupTree& tree);
  // Takes over what follows `other`, which is left with none.
  void follow(Branch& other) {
    rest.swap(other.rest);
    next.swap(other.next);
    other.rest.clear();
    other.next.clear();
  }
};

// A sequence picked out of an execution, in its order, with its own happens-before.
class Sequence {
 public:
  Sequence(const HappensBefore& order, bool equal_writes)
      : order_(order), equal_writes_(equal_writes) {}
  // `row`: where its predecessors are, if not at its index.
  void push(const Step& step, size_t index) { push(step, index, index); }
  void push(const Step& step, size_t index, size_t row) { steps_.push_back({&step, index, row}); }
  bool empty() const { return steps_.empty(); }

  // Could `first` come first, leading to an execution equivalent to one that starts with this
  // sequence? (`weak initial`)
  bool may_start_with(const Step& first) const;
  // Does a step of the sequence come first, that one? (`initial`)
  bool starts_with(const Step& first) const;
  // Is all that this sequence leads to explored with one that sleeps? Where that one's part is
  // still open, what it turns out to owe comes too late to be put in here, so only the stronger
  // relation will do: source sets instead of optimal ones, complete but with executions given up.
  bool covered_by(const Step& sleeping) const {
    return sleeping.open ? starts_with(sleeping) : may_start_with(sleeping);
  }
  // Takes the first step of that actor out, if there is one.
  void drop(uint64_t who);
  // The steps, and for each of them the places of those before it.
  void copy_to(std::vector<Step>& steps, std::vector<std::vector<size_t>>& rows) const;
  // Adds what the tree does not cover yet. `from`: branches before it are not looked at.
  void insert_into(WakeupTree& tree, size_t from);

 private:
  struct Item {
    const Step* step;
    size_t index;  // in the execution
    size_t row;
  };
  bool before(size_t early, size_t late) const {
    return order_.before(steps_[early].index, steps_[late].row);
  }
  const HappensBefore& order_;
  const bool equal_writes_;
  std::vector<Item> steps_;
};

}  // namespace lockstep
