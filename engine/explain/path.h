// A recorded execution gone along again: any of its states can be had, by images kept on the way.
//
// 1. State number n is the one after n decisions, where the next is asked for; that after the last
// decision is where the execution has ended, unless the recording stops before its end.
// 2. What is saved on the way never changes what is executed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/boundary/recorder.h"
#include "engine/boundary/system.h"

namespace lockstep {

class Path {
 public:
  // `system` must outlive it. `exact`: instructions are counted, as a runaway is judged.
  Path(System& system, uint64_t seed, uint64_t iteration, std::vector<Decision> decisions,
       bool exact = false);

  // Called at states first .. last, in order; with null where the execution has ended. The state is
  // at rest, so that System::save, show and contents may be called. No exception may leave it.
  using Look = std::function<void(uint32_t step, const ChoicePoint* point)>;
  // False if the execution did not come to state `last`, or not by these decisions. Images at other
  // times of the same system are not disturbed; whatever else runs it in between is not noticed.
  bool look(uint32_t first, uint32_t last, const Look& look);
  bool look(uint32_t step, const Look& at) { return look(step, step, at); }

  // An image of that state; null where the execution has ended, cannot be followed, or the system
  // makes none.
  std::unique_ptr<Mark> mark(uint32_t step);

  uint32_t size() const { return static_cast<uint32_t>(decisions_.size()); }
  std::span<const Decision> decisions() const { return decisions_; }
  void forget() { kept_.clear(); }  // its images

 private:
  struct Kept {
    uint32_t step;
    std::unique_ptr<Mark> mark;
  };
  class Follower;
  void keep();  // an image of the state that is asked about

  System& system_;
  const uint64_t seed_, iteration_;
  const std::vector<Decision> decisions_;
  bool exact_;
  std::vector<Kept> kept_;  // by step
  uint32_t spacing_ = 16;
  bool possible_ = true;  // the system makes images
};

}  // namespace lockstep
