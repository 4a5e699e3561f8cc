// What happens if nobody steers: a few cores, and who is ready first goes first.
//
// A model of a plain machine, so that it can be said how often plain runs meet a failure. Whoever
// becomes ready waits in one queue for a core; on it, it goes on until it waits for something, has
// yielded, or its slice is over while others queue. A step, a wake-up and a signal on its way take
// a unit of time, half of it more or less; one step in 1024 is held up for 1024 units, as by an
// interrupt or a page that is not there. Time passes when nobody can go on (`racy` timers fire only
// then, the one that was started first before the others), and nothing breaks while anything else
// can happen. Values of lockstep.choose are uniform.
//
// The slice is the BEAM's: 4000 reductions, of which a step with the code around it takes some ten
// (Stenman, "The BEAM Book", 2017, on scheduling). What the model says is a figure of this model.
// It knows nothing of caches, of how long the code between two steps takes, or of other programs.
#include <algorithm>

#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

constexpr uint32_t kUnit = 1024;    // of time
constexpr uint32_t kHeldUp = 1024;  // units, for one step in as many
constexpr uint32_t kSlice = 400;    // steps

class Native final : public Strategy {
 public:
  explicit Native(const StrategyOptions& options)
      : seed_(options.seed), cores_(static_cast<size_t>(std::max(options.cores, 1)), kNoActor) {}

  bool begin(uint64_t iteration, System&) override {
    rng_.reseed(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    own_.clear();
    queue_.clear();
    on_their_way_.clear();
    std::fill(cores_.begin(), cores_.end(), kNoActor);
    now_ = 0;
    return true;
  }

  // Fair by itself: everybody who is ready comes to a core.
  Chooser& fair() override { return *this; }

  size_t choose(const ChoicePoint& point) override {
    if (point.data) return data_.below(point.count);
    if (own_.size() < point.actors) own_.resize(point.actors);
    forget_absent(point);
    for (const ActorId actor : point.woken) wake(point, actor);
    serve();
    const ActorId next = earliest();
    if (next == kNoActor) return idle(point);
    now_ = std::max(now_, own_[next].at);
    own_[next].at = now_ + duration();
    if (own_[next].where == Where::on_core) count_step(point, next);
    return point.position[next];
  }

 private:
  enum class Where : uint8_t { nowhere, queued, on_core, on_its_way };
  struct Own {
    uint64_t at = 0;  // when it takes its next step
    uint32_t left = 0;
    Where where = Where::nowhere;
  };

  uint64_t duration() {
    const uint64_t bits = rng_.next();
    if ((bits & 1023) == 0) return uint64_t{kHeldUp} * kUnit;
    return kUnit / 2 + (bits >> 32) % kUnit;
  }

  void forget_absent(const ChoicePoint& point) {
    const auto gone = [&](ActorId actor) {
      if (point.has(actor)) return false;
      own_[actor].where = Where::nowhere;
      return true;
    };
    std::erase_if(queue_, gone);
    std::erase_if(on_their_way_, gone);
    for (ActorId& actor : cores_)
      if (actor != kNoActor && gone(actor)) actor = kNoActor;
  }

  void wake(const ChoicePoint& point, ActorId actor) {
    if (!point.has(actor) || own_[actor].where != Where::nowhere) return;
    const AltKind kind = point.alternatives[point.position[actor]].kind;
    if (kind == AltKind::step) {
      own_[actor].where = Where::queued;
      queue_.push_back(actor);
    } else if (kind == AltKind::deliver) {  // needs no core
      own_[actor].where = Where::on_its_way;
      own_[actor].at = now_ + duration();
      on_their_way_.push_back(actor);
    }
  }

  void serve() {
    size_t served = 0;
    for (ActorId& core : cores_) {
      if (served == queue_.size()) break;
      if (core != kNoActor) continue;
      core = queue_[served++];
      own_[core] = {now_ + duration(), kSlice, Where::on_core};
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(served));
  }

  ActorId earliest() const {
    ActorId first = kNoActor;
    const auto look = [&](ActorId actor) {
      if (actor != kNoActor && (first == kNoActor || own_[actor].at < own_[first].at))
        first = actor;
    };
    for (const ActorId actor : cores_) look(actor);
    for (const ActorId actor : on_their_way_) look(actor);
    return first;
  }

  // Nobody can go on: time passes, and only where that helps nobody something breaks.
  static size_t idle(const ChoicePoint& point) {
    size_t best = 0;
    for (size_t i = 1; i < point.alternatives.size(); i++) {
      const Alternative &a = point.alternatives[i], &b = point.alternatives[best];
      if (a.kind != b.kind ? a.kind < b.kind : a.actor < b.actor) best = i;
    }
    return best;
  }

  void count_step(const ChoicePoint& point, ActorId actor) {
    const bool yields = point.alternatives[point.position[actor]].op.kind == OpKind::yield;
    if (--own_[actor].left > 0 && !yields) return;
    own_[actor].left = kSlice;
    if (queue_.empty()) return;
    std::replace(cores_.begin(), cores_.end(), actor, kNoActor);
    own_[actor].where = Where::queued;
    queue_.push_back(actor);
  }

  const uint64_t seed_;
  Prng rng_, data_;
  std::vector<Own> own_;  // by actor
  std::vector<ActorId> queue_, on_their_way_, cores_;
  uint64_t now_ = 0;
};

}  // namespace

const StrategyInfo kNativeInfo = {
    "native",
    "not steered: first come, first served on a few cores, as on a plain machine",
    "how often plain runs fail, by that model; fair",
    "after the native runner of Elixir Lockstep (2025)",
    {.fair = true, .own_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Native>(options);
    }};

}  // namespace lockstep
