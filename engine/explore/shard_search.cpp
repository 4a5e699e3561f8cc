// The search of a tree shared out among processes that know nothing of each other.
//
// Each begins with the same: a search of its own, of so many executions, which small programs do
// not survive, and which learns what there is to learn of messages. Then it cuts the tree nearest
// to its root, everything that can go being a part (Subtree::fan_out), until there are many more
// parts than shards, and goes on with every so manieth of them. Sleep sets see to it that each
// class is in one part.
//
// Invariants
// 1. What comes before a shard takes its parts is a function of seed, options and what was learnt
// before, so all shards cut alike.
// 2. A class is left out of one part since it is of another by the relation that both take for
// granted. So shards that have come to their end are a proof if what they have learnt in the end is
// the same (ShardLessons).
#include <algorithm>
#include <deque>
#include <utility>

#include "engine/base/check.h"
#include "engine/explore/exploration.h"

namespace lockstep {
namespace {

constexpr uint64_t kPartsOfEach = 32, kParts = 256;  // of each shard, and at least so many
constexpr uint64_t kALittle = 16;                    // executions

}  // namespace

// The result of all, if the search is over with that: told by the first shard. Else null, with what
// was learnt.
std::optional<ExploreResult> Exploration::search_alone(std::span<System* const> systems) {
  ExploreOptions options = options_;
  options.shard = 0;
  options.shards = 1;
  options.checkpoints = nullptr;
  options.learnt = {};  // else it would depend on what others have come to whether it is over
  const bool enough = options.iterations == 0 || options.iterations > options.alone;
  if (enough) options.iterations = options.alone;
  Exploration alone(options, progress_);
  alone.alone_ = true;
  ExploreResult all = alone.run(systems);
  ShardLessons lessons{alone.learnt_};
  lessons.add({options_.learnt});
  learnt_ = lessons.told_apart;
  if (all.stop == StopReason::iterations && enough) {
    if (options_.shard == 0) collector_.look_for_races_as(alone.collector_);
    return {};
  }
  learnt_ = alone.learnt_;
  alone_ = true;
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
  cutting_ = true;
  for (;;) {
    LOCKSTEP_ASSERT(parts.size() == 1);
    fan_out(parts);
    if (stop_) return;
    auto anew = parts[0].tree->anew(0, true);
    if (!anew) break;
    parts.clear();
    parts.push_back({std::move(anew)});
  }
  cutting_ = false;
  learnt_ = parts[0].tree->learnt();
  for (size_t i = options_.shard; i < parts.size() && !stop_; i += options_.shards)
    if (parts[i].done)
      hand_in(frontier, parts[i]);
    else
      frontier.parts.push_back(std::move(parts[i]));
}

// How much is in a part cannot be told from outside, and most parts of a cut are small. So each is
// searched a little, and those that are not done with that are cut again, one after the other.
void Exploration::fan_out(std::vector<Part>& parts) {
  std::deque<size_t> open{0};
  while (!open.empty() && open.size() < std::max(kParts, kPartsOfEach * options_.shards)) {
    const size_t at = open.front();
    open.pop_front();
    parts[at].quota = parts[at].batch.count + kALittle;
    parts[at].alone = false;
    search_slice(*workers_[0], parts[at]);
    if (error_) return;
    if (parts[at].batch.cut) {
      Batch none;
      none.from = collector_.merged();
      none.cut = true;
      return submit(std::move(none));
    }
    Subtree& tree = *parts[at].tree;
    std::vector<std::unique_ptr<Subtree>> more = tree.surrender();
    if (!parts[at].done) {
      Subtree::Parts cut = tree.fan_out();
      for (auto& part : cut.parts) more.push_back(std::move(part));
      open.push_back(at);
    }
    tree.forget_images();
    for (auto& part : more) {
      open.push_back(parts.size());
      parts.push_back({std::move(part)});
    }
  }
}

}  // namespace lockstep
