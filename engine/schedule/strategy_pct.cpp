// PCT: random priorities, changed at d - 1 random places.
// Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic
// guarantees of finding bugs", ASPLOS 2010.
//
// Guarantee: a bug that d ordering constraints make certain is hit with probability at least 1 / (n
// k^(d-1)) in each schedule, n actors, k choice points, on seven of eight schedules. The rules that
// carry it: change points are drawn over the execution's own length k (from the pilot), never over
// max_steps (an eighth of the schedules draws over more, since the pilot may be short:
// change_points.h); the process that is lowered at draw j gets rank j, not the bottom (always
// pushing to the bottom forces the later below the earlier and voids the guarantee for d >= 3);
// only steps with at least two alternatives count. Deviations from the paper: actors other than
// processes (arrivals, timers) have priorities too; values of lockstep.choose are drawn uniformly
// and cost no change point.
//
// fair_pct: PCT for the first max_steps / 2 steps, then a random walk. idpct: d = 2 + (i mod 5), no
// need to guess it.
#include <algorithm>

#include "engine/base/error.h"
#include "engine/schedule/change_points.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Pct : public Strategy {
 public:
  // depth 0: d goes through 2 .. 6 with the iterations.
  Pct(const StrategyOptions& options, int depth)
      : seed_(options.seed), depth_(depth), stretch_(options.pilot) {
    skip_forced_ = true;
  }

  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    key_ = rng_.next();
    heap_.clear();
    slots_.clear();
    count_ = 0;
    const int depth = depth_ ? depth_ : 2 + static_cast<int>(iteration % 5);
    changes_.clear();
    const uint32_t length = stretch_.draw(rng_);
    for (int draw = 1; draw < depth; draw++)
      changes_.push_back({1 + rng_.below(length), static_cast<uint32_t>(draw)});
    std::sort(changes_.begin(), changes_.end(),
              [](Change a, Change b) { return a.at < b.at || (a.at == b.at && a.rank < b.rank); });
    changes_.push_back({UINT32_MAX, 0});
    change_ = 0;
    return true;
  }

  // Nobody looks at all the actors: the heap holds those that could go when last heard of, and one
  // that cannot is dropped when it comes to the top. `woken` brings it back.
  size_t choose(const ChoicePoint& point) override {
    for (const ActorId actor : point.woken) queue(actor);
    if (point.data) return data_.below(point.count);
    if (point.count == 1) return 0;
    count_++;
    settle(point);
    while (changes_[change_].at == count_) [[unlikely]] {
        lower_top(changes_[change_++].rank);
        settle(point);
      }
    return point.position[heap_.front().actor];
  }

 protected:
  Prng rng_;

 private:
  struct Change {
    uint32_t at, rank;
  };
  struct Entry {
    uint64_t priority;
    ActorId actor;
    friend bool operator<(const Entry& a, const Entry& b) { return a.priority < b.priority; }
  };
  struct Slot {
    uint64_t priority = 0;  // 0: not seen yet
    bool queued = false;
  };
  static constexpr uint64_t kUpperBand = 1ull << 63;

  // Independent draws put a newcomer at a uniformly random rank of the upper band.
  void queue(ActorId actor) {
    if (actor >= slots_.size()) slots_.resize(actor + 1);
    Slot& slot = slots_[actor];
    if (slot.priority == 0) slot.priority = kUpperBand | keyed_draw(key_, actor);
    if (slot.queued) return;
    slot.queued = true;
    heap_.push_back({slot.priority, actor});
    std::push_heap(heap_.begin(), heap_.end());
  }
  void settle(const ChoicePoint& point) {
    for (;;) {
      LOCKSTEP_ASSERT(!heap_.empty());  // woken names everybody who can go
      if (point.has(heap_.front().actor)) return;
      slots_[heap_.front().actor].queued = false;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
    }
  }
  void lower_top(uint64_t rank) {
    std::pop_heap(heap_.begin(), heap_.end());
    heap_.back().priority = slots_[heap_.back().actor].priority = rank;
    std::push_heap(heap_.begin(), heap_.end());
  }

  const uint64_t seed_;
  const int depth_;
  const Stretch stretch_;
  Prng data_;
  uint64_t key_ = 0;
  uint32_t count_ = 0;  // choice points with at least two alternatives so far
  size_t change_ = 0;
  std::vector<Change> changes_;
  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
};

class PlainPct final : public Pct {
 public:
  PlainPct(const StrategyOptions& options, int depth) : Pct(options, depth) {}
};

class FairPct final : public Pct {
 public:
  explicit FairPct(const StrategyOptions& options)
      : Pct(options, options.depth), unfair_(options.max_steps / 2) {}
  size_t choose(const ChoicePoint& point) override {
    if (point.step < unfair_) return Pct::choose(point);
    return point.count == 1 ? 0 : rng_.below(point.count);
  }

 private:
  const uint32_t unfair_;
};

constexpr const char* kSource =
    "Burckhardt, Kothari, Musuvathi, Nagarakatte: A randomized scheduler with probabilistic "
    "guarantees (2010)";

}  // namespace

const StrategyInfo kPctInfo = {
    "pct",
    "random priorities, changed at d - 1 places",
    "a bug of depth d is hit with probability >= 7/8 / (n k^(d-1)) per schedule",
    kSource,
    {.takes = kTakesDepth, .needs_pilot = true, .depth = DepthBound::as_asked},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<PlainPct>(options, std::max(options.depth, 1));
    }};

const StrategyInfo kFairPctInfo = {
    "fair_pct",
    "pct for the first max_steps / 2 steps, then random",
    "as pct within the first half of the step bound; fair afterwards",
    "Coyote (2020); Burckhardt et al. (2010)",
    {.takes = kTakesDepth, .fair = true, .needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<FairPct>(options);
    }};

const StrategyInfo kIdPctInfo = {
    "idpct",
    "pct with depth 2, 3, 4, 5, 6 in turn",
    "as pct for every depth from 2 to 6, on a fifth of the schedules each",
    "the Elixir Lockstep's idpct; Burckhardt et al. (2010)",
    {.takes = kTakesDepth, .needs_pilot = true, .depth = DepthBound::from_2_to_6},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<PlainPct>(options, 0);
    }};

}  // namespace lockstep
