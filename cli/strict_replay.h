// Runs exactly the recorded decisions, and says where that stops being possible.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "engine/explorer.h"
#include "engine/trace.h"

namespace lockstep::cli {

class StrictChooser : public Chooser {
 public:
  StrictChooser(System& system, std::span<const Decision> decisions)
      : system_(system), decisions_(decisions) {}
  size_t choose(const ChoicePoint& point) override;

  bool diverged() const { return diverged_; }
  uint32_t step() const { return step_; }  // 1-based, of the decision that could not be taken
  const std::string& actual() const { return actual_; }  // what could have happened instead

 private:
  System& system_;
  std::span<const Decision> decisions_;
  bool diverged_ = false;
  uint32_t step_ = 0;
  std::string actual_;
};

struct Replayed {
  Recording recording;
  bool diverged = false;
  uint32_t step = 0;
  std::string recorded, actual;
};

Replayed replay_strictly(System& system, const Trace& trace);

}  // namespace lockstep::cli
