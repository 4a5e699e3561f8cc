// A slice is what a failure depends on: what it leaves out does not matter. So the execution of the
// slice alone, each of its steps as early as its order allows, and of what is left out only what a
// process has to go through on its way, or what has to be over before time passes, has to fail in
// the same way. On random programs whose root fails with what it has seen, with a fresh seed at
// each run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include "engine/relation/slice.h"
#include "engine/trace/recording.h"
#include "tests/vm/random_programs.h"
#include "tests/vm/random_roots.h"

namespace lockstep {
namespace {

// A decision of an actor, by name.
struct Turn {
  uint64_t actor = 0;
  uint32_t nth = 0;    // of the actor's decisions, from 1
  uint32_t value = 0;  // what kind of operation; of data: which
  bool data = false;
  bool kept = false;
};

class OnlyTheSlice final : public Chooser {
 public:
  OnlyTheSlice(const System& system, std::vector<Turn> turns)
      : system_(system), turns_(std::move(turns)) {}

  size_t choose(const ChoicePoint& point) override {
    if (point.data) return value(point);
    for (size_t next = 0;;) {
      while (next < turns_.size() && (!turns_[next].kept || over(turns_[next]))) next++;
      if (next == turns_.size()) return kStop;
      if (const size_t at = place(point, turns_[next].actor); at != kStop) return took(point, at);
      // It cannot go yet: what was left out goes, in the order in which it went.
      for (const Turn& turn : turns_)
        if (!over(turn) && !turn.data)
          if (const size_t at = place(point, turn.actor); at != kStop) return took(point, at);
      return kStop;
    }
  }

 private:
  static bool over(const std::map<uint64_t, uint32_t>& done, const Turn& turn) {
    const auto it = done.find(turn.actor);
    return it != done.end() && it->second >= turn.nth;
  }
  bool over(const Turn& turn) const { return over(done_, turn); }
  size_t place(const ChoicePoint& point, uint64_t actor) const {
    for (size_t i = 0; i < point.count; i++)
      if (system_.actor_key(point.alternatives[i].actor) == actor) return i;
    return kStop;
  }
  size_t took(const ChoicePoint& point, size_t at) {
    const Alternative& a = point.alternatives[at];
    const uint64_t actor = system_.actor_key(a.actor);
    uint32_t& done = done_[actor];
    // Who was killed before what was left out has not come to that.
    for (const Turn& turn : turns_)
      if (turn.actor == actor && turn.nth > done &&
          (turn.kept || turn.value == static_cast<uint32_t>(a.op.kind))) {
        done = turn.nth;
        return at;
      }
    done++;
    return at;
  }
  size_t value(const ChoicePoint& point) {
    const uint64_t actor = system_.actor_key(point.last);
    const uint32_t nth = ++done_[actor];
    for (const Turn& turn : turns_)
      if (turn.data && turn.actor == actor && turn.nth == nth) return turn.value;
    return 0;
  }

  const System& system_;
  std::vector<Turn> turns_;
  std::map<uint64_t, uint32_t> done_;  // decisions by actor
};

class Walk final : public Chooser {
 public:
  explicit Walk(uint64_t seed) : rng_(seed) {}
  size_t choose(const ChoicePoint& point) override { return rng_.below(point.count); }

 private:
  Prng rng_;
};

class SliceExecution : public testing::TestWithParam<Setting> {};

TEST_P(SliceExecution, FailsAsTheWholeDid) {
  const uint64_t seed = random_seed(std::random_device{}());
  printf("PROOF_SEED=%llu gives these programs again\n", static_cast<unsigned long long>(seed));
  vm::MachineOptions machine = GetParam().machine();
  machine.allow_crashes = true;
  const int wanted = random_programs(60);
  int executed = 0, shorter = 0;
  for (uint64_t n = 0; n < static_cast<uint64_t>(wanted) && !HasFailure(); n++) {
    Prng rng(mix64(seed, n));
    const std::string body = random_root(rng);
    const auto system = vm::make_machine(program_of(body), "p", machine);
    for (uint64_t walk = 0; walk < 6; walk++) {
      Walk chooser(mix64(seed, n * 64 + walk));
      system->begin(1, 0);
      if (!system->run(chooser).failed()) continue;
      const std::vector<Decision> path(system->decisions().begin(), system->decisions().end());
      const Recording whole = record_schedule(*system, 1, 0, path);
      if (whole.outcome.verdict != Verdict::assertion || whole.events.empty()) continue;
      const auto slice = causal_slice(whole.events, static_cast<uint32_t>(whole.events.size()) - 1);
      std::vector<Turn> turns;
      std::map<uint64_t, uint32_t> nth;
      std::string text;
      for (size_t i = 0; i < whole.decisions.size(); i++) {
        const Decision d = whole.decisions[i];
        const bool data = d.kind() == AltKind::data;
        const uint64_t actor = system->actor_key(d.actor);
        turns.push_back({actor, ++nth[actor], d.value(), data, false});
      }
      for (const uint32_t at : slice) turns[whole.events[at].step - 1].kept = true;
      for (const Event& e : whole.events)
        text += (turns[e.step - 1].kept ? "* " : "  ") + e.who + " " + e.what + " " + e.args +
                " = " + e.result + "\n";
      OnlyTheSlice again(*system, turns);
      system->begin(1, 0);
      const Outcome outcome = system->run(again);
      executed++;
      shorter += system->decisions().size() < whole.decisions.size();
      const std::vector<Decision> slice_path(system->decisions().begin(),
                                             system->decisions().end());
      std::string there;
      if (outcome.reason != whole.outcome.reason)
        for (const Event& e : record_schedule(*system, 1, 0, slice_path).events)
          there += "  " + e.who + " " + e.what + " " + e.args + " = " + e.result + "\n";
      EXPECT_EQ(outcome.reason, whole.outcome.reason) << body << "with * what the slice keeps\n"
                                                      << text << "executed\n"
                                                      << there;
      if (HasFailure()) break;
    }
  }
  printf("%d slices executed, %d without some of the steps\n", executed, shorter);
  EXPECT_GT(executed, 0);
}

INSTANTIATE_TEST_SUITE_P(Proof, SliceExecution,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "simultaneous", .simultaneous = true}),
                         setting_name);

}  // namespace
}  // namespace lockstep
