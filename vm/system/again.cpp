// Executions that are run again: from where a place was learned at which processes go round, and to
// find the line that changed file-level state.
#include <algorithm>
#include <utility>
#include <vector>

#include "vm/guest/frozen.h"
#include "vm/guest/spin.h"
#include "vm/system/actor_system.h"

namespace lockstep::vm {
namespace {

// The decisions up to where an execution was broken off, then whoever was to decide.
class FollowThen final : public Chooser {
 public:
  FollowThen(Chooser& then, std::span<const Decision> first)
      : first_(first.begin(), first.end()), then_(then) {
    at_rest_ = then.at_rest();
    sites_ = then.sites();
    skip_forced_ = then.skip_forced();
    states_ = then.states();
    fair_spins_ = then.fair_spins();
  }
  size_t choose(const ChoicePoint& point) override {
    if (point.step >= first_.size()) return then_.choose(point);
    const Decision d = first_[point.step];
    return point.data ? d.value() : point.position[d.actor];
  }

 private:
  std::vector<Decision> first_;
  Chooser& then_;
};

// Follows a recorded schedule; stops where it no longer fits.
class FollowOnly final : public Chooser {
 public:
  explicit FollowOnly(std::vector<Decision> schedule) : schedule_(std::move(schedule)) {}
  size_t choose(const ChoicePoint& point) override {
    if (point.step >= schedule_.size()) return kStop;
    const Decision d = schedule_[point.step];
    if (point.data) return d.kind() == AltKind::data && d.value() < point.count ? d.value() : kStop;
    return point.has(d.actor) ? point.position[d.actor] : kStop;
  }

 private:
  std::vector<Decision> schedule_;
};

}  // namespace

void ActorSystem::run_again(Chooser& chooser) {
  spins().forget_again();
  FollowThen follow(chooser, decisions());
  begin(world_->seed, world_->iteration);
  run_once(follow);
}

// After an execution: if file-level state was changed, that is its outcome, with the line that did
// it.
void ActorSystem::look_for_change() {
  std::optional<Outcome> change = frozen().change();
  if (__builtin_expect(!change, 1)) return;
  Outcome& outcome = scheduler_.outcome();
  outcome = *change;
  if (scheduler_.slow() & kSlowHunt) return;
  hunt();
  const Outcome found = outcome;
  outcome = std::move(*change);
  if (!found.site.empty()) outcome.site = found.site;
  if (!found.process.empty()) outcome.process = found.process;
}

// The same schedule once more, with a look after every line.
void ActorSystem::hunt() {
  const auto taken = decisions();
  const std::vector<Decision> schedule(taken.begin(), taken.end());
  EventSink* sink = sink_;
  sink_ = nullptr;
  scheduler_.slow() = kSlowHunt;
  begin(world_->seed, world_->iteration);
  frozen().hunt(true);
  FollowOnly follow(schedule);
  run(follow);
  // What was executed is the whole schedule, though the hunt stopped at the line.
  std::copy(schedule.begin(), schedule.end(), scheduler_.decisions().begin());
  world_->steps = static_cast<uint32_t>(schedule.size());
  scheduler_.slow() = 0;
  frozen().hunt(false);
  sink_ = sink;
}

}  // namespace lockstep::vm
