// Location priorities: one random priority for each static source place in a schedule. Ours; no
// publication known. A place is a line in three schedules of four, and a call in the others:
// the fewer places the better the odds, but what a line does in two calls may have to come apart.
//
// Guarantee: a bug that is decided by the order of s source places, whatever the number of
// processes that run them, is hit with probability at least 1/s! a schedule (a quarter of that
// where two calls of one line must come apart): m processes at the same place behave as one. It
// cannot order two events of one place differently within a schedule except by ties, hence must not
// be the only strategy (see `auto`). The priority is a keyed hash of the place and the kind of
// operation, so nothing is stored; events of one place are told apart by noise drawn when they
// become pending. What has no place (0) draws afresh, as in BasicPOS.
#include "engine/boundary/site.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Loc final : public Strategy {
 public:
  explicit Loc(const StrategyOptions& options) : seed_(options.seed) {
    sites_ = true;
    skip_forced_ = true;
  }

  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    key_ = rng_.next();
    by_line_ = !rng_.chance(1u << 30);
    priority_.clear();
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    priority_.refresh(point);
    if (point.data) return data_.below(point.count);
    if (point.count == 1) return 0;
    size_t best = 0;
    uint64_t highest = 0;
    for (size_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      uint64_t& priority = priority_[a.actor];
      if (priority == 0) priority = draw(a.op);
      if (priority > highest) highest = priority, best = i;
    }
    return best;
  }

 private:
  uint64_t draw(const Operation& op) {
    const uint64_t noise = rng_.next() | 1;
    if (op.site == 0) return noise;
    const uint64_t site = by_line_ ? line_of(op.site) : op.site;
    const uint64_t place = site << 8 | static_cast<uint64_t>(op.kind);
    return (keyed_draw(key_, place) & ~kNoise) | (noise & kNoise);
  }
  static constexpr uint64_t kNoise = (1ull << 24) - 1;

  const uint64_t seed_;
  Prng rng_, data_;
  uint64_t key_ = 0;
  bool by_line_ = false;
  Priorities priority_;
};

}  // namespace

const StrategyInfo kLocInfo = {
    "loc",
    "a random priority for each source place in a schedule",
    "an order of s source places has probability >= 1/s!, whatever the number of processes",
    "this project (2026)",
    {},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Loc>(options);
    }};

}  // namespace lockstep
