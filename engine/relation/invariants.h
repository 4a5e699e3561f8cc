// The numbered invariants of dependence.h as assertions along an execution: `--check`, and in every
// build but release. 1 and 4 of each pair of pending steps, 3 and the first half of 2 of each step
// against all that are pending, 5 of each step. (Both orders of a pair are the audit's, audit.h.)
//
// Cost: every pair of alternatives at every choice, and a look at all contents.
#pragma once
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/relation/kept.h"

namespace lockstep {

// As sets.
bool same_footprints(const Alternative& a, const Alternative& b);
std::string footprint_text(const Alternative& a, const System& system);  // for people

class InvariantCheck {
 public:
  // Before a choice is made among them. Ends the program (internal_error) with the invariant, the
  // steps and what is wrong where one does not hold.
  void before_choice(std::span<const Alternative> alternatives, const System& system);
  void took(const Alternative& step);
  // The next choice is of another execution, or of a state that was restored.
  void forget() { taken_ = false; }

 private:
  std::vector<Kept> pending_;
  std::vector<Content> contents_, now_;
  size_t step_ = 0;  // of pending_: what was taken
  bool taken_ = false;
};

}  // namespace lockstep
