// URW, uniform random walk over interleavings: the next actor is drawn in proportion to what it has
// left to do. Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS
// 2025.
//
// Guarantee: if the counts are exact and nothing blocks, every interleaving has the same
// probability, since the product of left(t) / (sum of left) telescopes to (product of n_t!) / (sum
// of n_t)!. Counts come from the pilot; an actor's count includes those it will create, and falls
// by the child's when it does. Deviations from the paper: counts are never below 1 for somebody who
// can go; values of lockstep.choose are uniform.
#include <algorithm>

#include "engine/counted.h"
#include "engine/strategy_list.h"

namespace lockstep {
namespace {

class Urw final : public Strategy {
 public:
  explicit Urw(const StrategyOptions& options) : seed_(options.seed), counted_(options.pilot) {
    for (size_t i = 0; i < counted_.size(); i++)
      totals_.push_back(counted_.pilot()->per_actor[i].steps);
    counted_.include_descendants(totals_);
  }

  bool begin(uint64_t iteration, System& system) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    left_.begin(counted_, &totals_, system, 1);
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    left_.meet(point);
    if (point.data) return data_.below(point.count);
    size_t pick = 0;
    if (point.count > 1) {
      uint64_t sum = 0;
      for (const Alternative& a : point.alternatives) sum += std::max(left_[a.actor], 1u);
      for (uint64_t at = rng_.below64(sum);; pick++) {
        const uint32_t left = std::max(left_[point.alternatives[pick].actor], 1u);
        if (at < left) break;
        at -= left;
      }
    }
    left_.step(point.alternatives[pick].actor);
    return pick;
  }

 private:
  const uint64_t seed_;
  const Counted counted_;
  std::vector<uint32_t> totals_;  // by actor of the pilot
  Prng rng_, data_;
  Remaining left_;
};

}  // namespace

const StrategyInfo kUrwInfo = {
    "urw",
    "random walk weighted by what each process has left",
    "with exact counts and no blocking, every interleaving is equally likely",
    "Zhao, Wolff, Mathur, Roychoudhury: Selectively uniform concurrency testing (2025)",
    {.fair = true, .needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Urw>(options);
    }};

}  // namespace lockstep
