// Following a recorded schedule to the letter, and saying where it could not be followed.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/schedule/strategy.h"

namespace lockstep {

// Where an execution left the recorded schedule: before decision number `step` (0-based).
struct Divergence {
  uint32_t step = 0;
  std::optional<Decision> recorded;  // none: the schedule was over and the execution went on
  bool ended = false;                // the execution ended although decisions were left
  bool data = false;                 // a value was asked for, of which there are `count`
  uint32_t count = 0;
  std::vector<Alternative> offered;  // what could go instead, without Operation::extra
};
std::string describe(const Divergence& divergence, const System& system);

class Replay final : public Strategy {
 public:
  // `fair_spins`: as the chooser had it that made the schedule.
  explicit Replay(std::span<const Decision> schedule, bool fair_spins = false);
  bool begin(uint64_t iteration, System& system) override;
  size_t choose(const ChoicePoint& point) override;
  void end(const Outcome& outcome, System& system) override;

  const std::optional<Divergence>& divergence() const { return divergence_; }
  uint32_t followed() const { return next_; }  // decisions taken from the schedule

 private:
  size_t diverge(const ChoicePoint& point);
  std::span<const Decision> schedule_;
  uint32_t next_ = 0;
  std::optional<Divergence> divergence_;
};

}  // namespace lockstep
