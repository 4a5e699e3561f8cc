// Saved states along the path of a search that goes depth first.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep {

// An image costs about as much as kSpacing steps. Executions that leave the one before at some
// place are often followed by others that do so nearby; so one image is made where an execution
// leaves the last, if there is none near, and none in what may never be gone through again. Their
// number grows with the logarithm of the depth.
class Images {
 public:
  // The execution that comes leaves the one before at choice point `place`, after so many steps.
  // Forgets what is below, and goes back to the last image; returns its place, else 0.
  size_t go_back(System& system, size_t place, uint32_t step) {
    for (; !kept_.empty() && kept_.back().place > place; kept_.pop_back())
      spare_ = std::move(kept_.back().mark);
    resumed_ = !kept_.empty();
    if (resumed_) system.restore(*kept_.back().mark);
    const uint32_t from = resumed_ ? kept_.back().step : 0;
    wanted_ = possible_ && step >= from + std::max(kSpacing, step / 32) ? place : kNowhere;
    step_ = step;
    return resumed_ ? kept_.back().place : 0;
  }
  // The execution that comes begins at the beginning.
  void stay() {
    resumed_ = false;
    wanted_ = kNowhere;
  }
  bool resumed() const { return resumed_; }
  bool at_rest() const { return wanted_ != kNowhere; }  // an image will be asked for

  // At each choice point that the path has decided.
  void passing(System& system, size_t place) {
    if (place != wanted_) [[likely]]
      return;
    wanted_ = kNowhere;
    auto mark = system.save(std::move(spare_));
    possible_ = mark != nullptr;
    if (possible_) kept_.push_back({place, step_, std::move(mark)});
  }

  // Another system goes on.
  void forget() {
    kept_.clear();
    spare_.reset();
    possible_ = true;
    stay();
  }

 private:
  static constexpr size_t kNowhere = SIZE_MAX;
  static constexpr uint32_t kSpacing = 8;
  struct Kept {
    size_t place;
    uint32_t step;
    std::unique_ptr<Mark> mark;
  };
  std::vector<Kept> kept_;       // by place
  std::unique_ptr<Mark> spare_;  // its memory is used again
  size_t wanted_ = kNowhere;
  uint32_t step_ = 0;
  bool resumed_ = false;
  bool possible_ = true;  // the system can be saved
};

}  // namespace lockstep
