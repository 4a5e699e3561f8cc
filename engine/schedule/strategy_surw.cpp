// SURW, selectively uniform random walk: uniform over the interleavings of the operations on one
// object. Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS
// 2025.
//
// Guarantee: with exact counts, uniform over the interleavings of the chosen operations, so a bug
// that the order of m_1 + m_2 + ... operations on that object decides has probability |bad orders|
// / multinomial, whatever else goes on. The object is drawn for each schedule, in proportion to the
// pilot's count of operations on it. Deviations from the paper: an object is a table's key, an
// atomic's slot, a mailbox, or a whole container that holds several such (all keys of a table),
// drawn like them by its count. Left out are objects on which nothing raced in the pilot: only
// reads or adds, or a lock that one actor alone takes, as whoever joins a thread does with its end.
// Every schedule has their operations in one order, or none looks at it, and uniform over that is
// a schedule lost.
#include <algorithm>

#include "engine/schedule/counted.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

constexpr ObjectId kContainer = ~0xffffffffull;

class Surw final : public Strategy {
 public:
  explicit Surw(const StrategyOptions& options) : seed_(options.seed), counted_(options.pilot) {
    if (!options.pilot) return;
    std::vector<Delta> whole;
    const Pilot::PerObject* scan = nullptr;  // what touches a whole container touches each key
    for (const Pilot::PerObject& o : options.pilot->objects) {
      if (object_element(o.object) == 0) scan = &o;
      if (o.contended && scan != &o) {
        add(deltas_, o.object, ~0ull, o);
        if (scan && overlap(scan->object, o.object)) add(deltas_, o.object, ~0ull, *scan);
      }
      add(whole, o.object & kContainer, kContainer, o);
    }
    for (Delta& d : whole)
      if (d.contended >= (object_element(d.first) == 0 ? 1 : 2)) deltas_.push_back(std::move(d));
  }

  bool begin(uint64_t iteration, System& system) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    draw_ = DrawOnDemand(rng_.next());
    delta_ = draw_delta();
    totals_.assign(counted_.size(), 0);
    if (delta_)
      for (const auto& [actor, count] : delta_->counts) totals_[actor] = count;
    counted_.include_descendants(totals_);
    left_.begin(counted_, &totals_, system, delta_ ? 1 : 0);
    priorities_.clear();
    held_.clear();
    intended_ = kNoActor;
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    priorities_.refresh(point);
    held_.resize(point.actors, false);
    left_.meet(point, [this](ActorId child, ActorId parent, uint32_t before) {
      if (intended_ == parent && before > 0 && rng_.below(before) < left_[child]) intended_ = child;
    });
    if (point.data) return data_.below(point.count);
    for (;;) {
      const size_t pick = highest(point);
      if (pick == point.count) {  // all are held
        release();
        continue;
      }
      if (!in_delta(point.alternatives[pick].op)) return pick;
      if (intended_ == kNoActor || !point.has(intended_)) intended_ = draw_intended(point);
      const size_t next = hold_down_to_intended(point);
      if (next == point.count) {
        release();
        continue;
      }
      if (in_delta(point.alternatives[next].op)) {
        left_.step(point.alternatives[next].actor);
        release();
      }
      return next;
    }
  }

 private:
  struct Delta {
    ObjectId object, mask, first;
    uint32_t contended = 0;  // objects
    uint64_t weight = 0;
    std::vector<std::pair<size_t, uint32_t>> counts;  // actor of the pilot, operations
  };

  void add(std::vector<Delta>& to, ObjectId object, ObjectId mask, const Pilot::PerObject& o) {
    if (to.empty() || to.back().object != object) to.push_back({object, mask, o.object, 0, 0, {}});
    Delta& d = to.back();
    d.contended += o.contended;
    for (const auto& [key, count] : o.counts) {
      const size_t actor = counted_.index(key, kNoActor);
      const auto it = std::find_if(d.counts.begin(), d.counts.end(),
                                   [&](const auto& c) { return c.first == actor; });
      if (it != d.counts.end())
        it->second += count;
      else
        d.counts.emplace_back(actor, count);
      d.weight += count;
    }
  }
  const Delta* draw_delta() {
    uint64_t sum = 0;
    for (const Delta& d : deltas_) sum += d.weight;
    if (sum == 0) return nullptr;
    uint64_t at = rng_.below64(sum);
    for (const Delta& d : deltas_) {
      if (at < d.weight) return &d;
      at -= d.weight;
    }
    return nullptr;
  }
  bool in_delta(const Operation& op) const {
    if (!delta_) return false;
    const auto inside = [this](ObjectId o) {
      return overlap(o & delta_->mask, delta_->object & delta_->mask) && o != 0;
    };
    if (inside(op.object) && op.access != Access::none) return true;
    for (int i = 0; i < op.extra_count; i++)
      if (inside(op.extra[i].object) && op.extra[i].access != Access::none) return true;
    return false;
  }
  size_t highest(const ChoicePoint& point) {
    size_t best = point.count;
    uint64_t top = 0;
    for (size_t i = 0; i < point.count; i++) {
      const ActorId actor = point.alternatives[i].actor;
      const uint64_t p = draw_(priorities_[actor]);
      if (!held_[actor] && p > top) top = p, best = i;
    }
    return best;
  }
  // Whoever comes next by priority and may go: the intended one, or one outside of delta. Those
  // above it are held. All at once, since there may be a hundred of them.
  size_t hold_down_to_intended(const ChoicePoint& point) {
    size_t best = point.count;
    uint64_t top = 0;
    waiting_.clear();
    for (size_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      if (held_[a.actor]) continue;
      const uint64_t p = priorities_[a.actor];
      if (a.actor != intended_ && in_delta(a.op))
        waiting_.emplace_back(p, a.actor);
      else if (p > top)
        top = p, best = i;
    }
    for (const auto& [p, actor] : waiting_)
      if (p > top) held_[actor] = true;
    return best;
  }
  ActorId draw_intended(const ChoicePoint& point) {
    uint64_t sum = 0;
    for (const Alternative& a : point.alternatives)
      if (!held_[a.actor]) sum += left_[a.actor];
    if (sum == 0) {  // the counts are used up: whoever is there, equally likely
      uint32_t n = 0;
      for (const Alternative& a : point.alternatives) n += !held_[a.actor];
      uint32_t at = rng_.below(n);
      for (const Alternative& a : point.alternatives)
        if (!held_[a.actor] && at-- == 0) return a.actor;
    }
    uint64_t at = rng_.below64(sum);
    for (const Alternative& a : point.alternatives) {
      if (held_[a.actor]) continue;
      if (at < left_[a.actor]) return a.actor;
      at -= left_[a.actor];
    }
    return kNoActor;
  }
  void release() {
    held_.assign(held_.size(), false);
    intended_ = kNoActor;
  }

  const uint64_t seed_;
  const Counted counted_;
  std::vector<Delta> deltas_;
  const Delta* delta_ = nullptr;
  std::vector<uint32_t> totals_;  // by actor of the pilot
  Prng rng_, data_;
  DrawOnDemand draw_;
  Remaining left_;
  Priorities priorities_;
  std::vector<bool> held_;  // by actor: its operation on the object waits for the intended one's
  std::vector<std::pair<uint64_t, ActorId>> waiting_;
  ActorId intended_ = kNoActor;
};

}  // namespace

const StrategyInfo kSurwInfo = {
    "surw",
    "uniform over the interleavings of the operations on one object",
    "a bug decided by the order on one object has probability |bad orders| / multinomial",
    "Zhao, Wolff, Mathur, Roychoudhury: Selectively uniform concurrency testing (2025)",
    {.needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Surw>(options);
    }};

}  // namespace lockstep
