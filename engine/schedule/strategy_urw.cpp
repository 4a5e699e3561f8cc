// URW, uniform random walk over interleavings: the next actor is drawn in proportion to what it has
// left to do. Zhao, Wolff, Mathur, Roychoudhury, "Selectively uniform concurrency testing", ASPLOS
// 2025.
//
// Guarantee: if the counts are exact and nothing blocks, every interleaving of the operations that
// race has the same probability, since the product of left(t) / (sum of left) telescopes to
// (product of n_t!) / (sum of n_t)!. Counts come from the pilot; an actor's count includes those it
// will create, and falls by the child's when it does.
//
// Deviations from the paper, which instruments nothing but accesses of shared variables: what is
// counted are the operations on objects that were contended in the pilot. Whoever is drawn goes on
// until it has done one; so spawns, ends, joins and what it does with its own objects take part in
// no draw and leave the law as it is. In a quarter of the schedules every operation counts, for
// what the pilot did not see race. Counts are never below 1 for somebody who can go; values of
// lockstep.choose are uniform.
#include <algorithm>

#include "engine/schedule/counted.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

// An actor that waits by asking again and again must let go of the others some time.
constexpr int kPatience = 64;

class Urw final : public Strategy {
 public:
  explicit Urw(const StrategyOptions& options) : seed_(options.seed), counted_(options.pilot) {
    std::vector<uint32_t> all, racing(counted_.size(), 0);
    for (size_t i = 0; i < counted_.size(); i++)
      all.push_back(counted_.pilot()->per_actor[i].steps);
    if (options.pilot) {
      for (const Pilot::PerObject& o : options.pilot->objects) {
        if (!o.contended) quiet_.push_back(o.object);
        for (const auto& [key, count] : o.counts)
          if (const size_t i = counted_.index(key, kNoActor); o.contended && i < racing.size())
            racing[i] = std::min(racing[i] + count, all[i]);  // an operation may touch several
      }
    }
    counted_.include_descendants(all);
    counted_.include_descendants(racing);
    totals_[0] = std::move(racing), totals_[1] = std::move(all);
  }

  bool begin(uint64_t iteration, System& system) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    all_ = rng_.below(4) == 0;
    left_.begin(counted_, &totals_[all_], system, 1);
    intended_ = kNoActor;
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    left_.meet(point, [this](ActorId child, ActorId parent, uint32_t before) {
      if (intended_ == parent && before > 0 && rng_.below(before) < left_[child]) intended_ = child;
    });
    if (point.data) return data_.below(point.count);
    size_t pick = 0;
    if (point.count > 1) {
      if (point.has(intended_)) {
        pick = point.position[intended_];
      } else {
        pick = draw(point);
        intended_ = point.alternatives[pick].actor;
        patience_ = kPatience;
      }
    }
    const Alternative& a = point.alternatives[pick];
    const bool counts = all_ || !quiet(a.op);
    if (counts) left_.step(a.actor);
    if (a.actor == intended_ && (counts || left_[a.actor] == 0 || --patience_ == 0))
      intended_ = kNoActor;
    return pick;
  }

 private:
  size_t draw(const ChoicePoint& point) {
    uint64_t sum = 0;
    for (const Alternative& a : point.alternatives) sum += std::max(left_[a.actor], 1u);
    uint64_t at = rng_.below64(sum);
    for (size_t pick = 0;; pick++) {
      const uint32_t left = std::max(left_[point.alternatives[pick].actor], 1u);
      if (at < left) return pick;
      at -= left;
    }
  }
  // Touches nothing, or only what nobody raced for in the pilot.
  bool quiet(const Operation& op) const {
    if (!quiet(op.object, op.access)) return false;
    for (int i = 0; i < op.extra_count; i++)
      if (!quiet(op.extra[i].object, op.extra[i].access)) return false;
    return true;
  }
  bool quiet(ObjectId object, Access access) const {
    return object == 0 || access == Access::none ||
           std::binary_search(quiet_.begin(), quiet_.end(), object);
  }

  const uint64_t seed_;
  const Counted counted_;
  std::vector<ObjectId> quiet_;      // sorted
  std::vector<uint32_t> totals_[2];  // by actor of the pilot: what races, all
  Prng rng_, data_;
  Remaining left_;
  bool all_ = false;             // count everything
  ActorId intended_ = kNoActor;  // goes on until it has done what counts
  int patience_ = 0;
};

}  // namespace

const StrategyInfo kUrwInfo = {
    "urw",
    "random walk weighted by what each process has left",
    "with exact counts and no blocking, every interleaving of what races is equally likely, in "
    "three schedules of four",
    "Zhao, Wolff, Mathur, Roychoudhury: Selectively uniform concurrency testing (2025)",
    {.fair = true, .needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Urw>(options);
    }};

}  // namespace lockstep
