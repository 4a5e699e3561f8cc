// A search tree cut into parts, each searched by itself, in any order and on any worker.
//
// What is cut, and when, is a function of the parts alone: so the search executes the same whatever
// the number of workers is.
#pragma once
#include <memory>
#include <vector>

#include "engine/schedule/strategy.h"

namespace lockstep {

class TreeSaver;  // tree_archive.h
class TreeLoader;

// A strategy with claims.tree, or a part of one. Strategy::share() is of the part.
class Subtree : public Strategy {
 public:
  struct Parts {
    std::vector<std::unique_ptr<Subtree>> parts;
    double done = 0;  // share of the whole search that was done above the cut, and is left by all
  };
  // Cuts off what is left to explore nearest to the root, one part for each branch. Nothing: there
  // is nothing to be cut. Between executions; never while another part of the same search runs.
  virtual Parts split() = 0;
  // With claims.splits, what the next three are for. As split(), of a part that has executed: at
  // each choice point on the way there everything that can go is given away or taken, whether or
  // not a race asks for it. So what the parts find needs nothing else there, and they may be
  // searched by processes that know nothing of each other.
  virtual Parts fan_out() { return split(); }
  // The parts that the executions so far have shown to be needed outside this one. As split().
  virtual std::vector<std::unique_ptr<Subtree>> surrender() { return {}; }
  // The whole search anew, if what it takes for granted has turned out wrong in any of its parts,
  // so that all that it has done counts for nothing: so many `executions`. Null: it is right so
  // far, or that can wait, which it cannot if this was the `last` part. Between executions.
  virtual std::unique_ptr<Subtree> anew(uint64_t executions, bool last) {
    return (void)executions, (void)last, nullptr;
  }
  // What it takes for granted since its executions have shown it, sorted; and a whole search that
  // begins with that. Both ends of it may be in different processes.
  virtual std::vector<uint64_t> learnt() const { return {}; }
  virtual std::unique_ptr<Subtree> afresh(const std::vector<uint64_t>& learnt) const {
    return (void)learnt, nullptr;
  }
  // Images belong to the system that made them: before another one goes on.
  virtual void forget_images() = 0;
  // With claims.saves: all that it knows, to go on in another process; between executions. `load`
  // is called on a whole search that has not begun.
  virtual void save(TreeSaver& to) { (void)to; }
  virtual void load(TreeLoader& from) { (void)from; }

  double weight = 1;  // of the whole search
};

}  // namespace lockstep
