#include "engine/explore/explorer.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/schedule/pilot.h"
#include "engine/trace/recording.h"
#include "engine/trace/replay.h"
#include "tests/engine/class_tap.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

ExploreResult run(const std::string& strategy, const std::string& program, uint64_t iterations = 0,
                  uint64_t max_failures = 0, bool images = true) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = iterations;
  o.max_failures = max_failures;
  return explore(ToySystem::factory(program, images), o);
}

TEST(Dfs, CountsAreMultinomials) {
  for (const bool images : {true, false}) {
    EXPECT_EQ(run("dfs", "Wx1 Wx1 Wx1", 0, 0, images).iterations, 1u);
    EXPECT_EQ(run("dfs", "Wx1 Wx1 | Wx1 Wx1", 0, 0, images).iterations, 6u);
    EXPECT_EQ(run("dfs", "Wx1 Wx1 Wx1 | Wx1 Wx1 Wx1", 0, 0, images).iterations, 20u);
    EXPECT_EQ(run("dfs", "Wx1 Wx1 | Wx1 Wx1 | Wx1 Wx1", 0, 0, images).iterations, 90u);
    EXPECT_EQ(run("dfs", "Y Y Y | Y Y Y | Y Y Y", 0, 0, images).iterations, 1680u);
    EXPECT_EQ(run("dfs", "Y Y Y Y Y Y Y Y Y Y | Y Y Y Y Y Y Y Y Y Y", 0, 0, images).iterations,
              184756u);
    EXPECT_EQ(run("dfs", "Lm Wx1 Um | Lm Wx1 Um", 0, 0, images).iterations, 2u);
    EXPECT_EQ(run("dfs", "Dd3 De2 | Y", 0, 0, images).iterations, 18u);
  }
}

TEST(Dfs, EveryScheduleOnce) {
  const ExploreResult r = run("dfs", "Ix Ix Ix | Ix Ix Ix");
  EXPECT_TRUE(r.exhausted);
  EXPECT_EQ(r.stop, StopReason::exhausted);
  EXPECT_EQ(r.steps, 20u * 6);
  EXPECT_TRUE(r.findings.empty());
}

TEST(Dfs, FindsEveryFailureAndDeadlock) {
  const ExploreResult r = run("dfs", "La Lb Ua Ub | Lb La Ub Ua");
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].outcome.verdict, Verdict::deadlock);
  EXPECT_TRUE(r.findings[0].deterministic);
  EXPECT_EQ(r.findings[0].stream, 0u);
}

TEST(Explorer, StopsAtTheIterations) {
  for (const uint64_t n : {1, 2, 17, 5000}) {
    const ExploreResult r = run("random", "Wx1 | Wx2", n);
    EXPECT_EQ(r.iterations, n);
    EXPECT_EQ(r.stop, StopReason::iterations);
    EXPECT_EQ(r.steps, 2 * n);
    EXPECT_FALSE(r.exhausted);
  }
}

TEST(Explorer, StopsAtTheClock) {
  ExploreOptions o;
  o.iterations = 0;
  o.seconds = 0.05;
  for (const unsigned workers : {1u, 3u}) {
    o.workers = workers;
    const ExploreResult r = explore(ToySystem::factory("Wx1 | Wx2"), o);
    EXPECT_EQ(r.stop, StopReason::time);
    EXPECT_GT(r.iterations, 100u);
    EXPECT_LT(r.seconds, 2);
  }
}

TEST(Explorer, StopsWhenInterrupted) {
  std::atomic<bool> interrupted{true};
  ExploreOptions o;
  o.iterations = 0;
  o.interrupted = &interrupted;
  const ExploreResult r = explore(ToySystem::factory("Wx1 | Wx2"), o);
  EXPECT_EQ(r.stop, StopReason::interrupted);
  EXPECT_EQ(r.iterations, 1u);  // the pilot
}

TEST(Explorer, StopsAtSoManyDifferentFailures) {
  const char* program = "Rx ?x0 E | Wx1 Ry ?y0 E | Wy1 Rz ?z0 E | Wz1";
  for (const uint64_t n : {1u, 2u, 3u})
    EXPECT_EQ(run("random", program, 100000, n).findings.size(), n);
  const ExploreResult all = run("random", program, 5000, 0);
  EXPECT_EQ(all.findings.size(), 3u);
  EXPECT_EQ(all.iterations, 5000u);
  uint64_t times = 0;
  for (const Finding& f : all.findings) times += f.times;
  EXPECT_GT(times, 3u);
  for (size_t i = 1; i < all.findings.size(); i++)
    EXPECT_LT(all.findings[i - 1].iteration, all.findings[i].iteration);
}

TEST(Explorer, CountsBounds) {
  ExploreOptions o;
  o.strategy = "random";
  o.iterations = 100;
  o.max_failures = 0;
  const ExploreResult r = explore(
      [] {
        auto system = std::make_unique<ToySystem>("Y J");
        system->limits().max_steps = 50;
        return system;
      },
      o);
  EXPECT_EQ(r.bound_hit, 100u);
  EXPECT_EQ(r.steps, 100u * 50);
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.findings[0].times, 100u);
}

TEST(Explorer, ThePilotIsSummedUp) {
  const Pilot p = run("random", "Wx1 Rx | Wx1 Ry | S0a", 1).pilot;
  EXPECT_EQ(p.steps, 5u);
  EXPECT_EQ(p.processes, 3u);
  EXPECT_EQ(p.actors, 3u);
  ASSERT_EQ(p.objects.size(), 3u);  // the mailbox, x, y
  EXPECT_EQ(p.objects[1].touched_by, 2u);
  EXPECT_EQ(p.per_actor[0].steps, 2u);
  EXPECT_LE(p.choice_points, 4u);
}

TEST(Explorer, ThePilotTellsWhatIsContended) {
  const auto contended = [](const char* program) {
    const Pilot p = run("random", program, 1).pilot;
    std::string names;
    for (const Pilot::PerObject& o : p.objects)
      if (o.contended)
        names += object_class(o.object) == ObjectClass::mailbox
                     ? '0'
                     : static_cast<char>(object_container(o.object));
    return names;
  };
  EXPECT_EQ(contended("Wx1 Ry | Rx Ry | Wz1 Rz"), "x");  // y is only read, z one process's own
  EXPECT_EQ(contended("Ax1 Ax1 | Ax1"), "");             // adds that nobody sees
  EXPECT_EQ(contended("Ax1 | Rx"), "x");
  EXPECT_EQ(contended("Lm Um | Lm Um"), "m");
  EXPECT_EQ(contended("Lm Lm | Um Um"), "");  // a signal: whoever gives never takes
  EXPECT_EQ(contended("T T | S0a S0b"), "");  // a receive waits for its message
  EXPECT_EQ(contended("T T | S0a | S0b"), "0");
  EXPECT_EQ(contended("P | S0a"), "0");  // sees that there is none
}

// What looks at a whole table touches each of its keys.
TEST(Explorer, ThePilotTellsWhatAScanContendsFor) {
  constexpr ObjectId table = make_object(ObjectClass::ets, 1);
  const auto contended = [](std::vector<Alternative> steps) {
    struct First final : Chooser {
      size_t choose(const ChoicePoint&) override { return 0; }
    } first;
    const ToySystem system("Y | Y");
    PilotWalk walk(first, system);
    for (const Alternative& step : steps) {
      ChoicePoint point;
      point.alternatives = {&step, 1};
      point.count = 1;
      point.actors = 2;
      walk.choose(point);
    }
    std::vector<ObjectId> found;
    for (const Pilot::PerObject& o : walk.summary().objects)
      if (o.contended) found.push_back(o.object);
    return found;
  };
  const auto step = [](ActorId actor, ObjectId object, Access access) {
    Operation op;
    op.object = object, op.access = access;
    return Alternative(actor, AltKind::step, actor, op);
  };
  const Alternative scan = step(0, table, Access::read);
  using Objects = std::vector<ObjectId>;
  EXPECT_EQ(contended({scan, step(1, table + 5, Access::read)}), Objects{});
  EXPECT_EQ(contended({scan, step(0, table + 5, Access::write)}), Objects{});
  EXPECT_EQ(contended({scan, step(1, table + 5, Access::write), step(1, table + 6, Access::read)}),
            (Objects{table, table + 5}));
}

TEST(Explorer, ProgressIsToldOnTheCallersThread) {
  ExploreOptions o;
  o.iterations = 0;
  o.seconds = 0.35;
  o.workers = 2;
  uint64_t last = 0;
  int calls = 0;
  const auto caller = std::this_thread::get_id();
  explore(ToySystem::factory("Wx1 | Wx2"), o, [&](const Progress& p) {
    EXPECT_TRUE(std::this_thread::get_id() == caller);
    EXPECT_GE(p.iterations, last);
    last = p.iterations;
    calls++;
  });
  EXPECT_GE(calls, 1);
}

// A toy that answers `suspect` unless instructions are counted, and misuse on demand.
class Suspicious final : public System {
 public:
  explicit Suspicious(uint64_t misuse_at = UINT64_MAX)
      : toy_("Rx Wx1 | Rx Wx2 Rx ?x1 E"), misuse_at_(misuse_at) {}
  void begin(uint64_t seed, uint64_t i) override { toy_.begin(seed, i), i_ = i; }
  const Outcome& run(Chooser& c) override {
    outcome_ = toy_.run(c);
    if (i_ % 3 == 0 && !toy_.limits().count_instructions) outcome_.verdict = Verdict::suspect;
    if (i_ >= misuse_at_) outcome_.verdict = Verdict::misuse;
    return outcome_;
  }
  std::span<const Decision> decisions() const override { return toy_.decisions(); }
  void record(EventSink* sink) override { toy_.record(sink); }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> = nullptr) override { return toy_.save(); }
  void restore(const Mark& mark) override { toy_.restore(mark); }
  uint64_t digest() const override { return toy_.digest(); }
  uint64_t actor_key(ActorId a) const override { return toy_.actor_key(a); }
  std::string actor_name(ActorId a) const override { return toy_.actor_name(a); }
  std::string site_name(uint32_t s) const override { return toy_.site_name(s); }
  std::string object_name(ObjectId o) const override { return toy_.object_name(o); }
  Limits& limits() override { return toy_.limits(); }

 private:
  ToySystem toy_;
  uint64_t misuse_at_, i_ = 0;
  Outcome outcome_;
};

TEST(Explorer, ASuspectIsRunAgainWithInstructionsCounted) {
  for (const char* strategy : {"random", "pos", "dfs"}) {
    ExploreOptions o;
    o.strategy = strategy;
    o.iterations = 0;
    if (std::string(strategy) != "dfs") o.iterations = 300;
    o.max_failures = 0;
    const ExploreResult suspicious = explore([] { return std::make_unique<Suspicious>(); }, o);
    const ExploreResult plain = explore(ToySystem::factory("Rx Wx1 | Rx Wx2 Rx ?x1 E"), o);
    EXPECT_EQ(suspicious.iterations, plain.iterations);
    EXPECT_EQ(suspicious.steps, plain.steps);
    ASSERT_EQ(suspicious.findings.size(), 1u);
    EXPECT_EQ(suspicious.findings[0].times, plain.findings[0].times);
    EXPECT_TRUE(suspicious.findings[0].deterministic);
  }
}

TEST(Explorer, MisuseEndsTheRunAtItsLowestIteration) {
  for (const unsigned workers : {1u, 3u}) {
    ExploreOptions o;
    o.iterations = 10000;
    o.max_failures = 0;
    o.workers = workers;
    const ExploreResult r = explore([] { return std::make_unique<Suspicious>(2000); }, o);
    EXPECT_EQ(r.stop, StopReason::misuse);
    ASSERT_TRUE(r.misuse.has_value());
    EXPECT_EQ(r.misuse->iteration, 2000u);
    EXPECT_EQ(r.iterations, 2001u);
  }
}

TEST(RecordSchedule, FollowsExactlyAndSaysWhereItCannot) {
  ToySystem system("Rx Wx1 | Wx2 Rx ?x1 E");
  const ExploreResult r = run("random", "Rx Wx1 | Wx2 Rx ?x1 E", 1000, 1);
  ASSERT_EQ(r.findings.size(), 1u);
  const auto& schedule = r.findings[0].decisions;
  const Recording good = record_schedule(system, 1, r.findings[0].stream, schedule);
  EXPECT_EQ(good.divergence, "");
  EXPECT_EQ(good.decisions, schedule);
  EXPECT_EQ(good.events.size(), schedule.size());
  EXPECT_EQ(good.outcome.verdict, Verdict::assertion);

  ToySystem other("Rx | Wx2 Rx ?x1 E");  // the program was edited
  const Recording bad = record_schedule(other, 1, 0, schedule);
  EXPECT_NE(bad.divergence, "");
  EXPECT_LT(bad.decisions.size(), schedule.size());
  EXPECT_EQ(bad.outcome.verdict, Verdict::stopped);

  const Recording cut = record_schedule(system, 1, 0, std::span(schedule).first(2));
  EXPECT_NE(cut.divergence.find("nothing more"), std::string::npos);
}

// One execution for each class: as many fingerprints as there are classes, known in closed form.
uint64_t classes(const std::string& program) {
  ToySystem system(program);
  const auto dfs = find_strategy("dfs")->make({});
  ToySystem plain(program, false);
  plain.allow_deadlock = true;
  std::set<uint64_t> seen;
  ClassTap tap(*dfs, plain);
  for (uint64_t i = 0; dfs->begin(i, plain); i++) {
    plain.begin(1, 0);
    tap.begin();
    plain.run(tap);
    seen.insert(tap.value());
  }
  return seen.size();
}

TEST(Fingerprint, OneForEachClass) {
  EXPECT_EQ(classes("Wx1 | Wy1 | Wz1"), 1u);
  EXPECT_EQ(classes("Wx1 | Wx2 | Wx3"), 6u);
  EXPECT_EQ(classes("Wx1 | Rx | Rx | Rx"), 8u);
  EXPECT_EQ(classes("Ax1 | Ax1 | Ax1"), 1u);
  EXPECT_EQ(classes("Ax1 | Ax1 | Rx"), 4u);
  EXPECT_EQ(classes("Wx1 Wx2 | Rx Rx"), 6u);
  EXPECT_EQ(classes("Wx1 Wx2 | Rx Rx | Rx Rx"), 36u);
  EXPECT_EQ(classes("Rx Wx1 | Rx Wx1 | Rx Wx1"), 36u);
  EXPECT_EQ(classes("S2a | S2b | T T"), 2u);
  EXPECT_EQ(classes("S1a | P P"), 3u);
}

}  // namespace
}  // namespace lockstep
