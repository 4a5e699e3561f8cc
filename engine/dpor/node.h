// A choice point on the path of dpor: what could go, what sleeps, and what is left to explore.
#pragma once
#include <algorithm>
#include <vector>

#include "engine/dpor/tree.h"
#include "engine/schedule/strategy.h"

namespace lockstep {

struct DporNode {
  bool data = false;
  bool expanded = false;         // everything that can go was added to the tree
  bool last = false;             // the step being explored was the last one: Step::last
  bool by_mail = false;          // it, or one before it, meets another in a mailbox alone
  bool crash = false;            // there, or at one before it, a crash could come
  uint32_t count = 0;            // alternatives or values
  uint32_t chosen = 0;           // index or value
  uint32_t actors = 0;           // that existed
  uint32_t done = 0;             // branches
  std::vector<Pending> pending;  // what could go; the root's end only if it was alone
  Pending root_end;              // ... if it was not
  Sleepers sleep;
  std::vector<const Step*> impossible;  // were in the tree, but cannot go
  Branches tree;                        // its wakeup tree, of one level
  std::vector<bool> tried;              // data: values taken so far
  uint64_t asker = 0;                   // data: who asks

  void reset();           // but for `sleep`
  DporNode bare() const;  // without tree
  double branches() const { return data ? count : static_cast<double>(done + tree.size()); }

  const Pending* find(uint64_t actor_key) const;
  bool asleep(const Step& step) const { return sleep.has(step.actor_key); }
  bool in_wakeup_tree(const Step& step) const;
  // Is everything that can go explored, as where something in the tree could not, and `v` with it?
  bool explores_all(const Sequence& v) const;
  // Is there more to explore than the branch at the front of the tree?
  bool has_more() const { return tree.size() > 1 || (data && untried() < count); }
  // The first value that nobody has taken; `count` if there is none.
  uint32_t untried() const;

  // Brings what is to be executed next to the front of the tree. False: nothing is left.
  bool settle();
  // The tree is empty: anything will do that is not asleep. False: everything is.
  bool pick_first(StepPool& pool);
  // The branch at the front of the tree, which `step` begins, is explored.
  void finish(const Step& step, StepPool& pool);
  // The wakeup sequence of who did not know of a choice of data here goes below one of its values.
  void add_below_value(StepPool& pool);
  void add_timers();
  // Where all that is to be explored begins with a crash: something that does not, if it can go.
  void add_without_crash();
  // A branch for `step`, unless it is asleep or has one.
  void add(const Step& step);

 private:
  const Step* first_awake() const;
};

}  // namespace lockstep
