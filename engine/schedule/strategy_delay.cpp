// Two samplers of few interruptions, both over a scheduler that lets a process run until it blocks.
//
// delay: Emmi, Qadeer, Rakamaric, "Delay-bounded scheduling", POPL 2011. The scheduler is
// deterministic (round robin); at `bound` random places it passes over the one that it would run.
// O(k^bound) schedules whatever the number of processes. preemption: Musuvathi, Qadeer, "Iterative
// context bounding for systematic testing of multithreaded programs", PLDI 2007. At most `bound`
// switches away from a process that could go on, at random places to random others; where a process
// blocks, the next is random too.
//
// Guarantee: every schedule with at most that many delays (preemptions) at places within the
// pilot's length is possible. Deviation from the papers: sampled, not enumerated; for enumeration
// see bounded and dpor.
#include <algorithm>

#include "engine/schedule/change_points.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Interrupted : public Strategy {
 public:
  explicit Interrupted(const StrategyOptions& options)
      : seed_(options.seed), bound_(std::max(options.bound, 0)), stretch_(options.pilot) {
    skip_forced_ = true;
  }
  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    places_.clear();
    const uint32_t length = stretch_.draw(rng_);
    for (int i = 0; i < bound_; i++) places_.push_back(1 + rng_.below(length));
    std::sort(places_.begin(), places_.end());
    count_ = 0;
    next_ = 0;
    return true;
  }
  size_t choose(const ChoicePoint& point) final {
    if (point.data) return data_.below(point.count);
    if (point.count == 1) return 0;
    count_++;
    uint32_t times = 0;
    for (; next_ < places_.size() && places_[next_] == count_; next_++) times++;
    return pick(point, times);
  }

 protected:
  virtual size_t pick(const ChoicePoint& point, uint32_t interruptions) = 0;
  Prng rng_;

 private:
  const uint64_t seed_;
  const int bound_;
  const Stretch stretch_;
  Prng data_;
  std::vector<uint32_t> places_;
  size_t next_ = 0;
  uint32_t count_ = 0;
};

class Delay final : public Interrupted {
 public:
  using Interrupted::Interrupted;

 private:
  // The first in the cycle of actors that starts with the one that ran last.
  size_t pick(const ChoicePoint& point, uint32_t delays) override {
    ActorId from = point.last == kNoActor ? 0 : point.last;
    size_t best = 0;
    for (uint32_t turn = 0; turn <= delays; turn++) {
      uint32_t nearest = UINT32_MAX;
      for (size_t i = 0; i < point.count; i++) {
        const uint32_t distance =
            (point.alternatives[i].actor + point.actors - from) % point.actors;
        if (distance < nearest) nearest = distance, best = i;
      }
      from = (point.alternatives[best].actor + 1) % point.actors;
    }
    return best;
  }
};

class Preemption final : public Interrupted {
 public:
  using Interrupted::Interrupted;

 private:
  size_t pick(const ChoicePoint& point, uint32_t preemptions) override {
    if (!point.has(point.last)) return rng_.below(point.count);
    const uint32_t stay = point.position[point.last];
    if (preemptions == 0) return stay;
    const uint32_t other = rng_.below(point.count - 1);
    return other + (other >= stay);
  }
};

}  // namespace

const StrategyInfo kDelayInfo = {"delay",
                                 "round robin that passes over its turn at a few random places",
                                 "every schedule with at most `bound` delays is possible",
                                 "Emmi, Qadeer, Rakamaric: Delay-bounded scheduling (2011)",
                                 {.needs_pilot = true},
                                 [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
                                   return std::make_unique<Delay>(options);
                                 }};

const StrategyInfo kPreemptionInfo = {
    "preemption",
    "runs each process until it blocks, but for a few random preemptions",
    "every schedule with at most `bound` preemptions is possible",
    "Musuvathi, Qadeer: Iterative context bounding (2007)",
    {.needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Preemption>(options);
    }};

}  // namespace lockstep
