// PCTCP, PCT with chain partitioning, for message passing: priorities belong to chains of causally
// ordered events, not to processes, so that many short-lived processes cost no more than the width
// of the order they form. Ozkan, Majumdar, Niksic, Tabaei Befrouei, Weissenbacher, "Randomized
// testing of distributed systems with probabilistic guarantees", OOPSLA 2018.
//
// Guarantee: a bug of depth d is hit with probability at least 1 / (w^2 m^(d-1)) a schedule, w the
// width of the causal order, m its events; w^2 is the price of building the chains as events come.
// Deviations from the paper: an event goes to the chain of its own actor's last event, else of its
// sender's or creator's, else to the first that fits (the paper's online partition bounds the
// number of chains by w (w + 1) / 2; this greedy one usually stays below and has no such bound).
// Causality is program order, creation and messages (Alternative::cause).
#include <algorithm>

#include "engine/schedule/change_points.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

class Pctcp final : public Strategy {
 public:
  explicit Pctcp(const StrategyOptions& options)
      : seed_(options.seed), depth_(std::max(options.depth, 1)), stretch_(options.pilot) {}

  bool begin(uint64_t iteration, System&) override {
    Prng rng(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    key_ = rng.next();
    changes_.clear();
    const uint32_t length = stretch_.draw(rng);
    for (uint32_t j = 1; j < static_cast<uint32_t>(depth_); j++)
      changes_.emplace_back(1 + rng.below(length), j);
    std::sort(changes_.begin(), changes_.end());
    next_change_ = 0;
    count_ = 0;
    chains_.clear();
    actors_.clear();
    steps_.clear();
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    meet(point);
    if (point.data) {
      steps_.push_back(steps_.empty() ? Clock{} : steps_.back());
      return data_.below(point.count);
    }
    size_t best = highest(point);
    if (point.count > 1) {
      count_++;
      for (; next_change_ < changes_.size() && changes_[next_change_].first <= count_;
           next_change_++) {
        if (changes_[next_change_].first < count_) continue;
        chains_[actors_[point.alternatives[best].actor].chain].priority =
            changes_[next_change_].second;
        best = highest(point);
      }
    }
    Actor& a = actors_[point.alternatives[best].actor];
    raise(a.past, a.chain, a.index);
    a.pending = false;
    steps_.push_back(a.past);
    return best;
  }

 private:
  using Clock = std::vector<uint32_t>;  // by chain: how many of its events came before
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Chain {
    uint64_t priority;
    uint32_t events;  // put on it, executed or pending
  };
  struct Actor {
    Clock past;  // of its pending event, its last one included
    uint32_t chain = kNone;
    uint32_t index = 0;       // of its pending event on the chain
    uint32_t origin = kNone;  // the creator's chain
    bool pending = false;
  };

  static void raise(Clock& clock, uint32_t chain, uint32_t to) {
    if (clock.size() <= chain) clock.resize(chain + 1);
    clock[chain] = std::max(clock[chain], to);
  }
  static void join(Clock& into, const Clock& from) {
    for (uint32_t c = 0; c < from.size(); c++) raise(into, c, from[c]);
  }

  // Puts every event that is new here on a chain.
  void meet(const ChoicePoint& point) {
    while (actors_.size() < point.actors) {
      Actor a;
      if (!steps_.empty()) a.past = steps_.back();
      if (point.last < actors_.size()) a.origin = actors_[point.last].chain;
      actors_.push_back(std::move(a));
    }
    if (point.data) return;
    if (point.last != kNoActor && point.has(point.last))
      place(point.alternatives[point.position[point.last]]);
    for (const Alternative& alternative : point.alternatives) place(alternative);
  }
  void place(const Alternative& alternative) {
    Actor& a = actors_[alternative.actor];
    if (a.pending) return;
    const uint32_t cause = alternative.cause;
    if (cause > 0 && cause <= steps_.size()) join(a.past, steps_[cause - 1]);
    a.pending = true;
    if (fits(a.chain, a.past)) return put(a, a.chain);
    if (fits(a.origin, a.past)) return put(a, a.origin);
    for (uint32_t c = 0; c < chains_.size(); c++)
      if (fits(c, a.past)) return put(a, c);
    chains_.push_back({1ull << 63 | keyed_draw(key_, chains_.size()), 0});
    put(a, static_cast<uint32_t>(chains_.size() - 1));
  }
  bool fits(uint32_t chain, const Clock& past) const {
    return chain != kNone && chain < past.size() && past[chain] == chains_[chain].events;
  }
  void put(Actor& a, uint32_t chain) {
    a.chain = chain;
    a.index = ++chains_[chain].events;
  }
  size_t highest(const ChoicePoint& point) const {
    size_t best = 0;
    for (size_t i = 1; i < point.count; i++)
      if (priority(point.alternatives[i]) > priority(point.alternatives[best])) best = i;
    return best;
  }
  uint64_t priority(const Alternative& a) const { return chains_[actors_[a.actor].chain].priority; }

  const uint64_t seed_;
  const int depth_;
  const Stretch stretch_;
  Prng data_;
  uint64_t key_ = 0;
  std::vector<std::pair<uint32_t, uint32_t>> changes_;  // choice point, rank
  size_t next_change_ = 0;
  uint32_t count_ = 0;
  std::vector<Chain> chains_;
  std::vector<Actor> actors_;
  std::vector<Clock> steps_;  // by decision: what came before, itself included
};

}  // namespace

const StrategyInfo kPctcpInfo = {
    "pctcp",
    "pct over chains of causally ordered events instead of processes",
    "a bug of depth d is hit with probability >= 1 / (w^2 m^(d-1)), w the width of the order",
    "Ozkan, Majumdar, Niksic, Tabaei Befrouei, Weissenbacher: Randomized testing (2018)",
    {.takes = kTakesDepth, .needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Pctcp>(options);
    }};

}  // namespace lockstep
