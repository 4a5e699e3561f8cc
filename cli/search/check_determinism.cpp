#include "cli/search/check_determinism.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "engine/trace/replay.h"

namespace lockstep::cli {
namespace {

class CheckedSystem : public System {
 public:
  CheckedSystem(std::unique_ptr<System> inner, DeterminismCheck* check)
      : inner_(std::move(inner)), check_(check) {}

  void begin(uint64_t seed, uint64_t iteration) override {
    seed_ = seed;
    iteration_ = iteration;
    inner_->begin(seed, iteration);
  }

  const Outcome& run(Chooser& chooser) override {
    outcome_ = inner_->run(chooser);
    if (outcome_.verdict == Verdict::stopped || outcome_.verdict == Verdict::suspect || recording_)
      return outcome_;
    const auto first = inner_->decisions();
    const std::vector<Decision> decisions(first.begin(), first.end());
    const auto digest = inner_->digest();
    Replay again(decisions, chooser.fair_spins());
    again.begin(iteration_, *inner_);
    inner_->begin(seed_, iteration_);
    const auto second = inner_->run(again);
    again.end(second, *inner_);
    check_->count();
    if (again.divergence())
      differs(describe(*again.divergence(), *inner_));
    else if (inner_->decisions().size() != decisions.size())
      differs(fmt::format("first {} steps, then {}", decisions.size(), inner_->decisions().size()));
    else if (second.signature() != outcome_.signature())
      differs(fmt::format("first {}, then {}", outcome_.signature(), second.signature()));
    else if (inner_->digest() != digest)
      differs("the states at the end are not the same");
    return outcome_;
  }

  std::span<const Decision> decisions() const override { return inner_->decisions(); }
  void record(EventSink* sink) override {
    recording_ = sink != nullptr;
    inner_->record(sink);
  }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> = nullptr) override { return inner_->save(); }
  void restore(const Mark& mark) override { inner_->restore(mark); }
  uint64_t digest() const override { return inner_->digest(); }
  uint64_t state() const override { return inner_->state(); }
  uint64_t actor_key(ActorId actor) const override { return inner_->actor_key(actor); }
  std::string actor_name(ActorId actor) const override { return inner_->actor_name(actor); }
  std::string site_name(uint32_t site) const override { return inner_->site_name(site); }
  std::string object_name(ObjectId object) const override { return inner_->object_name(object); }
  int64_t permits(ObjectId lock) const override { return inner_->permits(lock); }
  ObjectId stable_object(ObjectId object) const override { return inner_->stable_object(object); }
  std::span<const Blocked> blocked() override { return inner_->blocked(); }
  Mail mail() const override { return inner_->mail(); }
  bool accepts(size_t reception, size_t arrival) const override {
    return inner_->accepts(reception, arrival);
  }
  ExecutionFacts facts() const override { return inner_->facts(); }
  std::string goal_name(uint32_t goal) const override { return inner_->goal_name(goal); }
  void witness(Evidence& evidence) const override { inner_->witness(evidence); }
  Limits& limits() override { return inner_->limits(); }
  void watch(const StopToken* token) override { inner_->watch(token); }
  bool cut() const override { return inner_->cut(); }

 private:
  void differs(const std::string& how) {
    check_->note(iteration_, fmt::format("iteration {}, {}", iteration_, how));
  }

  std::unique_ptr<System> inner_;
  DeterminismCheck* check_;
  Outcome outcome_;
  uint64_t seed_ = 0, iteration_ = 0;
  bool recording_ = false;
};

}  // namespace

void DeterminismCheck::note(uint64_t iteration, std::string difference) {
  const std::lock_guard lock(mutex_);
  if (!difference_.empty() && iteration >= iteration_) return;
  iteration_ = iteration;
  difference_ = std::move(difference);
}

std::string DeterminismCheck::difference() const {
  const std::lock_guard lock(mutex_);
  return difference_;
}

std::unique_ptr<System> checked_system(std::unique_ptr<System> inner, DeterminismCheck* check) {
  return std::make_unique<CheckedSystem>(std::move(inner), check);
}

}  // namespace lockstep::cli
