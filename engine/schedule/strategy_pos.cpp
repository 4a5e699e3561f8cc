// POS, partial order sampling: a random priority for each pending event; those that race with the
// executed one draw again. Yuan, Yang, Gu, "Partial order aware concurrency sampling", CAV 2018.
//
// Guarantee: every partial order has a probability that does not shrink with the length of
// unrelated work; for random programs the paper bounds it 134 times above the random walk's and
// PCT's. No parameters, no pilot. Deviations from the paper: the priority of an event is drawn when
// it is first enabled, not when it is first pending. Nobody looks at it in between, so the law is
// the same. An event that was disabled and is enabled again draws again; it was disabled by an
// event that it depends on, after which the paper draws again as well.
//
// With resample >= 0, the Elixir tool's strategy of that name, which is another thing: at each
// step, with that probability, all ready actors draw new priorities (1 is the random walk, 0 a
// fixed order).
#include <algorithm>
#include <cmath>

#include "engine/relation/dependence.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Pos final : public Strategy {
 public:
  explicit Pos(const StrategyOptions& options) : seed_(options.seed) { skip_forced_ = true; }

  bool begin(uint64_t iteration, System&) override {
    draw_ = DrawOnDemand(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    priority_.clear();
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    priority_.refresh(point);
    if (point.data) return data_.below(point.count);
    if (point.count == 1) return 0;  // nothing enabled can race; the rest draws when it wakes
    const Alternative* const alternatives = point.alternatives.data();
    uint64_t* const priority = priority_.data();
    const size_t count = point.count;
    size_t best = 0;
    uint64_t highest = 0;
    DrawOnDemand draw = draw_;
    for (size_t i = 0; i < count; i++) {
      const uint64_t p = draw(priority[alternatives[i].actor]);
      best = p > highest ? i : best;
      highest = p > highest ? p : highest;
    }
    draw_ = draw;
    const Alternative executed = alternatives[best];
    for (size_t i = 0; i < count; i++)
      priority[alternatives[i].actor] &= share_an_object(executed, alternatives[i]) - 1ull;
    return best;
  }

 private:
  const uint64_t seed_;
  Prng data_;
  DrawOnDemand draw_;
  Priorities priority_;
};

class ResamplePos final : public Strategy {
 public:
  explicit ResamplePos(const StrategyOptions& options)
      : seed_(options.seed),
        chance_(std::llround(std::min(options.resample, 1.0) * 4294967296.0)) {}

  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    priority_.clear();
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    if (point.data) return data_.below(point.count);
    if (priority_.size() < point.actors) priority_.resize(point.actors);
    const bool resample = static_cast<int64_t>(rng_.next() >> 32) < chance_;
    size_t best = 0;
    uint64_t highest = 0;
    for (size_t i = 0; i < point.count; i++) {
      uint64_t& priority = priority_[point.alternatives[i].actor];
      if (resample || priority == 0) priority = rng_.next() | 1;
      if (priority > highest) highest = priority, best = i;
    }
    return best;
  }

 private:
  const uint64_t seed_;
  const int64_t chance_;
  Prng rng_, data_;
  std::vector<uint64_t> priority_;
};

}  // namespace

const StrategyInfo kPosInfo = {
    "pos",
    "a random priority for each pending event, drawn again when it races",
    "every partial order keeps a probability that unrelated work does not shrink",
    "Yuan, Yang, Gu: Partial order aware concurrency sampling (2018)",
    {.takes = kTakesResample},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      if (options.resample >= 0) return std::make_unique<ResamplePos>(options);
      return std::make_unique<Pos>(options);
    }};

}  // namespace lockstep
