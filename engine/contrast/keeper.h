// A constrained sampler: executions that keep given conditions, and turn given ones round; beyond
// that they follow the failing execution, or leave it at random. A function of its seed.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/prng.h"
#include "engine/boundary/choice.h"
#include "engine/contrast/condition.h"

namespace lockstep {

enum class Manner : uint8_t {
  follow,    // the failing execution, as far as that goes; then the default scheduler
  stray,     // ... but now and then something else
  random,    // a random walk
  priority,  // a random priority for each actor, drawn anew now and then
};

class Keeper final : public Chooser {
 public:
  // Steps of `failing` are followed by their names; it must outlive this.
  explicit Keeper(const Tape& failing);

  // The next execution: System::begin comes after this. `turned` are conditions that must not hold.
  void begin(const System& system, std::span<const Condition> kept,
             std::span<const Condition> turned, Manner manner, uint64_t seed);
  // ... or a recorded one, to the letter.
  void begin(const System& system, std::span<const Decision> schedule);
  // After begin(): these decisions first, to the letter.
  void lead(std::span<const Decision> lead) { schedule_ = lead; }
  size_t choose(const ChoicePoint& point) override;
  void set_fair_spins(bool on) { fair_spins_ = on; }

  // When it has ended. Those that stuck since nothing permitted could go are `stuck`.
  Tape take(System& system, const Outcome& outcome);
  bool stuck() const { return stuck_; }

 private:
  struct Rule {
    StepId before, after;  // before 0: never
  };
  bool permitted(StepId id);
  bool awaited(StepId id) const;
  size_t data(const ChoicePoint& point);
  size_t pick(const ChoicePoint& point);
  size_t recorded(const ChoicePoint& point);
  void note(const ChoicePoint& point, size_t index, uint64_t base);

  FlatMap<uint32_t> place_;  // in the failing execution, 1-based
  const Tape& failing_;
  StepIds ids_;
  DefaultScheduler scheduler_;
  Prng rng_;
  Manner manner_ = Manner::follow;
  std::vector<Rule> rules_;
  std::vector<StepId> awaited_;  // faults that have to come
  std::vector<std::pair<StepId, uint32_t>> values_, other_values_;
  std::span<const Decision> schedule_;
  bool replaying_ = false, stuck_ = false;
  FlatMap<uint8_t> done_;
  std::vector<uint32_t> priority_;
  std::vector<uint64_t> bases_;
  std::vector<StepId> now_;
  std::vector<size_t> open_;
  Tape tape_;
};

}  // namespace lockstep
