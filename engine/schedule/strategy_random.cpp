// Uniform random walk: at each choice point every alternative is equally likely.
//
// Guarantee: a schedule with b_1, b_2, ... alternatives at its choice points has probability 1 /
// (b_1 b_2 ...), so every schedule is possible and every alternative that stays available is taken
// in the end (fair with probability 1). The honest baseline, and the pilot (Thomson, Donaldson,
// Betts, "Concurrency testing using schedule bounding", 2014, found it better than its name).
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Random final : public Strategy {
 public:
  explicit Random(const StrategyOptions& options) : seed_(options.seed) { skip_forced_ = true; }

  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    return true;
  }
  // A forced step draws nothing, so that it makes no difference whether the system asks about it.
  size_t choose(const ChoicePoint& point) override {
    return point.count == 1 ? 0 : rng_.below(point.count);
  }

 private:
  const uint64_t seed_;
  Prng rng_;
};

}  // namespace

const StrategyInfo kRandomInfo = {
    "random",
    "uniform random walk",
    "every schedule is possible; fair with probability 1",
    "Thomson, Donaldson, Betts: Concurrency testing using schedule bounding (2014)",
    {.fair = true, .own_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Random>(options);
    }};

}  // namespace lockstep
