// The search of a tree shared out among processes that know nothing of each other.
//
// Each begins with the same: a search of its own, of so many executions, which small programs do
// not survive, and which learns what there is to learn of messages. Then it cuts the tree nearest to
// its root, everything that can go being a part (Subtree::fan_out), until there are many more parts
// than shards, and goes on with every so manieth of them. Sleep sets see to it that each class is in
// one part.
//
// Invariants
// 1. What comes before a shard takes its parts is a function of seed, options and what was learnt
// before, so all shards cut alike.
// 2. A class is left out of one part since it is of another by the relation that both take for
// granted. So shards that have come to their end are a proof if what they have learnt in the end is
// the same (ShardLessons).
#include <queue>

#include "engine/base/check.h"
#include "engine/explore/exploration.h"

namespace lockstep {
namespace {

constexpr uint64_t kPartsOfEach = 64;  // of each shard, or as many as there are

}  // namespace

// The result of all, if the search is over with that: told by the first shard. Else null, with what
// was learnt.
std::optional<ExploreResult> Exploration::search_alone(std::span<System* const> systems) {
  ExploreOptions options = options_;
  options.shard = 0;
  options.shards = 1;
  options.checkpoints = nullptr;
  const bool enough = options.iterations == 0 || options.iterations > options.alone;
  if (enough) options.iterations = options.alone;
  Exploration alone(options, progress_);
  ExploreResult all = alone.run(systems);
  learnt_ = alone.learnt_;
  if (all.stop == StopReason::iterations && enough) {
    if (options_.shard == 0) collector_.look_for_races_as(alone.collector_);
    return {};
  }
  if (options_.shard > 0) {
    ExploreResult none;
    none.stop = collector_.result().stop = all.stop;
    none.exhausted = collector_.result().exhausted = all.exhausted;
    if (options_.save_result) none.saved = save();
    all = std::move(none);
  }
  all.shard = options_.shard;
  all.shards = options_.shards;
  return all;
}

// Of a search that has not begun: the parts that are this shard's.
void Exploration::share_out(Frontier& frontier) {
  std::vector<Part> parts = std::exchange(frontier.parts, {});
  for (;;) {
    LOCKSTEP_ASSERT(parts.size() == 1);
    fan_out(parts);
    if (stop_) return;
    auto anew = parts[0].tree->anew(0, true);
    if (!anew) break;
    parts.clear();
    parts.push_back({std::move(anew)});
  }
  learnt_ = parts[0].tree->learnt();
  for (size_t i = options_.shard; i < parts.size(); i += options_.shards)
    frontier.parts.push_back(std::move(parts[i]));
}

// The one that seems largest is cut first.
void Exploration::fan_out(std::vector<Part>& parts) {
  struct Open {
    double weight;
    size_t at;
    bool operator<(const Open& o) const { return std::pair(weight, o.at) < std::pair(o.weight, at); }
  };
  std::priority_queue<Open> open;
  open.push({parts[0].tree->weight, 0});
  while (!open.empty() && parts.size() < kPartsOfEach * options_.shards) {
    const size_t at = open.top().at;
    open.pop();
    if (parts[at].next == 0) {
      parts[at].quota = 1;
      parts[at].alone = false;
      search_slice(*workers_[0], parts[at]);
      if (error_) return;
      if (parts[at].batch.cut) {
        Batch none;
        none.from = collector_.merged();
        none.cut = true;
        return submit(std::move(none));
      }
    }
    if (parts[at].done) continue;
    Subtree& tree = *parts[at].tree;
    Subtree::Parts cut = tree.fan_out();
    if (!cut.parts.empty()) open.push({tree.weight, at});
    for (auto& more : tree.surrender()) cut.parts.push_back(std::move(more));
    tree.forget_images();
    for (auto& part : cut.parts) {
      open.push({part->weight, parts.size()});
      parts.push_back({std::move(part)});
    }
  }
}

}  // namespace lockstep
