// Every state once: an execution ends where it comes to a state that was visited before.
// Godefroid, Holzmann, Pirottin, "State-space caching revisited", CAV 1992: a visited set with
// sleep sets, depth first.
//
// Guarantee: when it runs out, every state that can be reached was visited, and so every outcome
// was seen. States are compared by 64-bit digests: the chance that among n of them two different
// ones were taken for one is at most n^2 / 2^65. Loops that lead back to a state end there, so what
// a fair schedule would do for ever is not looked at. Beside dpor, it is better where many orders
// lead to few states, and worse where processes that have nothing to do with each other make many
// states. Memory grows with the states.
//
// With a bound on preemptions (Musuvathi, Qadeer, PLDI 2007): every state that schedules with at
// most so many lead to. A state then is visited again with more of them left, and nothing sleeps,
// since a reduction drops schedules for others that may need more preemptions.
//
// `states` is the same without sleep sets: it takes nothing on trust but the digests of states, not
// even the dependence relation, so it is who judges the others (engine/explore/judge.h).
//
// Invariants
// 1. A table entry (state, set) stands for: every way on from that state that does not begin
// (commuting what commutes) with a step of the set is explored, or will be before the search ends.
// 2. Steps are in the order of their actors' keys, so that a set of them is the same bits at every
// visit. Those beyond the 64th are never in a set, which costs time alone.
// 3. Nobody sleeps that a step in between depends on (dependence.h); the root's end, which ends the
// execution whatever the others could do, depends on everything.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/schedule/strategy_list.h"
#include "engine/search/images.h"
#include "engine/search/state_table.h"
#include "engine/search/steps.h"
#include "engine/search/subtree.h"

namespace lockstep {
namespace {

class Cache final : public Subtree {
 public:
  Cache(const StrategyOptions& options, bool sleep_sets)
      : preemptions_(options.preemptions),
        sleep_sets_(sleep_sets && options.preemptions < 0),
        table_(options.cache_bytes) {
    states_ = true;
    fair_spins_ = options.fair_spins;
    skip_forced_ = !sleep_sets_;  // else what sleeps has to be watched
  }

  bool begin(uint64_t iteration, System& system) override {
    system_ = &system;
    images_.stay();
    at_rest_ = false;
    at_ = 0;
    const bool again = iteration == iteration_, first = iteration_ == kNever;
    iteration_ = iteration;
    if (!again && (full_ || (!first && !backtrack()))) return false;
    if (depth_ > 0)
      asleep_after(path_[depth_ - 1]);
    else
      asleep_.clear();
    if (again || first) return true;
    at_ = images_.go_back(system, depth_ - 1, path_[depth_ - 1].step);
    at_rest_ = images_.at_rest();
    return true;
  }
  bool resumed() const override { return images_.resumed(); }
  bool gave_up() const override { return full_; }
  void witness(Evidence& evidence) override {
    evidence.states += table_.size() - told_;
    evidence.untold += untold_;
    told_ = table_.size();
    untold_ = 0;
  }
  // One part: others would have to wait for what it has visited.
  Parts split() override { return {}; }
  void forget_images() override { images_.forget(); }

  size_t choose(const ChoicePoint& point) override {
    const bool forced = point.count == 1 && !point.data;
    if (at_ < depth_) {
      if (forced) return 0;
      images_.passing(*system_, at_);
      const Node& node = path_[at_++];
      LOCKSTEP_ASSERT(node.count == point.count && node.data == point.data);
      return node.pick;
    }
    if (forced) {
      const uint64_t actor_key = system_->actor_key(point.alternatives[0].actor);
      for (const Step* s : asleep_)
        if (s->actor_key == actor_key) return kStop;
      asleep_.clear();  // none of them can go
      return 0;
    }
    if (path_.size() == depth_) path_.emplace_back();
    Node& node = path_[depth_];
    node.data = point.data;
    node.count = point.count;
    node.step = point.step;
    node.options.clear();
    node.used = preemptions_before();
    node.last = kNone;
    if (point.data) {
      node.pick = 0;
      node.asleep = asleep_;
    } else if (!enter(node, point) || !next(node)) {
      return kStop;
    }
    depth_++;
    asleep_after(node);
    at_ = depth_;
    return node.pick;
  }

 private:
  enum class Turn : uint8_t { backtrack, asleep, done, elsewhere };  // elsewhere: at another visit
  struct Option {
    const Step* step = nullptr;
    uint32_t index = 0;  // among the alternatives
    Turn turn = Turn::backtrack;
  };
  struct Node {
    bool data = false;
    uint32_t count = 0, step = 0;
    uint32_t pick = 0;                // the alternative, or the value, that is being explored
    std::vector<Option> options;      // by key; empty for values
    std::vector<const Step*> asleep;  // values: whoever slept before
    uint32_t used = 0;                // preemptions before
    uint32_t last = kNone;  // the alternative that goes on with who went before, if it can
  };
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint64_t kNever = UINT64_MAX;

  bool bounded() const { return preemptions_ >= 0; }

  static bool independent(const Step& a, const Step& b) { return !dependent(a, b, {}); }

  uint32_t preemptions_before() const {
    if (depth_ == 0) return 0;
    const Node& b = path_[depth_ - 1];
    return b.used + (b.last != kNone && b.pick != b.last);
  }

  // False: all that comes of this is explored elsewhere.
  bool enter(Node& node, const ChoicePoint& point) {
    for (uint32_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      Option& o = node.options.emplace_back();
      o.step = pool_.step(a, system_->actor_key(a.actor), *system_);
      if (ends_all(a)) o.step = pool_.finished(*o.step);
      o.index = i;
      for (const Step* s : asleep_)
        if (s->actor_key == o.step->actor_key && s->op.kind == o.step->op.kind &&
            s->op.object == o.step->op.object)
          o.turn = Turn::asleep;
    }
    std::sort(node.options.begin(), node.options.end(), [](const Option& a, const Option& b) {
      return a.step->actor_key < b.step->actor_key;
    });
    // One step an actor (invariant 2), and all that sleep can still go (3).
    LOCKSTEP_CHECK(std::adjacent_find(node.options.begin(), node.options.end(),
                                      [](const Option& a, const Option& b) {
                                        return a.step->actor_key == b.step->actor_key;
                                      }) == node.options.end());
    LOCKSTEP_CHECK(std::all_of(asleep_.begin(), asleep_.end(), [&](const Step* s) {
      return std::any_of(node.options.begin(), node.options.end(),
                         [s](const Option& o) { return o.step->actor_key == s->actor_key; });
    }));
    uint64_t key = system_->state();
    if (key != 0)
      for (const Option& o : node.options)
        key = mix64(mix64(key, o.step->actor_key),
                    o.step->op.object + static_cast<uint64_t>(o.step->kind));
    if (bounded()) return enter_bounded(node, point, key);
    if (key == 0) return untold_++, true;
    StateTable::Entry* entry = table_.find(key);
    if (!entry) return !(full_ = true);
    const uint64_t asleep = bits(node);
    if (entry->key == 0) {
      *entry = {key, asleep};
      table_.added();
      return true;
    }
    // What slept at each earlier visit and is awake now has still to be explored from here.
    const uint64_t backtrack_set = entry->with & ~asleep;
    entry->with &= asleep;
    for (size_t i = 0; i < node.options.size(); i++) {
      const auto in = [i](uint64_t set) { return i < 64 && (set >> i & 1); };
      node.options[i].turn = in(backtrack_set) ? Turn::backtrack
                             : in(entry->with) ? Turn::asleep
                                               : Turn::elsewhere;
    }
    return backtrack_set != 0;
  }

  bool enter_bounded(Node& node, const ChoicePoint& point, uint64_t key) {
    const auto most = static_cast<uint32_t>(preemptions_);
    if (point.last != kNoActor && point.has(point.last)) node.last = point.position[point.last];
    if (key == 0) {
      untold_++;
    } else {
      key = mix64(key, node.last == kNone ? 0 : system_->actor_key(point.last));
      StateTable::Entry* entry = table_.find(key);
      if (!entry) return !(full_ = true);
      if (entry->key == 0)
        table_.added();
      else if (entry->with <= node.used)
        return false;
      *entry = {key, node.used};
    }
    if (node.last != kNone && node.used >= most)
      std::erase_if(node.options, [&](const Option& o) { return o.index != node.last; });
    return true;
  }

  static uint64_t bits(const Node& node) {
    uint64_t set = 0;
    for (size_t i = 0; i < std::min<size_t>(node.options.size(), 64); i++)
      set |= static_cast<uint64_t>(node.options[i].turn == Turn::asleep) << i;
    return set;
  }

  // The node's next branch; false if there is none.
  static bool next(Node& node) {
    if (node.data) return ++node.pick < node.count;
    for (const Option& o : node.options)
      if (o.turn == Turn::backtrack) {
        node.pick = o.index;
        return true;
      }
    return false;
  }

  bool backtrack() {
    for (; depth_ > 0; depth_--) {
      Node& node = path_[depth_ - 1];
      for (Option& o : node.options)
        if (o.index == node.pick) o.turn = Turn::done;
      if (next(node)) return true;
    }
    return false;
  }

  // Whoever sleeps after the branch that the node has taken.
  void asleep_after(const Node& node) {
    asleep_ = node.asleep;
    if (node.data || !sleep_sets_) return;
    asleep_.clear();
    const Step* taken = nullptr;
    for (const Option& o : node.options)
      if (o.index == node.pick) taken = o.step;
    for (const Option& o : node.options)
      if ((o.turn == Turn::asleep || o.turn == Turn::done) && independent(*o.step, *taken))
        asleep_.push_back(o.step);
  }

  const int preemptions_;  // negative: any number
  const bool sleep_sets_;
  StepPool pool_{false};
  StateTable table_;
  System* system_ = nullptr;
  uint64_t iteration_ = kNever;
  Images images_;
  bool full_ = false;
  uint64_t told_ = 0, untold_ = 0;
  std::vector<Node> path_;  // [0 .. depth_): choice points of the execution under way
  size_t depth_ = 0;
  size_t at_ = 0;                    // of these, passed in this execution
  std::vector<const Step*> asleep_;  // where the execution stands
};

}  // namespace

const StrategyInfo kCacheInfo = {
    "cache",
    "every state once: an execution ends where it comes to a state visited before",
    "when it runs out, every reachable state was visited (compared by 64-bit digests)",
    "Godefroid, Holzmann, Pirottin: State-space caching revisited (1992)",
    {.exhaustive = true,
     .unit = Unit::state,
     .takes = kTakesSpins | kTakesPreemptions | kTakesCacheMemory,
     .tree = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Cache>(options, true);
    }};

const StrategyInfo kStatesInfo = {
    "states",
    "every state once, without any reduction: the judge of the others",
    "when it runs out, every reachable state was visited (compared by 64-bit digests)",
    "Godefroid, Holzmann, Pirottin: State-space caching revisited (1992), without sleep sets",
    {.exhaustive = true,
     .unit = Unit::state,
     .takes = kTakesSpins | kTakesPreemptions | kTakesCacheMemory,
     .tree = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Cache>(options, false);
    }};

}  // namespace lockstep
