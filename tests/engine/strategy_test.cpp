// What holds for every strategy, and the law of each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "engine/trace/replay.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

// Two processes on one lock, a mailbox, a value choice, a table of two keys; every path ends.
constexpr const char* kMixed =
    "Lm Rx Wx1 Um S3a Dd3 Wy1 | Rx Lm Wx2 Um S3b | Ry ?y1 Rz Ix | Ta Tb P Ay1 | Ay1 Wz1 Rz G5 | ~ "
    "Rx Wx3 Y Rz";

ExploreOptions options_for(const std::string& strategy, uint64_t iterations, uint64_t seed = 1) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = iterations;
  o.seed = seed;
  o.max_failures = 0;
  return o;
}

Pilot pilot_of(const std::string& program) {
  return explore(ToySystem::factory(program), options_for("random", 1)).pilot;
}

// Runs a strategy by hand, checking each pick.
class Watch final : public Chooser {
 public:
  Watch(Chooser& inner, bool forced) : inner_(inner) {
    skip_forced_ = inner.skip_forced() && !forced;
    at_rest_ = inner.at_rest();
    sites_ = inner.sites();
  }
  size_t choose(const ChoicePoint& point) override {
    const size_t pick = inner_.choose(point);
    EXPECT_TRUE(pick == kStop || pick < point.count);
    return pick;
  }

 private:
  Chooser& inner_;
};

std::vector<Decision> one(const StrategyInfo& info, ToySystem& system, const Pilot& pilot,
                          uint64_t seed, uint64_t i, bool forced) {
  StrategyOptions options;
  options.seed = seed;
  options.pilot = &pilot;
  const auto strategy = info.make(options);
  strategy->begin(i, system);
  system.begin(seed, i);
  Watch watch(strategy->chooser(), forced);
  system.run(watch);
  return {system.decisions().begin(), system.decisions().end()};
}

class EveryStrategy : public testing::TestWithParam<const char*> {
 protected:
  const StrategyInfo& info() const { return *find_strategy(GetParam()); }
};

std::vector<const char*> names() {
  std::vector<const char*> result;
  for (const StrategyInfo& info : strategies())
    if (std::string_view(info.name) != "replay") result.push_back(info.name);
  return result;
}
INSTANTIATE_TEST_SUITE_P(All, EveryStrategy, testing::ValuesIn(names()),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(EveryStrategy, SaysWhatItIs) {
  EXPECT_NE(std::string(info().summary), "");
  EXPECT_NE(std::string(info().guarantee), "");
  EXPECT_NE(std::string(info().source), "");
}

TEST_P(EveryStrategy, TheScheduleIsAFunctionOfSeedAndIteration) {
  const Pilot pilot = pilot_of(kMixed);
  ToySystem system(kMixed);
  system.allow_deadlock = true;
  std::set<std::vector<std::pair<uint32_t, uint32_t>>> different;
  for (uint64_t i = 1; i < 30; i++) {
    const auto a = one(info(), system, pilot, 5, i, false);
    EXPECT_EQ(a, one(info(), system, pilot, 5, i, false));
    // Whether forced steps are asked about makes no difference.
    EXPECT_EQ(a, one(info(), system, pilot, 5, i, true));
    std::vector<std::pair<uint32_t, uint32_t>> flat;
    for (const Decision& d : a) flat.emplace_back(d.actor, d.detail);
    different.insert(flat);
  }
  EXPECT_GT(different.size(), info().claims.exhaustive ? 0u : 10u);
}

std::string text(const ExploreResult& r) {
  std::string s =
      fmt::format("{} i{} s{} c{}/{}/{} b{} e{}", static_cast<int>(r.stop), r.iterations, r.steps,
                  r.classes, r.classes_once, r.classes_sampled, r.bound_hit, r.exhausted);
  for (const Finding& f : r.findings) {
    s += fmt::format("\n{} x{} {}{}", f.iteration, f.times, f.outcome.signature(),
                     f.deterministic ? "" : " !");
    for (const Decision& d : f.decisions) s += fmt::format(" {}:{}", d.actor, d.detail);
  }
  return s;
}

constexpr const char* kBuggy = "Rx Wx1 Ry ?y1 E | Wy1 Rx ?x1 E | Rx Wx1 | Iz Iz Rz ?z2 E";

TEST_P(EveryStrategy, TheResultIsTheSameWhateverTheNumberOfWorkers) {
  for (const uint64_t max_failures : {0, 1, 2}) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
      ExploreOptions o = options_for(GetParam(), 3000, seed);
      o.max_failures = max_failures;
      const std::string alone = text(explore(ToySystem::factory(kBuggy), o));
      EXPECT_NE(alone.find("assertion"), std::string::npos);
      EXPECT_EQ(alone.find('!'), std::string::npos);
      o.workers = 4;
      EXPECT_EQ(alone, text(explore(ToySystem::factory(kBuggy), o)));
    }
  }
}

TEST_P(EveryStrategy, FindsAnEasyBug) {
  ExploreOptions o = options_for(GetParam(), 2000);
  o.max_failures = 1;
  const ExploreResult r = explore(ToySystem::factory("Rx Wx1 | Wx2 Rx ?x1 E"), o);
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_EQ(r.stop, StopReason::failures);
  EXPECT_EQ(r.iterations, r.findings[0].iteration + 1);
  EXPECT_EQ(r.findings[0].events.size(), r.findings[0].decisions.size());
}

// ---- the law of each. Seeds are fixed; the miss probability is that of a wrong alarm were the
// seed drawn anew. ----

// How often each order of first steps, or each outcome, occurs.
std::map<std::string, int> tally(const std::string& strategy, const std::string& program, int n,
                                 StrategyOptions options = {}) {
  const Pilot pilot = pilot_of(program);
  if (!options.pilot) options.pilot = &pilot;
  const auto s = find_strategy(strategy)->make(options);
  ToySystem system(program);
  std::map<std::string, int> counts;
  for (int i = 1; i <= n; i++) {
    s->begin(static_cast<uint64_t>(i), system);
    system.begin(1, 0);
    const Outcome& outcome = system.run(*s);
    std::string key;
    for (const Decision& d : system.decisions()) key += static_cast<char>('a' + d.actor);
    counts[key]++;
    if (outcome.failed()) counts["failed"]++;
  }
  return counts;
}

// Within 5 standard deviations: a wrong alarm has probability 6e-7 each.
void expect_rate(int hits, int n, double p) {
  EXPECT_NEAR(hits, n * p, 5 * std::sqrt(n * p * (1 - p)) + 1e-9) << "expected a share of " << p;
}

// ---- what `guarantee` promises in numbers, as a lower bound on how often a bug is hit ----

struct Promise {
  const char* strategy;
  int depth;
  const char* program;
  double p;
  friend void PrintTo(const Promise& promise, std::ostream* out) {
    *out << promise.strategy << " on " << promise.program;
  }
};

// Depth 2: the read between the two writes. n = 2 and k <= 7 choice points (8 steps; the last is
// forced).
constexpr const char* kBetween = "Y Y Wx1 Wx0 Y Y | Y Rx ?x1 E";
// One order of three places, whatever comes after.
constexpr const char* kThreePlaces = "Wx1 | Cx12 | Cx23 Rx ?x3 E";

constexpr Promise kPromises[] = {
    {"random", 0, "Wx1 Wx0 | Rx ?x1 E", 1.0 / 4},  // two choices of two
    {"pct", 1, "Wx1 | Rx ?x1 E", 1.0 / 2},         // 1 / n
    {"pct", 2, kBetween, 1.0 / (2 * 7)},           // 1 / (n k)
    {"pct", 3, kBetween, 1.0 / (2 * 7 * 7)},       // a greater d promises less, but still
    {"fair_pct", 2, kBetween, 1.0 / (2 * 7)},      // ends within the unfair half
    {"idpct", 0, kBetween, 1.0 / (2 * 7) / 5},     // a fifth has d = 2
    {"pctcp", 2, kBetween, 1.0 / (2 * 2 * 7)},     // 1 / (w^2 m)
    {"loc", 0, kThreePlaces, 1.0 / 6},             // 1 / s!
    {"urw", 0, "Wx1 Wx0 | Rx ?x1 E", 1.0 / 3},     // one of three interleavings
    {"surw", 0, "Wx1 Wx0 | Rx ?x1 E", 1.0 / 3},    // the same, on the one object
    {"surw", 0, "Ya Yb Wx1 Yc Wx0 | Yd Rx ?x1 E", 1.0 / 3},
    {"auto", 0, kThreePlaces, 1.0 / 9 * 29 / 32 / 6},  // loc's share, at first three times that
};

class KeepsItsPromise : public testing::TestWithParam<Promise> {};
INSTANTIATE_TEST_SUITE_P(All, KeepsItsPromise, testing::ValuesIn(kPromises));

// A pilot that fails is cut short, and its counts are not exact: the longest of some.
Pilot long_pilot(const std::string& program) {
  Pilot longest;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    const Pilot pilot = explore(ToySystem::factory(program), options_for("random", 1, seed)).pilot;
    if (pilot.steps > longest.steps) longest = pilot;
  }
  return longest;
}

// A wrong alarm has probability below 3e-7 each (5 standard deviations), were the seed drawn anew.
TEST_P(KeepsItsPromise, AtLeastSoOften) {
  const Promise& promise = GetParam();
  const int n = 40000;
  const Pilot pilot = long_pilot(promise.program);
  StrategyOptions options;
  options.pilot = &pilot;
  if (promise.depth) options.depth = promise.depth;
  const int hits = tally(promise.strategy, promise.program, n, options)["failed"];
  EXPECT_GE(hits, n * promise.p - 5 * std::sqrt(n * promise.p * (1 - promise.p)));
}

// Every schedule with so many preemptions, and none with more. Two processes of two steps: aabb and
// bbaa without one, abba and baab with one, abab and baba with two.
TEST(Preemption, ReachesEveryScheduleWithSoMany) {
  const char* program = "Wx1 Wx1 | Wy1 Wy1";
  Pilot pilot = pilot_of(program);
  pilot.choice_points = 3;  // the longest
  const size_t expected[] = {2, 4, 6};
  for (int bound = 0; bound <= 2; bound++) {
    StrategyOptions options;
    options.bound = bound;
    options.pilot = &pilot;
    const auto preemption = find_strategy("preemption")->make(options);
    ToySystem system(program);
    std::set<std::string> seen;
    for (uint64_t i = 1; i <= 4000; i++) {  // the rarest has p = 1/18: missed with p < 1e-90
      preemption->begin(i, system);
      system.begin(1, i);
      system.run(*preemption);
      std::string order;
      for (const Decision& d : system.decisions()) order += static_cast<char>('a' + d.actor);
      seen.insert(order);
    }
    EXPECT_EQ(seen.size(), expected[bound]) << bound;
  }
}

// 500 steps for a loop that ends as soon as the other has gone: a fair strategy misses that with
// probability 2^-100 at the most.
class FairStrategy : public testing::TestWithParam<const char*> {};
std::vector<const char*> fair_names() {
  std::vector<const char*> result;
  for (const StrategyInfo& info : strategies())
    if (info.claims.fair) result.push_back(info.name);
  return result;
}
INSTANTIATE_TEST_SUITE_P(All, FairStrategy, testing::ValuesIn(fair_names()),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(FairStrategy, EndsASpinLoop) {
  const char* program = "Y Rx ?x0 J | Wx1";
  const Pilot pilot = pilot_of("Y Rx ?x0 | Wx1");
  StrategyOptions options;
  options.pilot = &pilot;
  options.max_steps = 500;
  const auto fair = find_strategy(GetParam())->make(options);
  ToySystem system(program);
  system.limits().max_steps = 500;
  for (uint64_t i = 1; i <= 300; i++) {
    fair->begin(i, system);
    system.begin(1, i);
    EXPECT_EQ(system.run(fair->chooser()).verdict, Verdict::passed);
  }
}

TEST(Random, IsUniformOverTheAlternatives) {
  const auto counts = tally("random", "Wx1 Wx1 | Wy1", 40000);
  expect_rate(counts.at("baa"), 40000, 0.5);
  expect_rate(counts.at("aba"), 40000, 0.25);
  expect_rate(counts.at("aab"), 40000, 0.25);
}

// Needs A, B, C, B, A: three constraints beyond the first. Lowering to the bottom instead of the
// rank of the draw never hits it at d = 3.
constexpr const char* kThreeCas = "Cx01 Rx ?x4 E | Cx12 Cx34 | Cx23";

TEST(Pct, ALoweredProcessTakesTheRankOfItsDraw) {
  const int n = 100000;
  const int hits = tally("pct", kThreeCas, n)["failed"];
  EXPECT_GT(
      hits,
      n / 484);  // the bound 1 / (3 * k^2); published measurement 1 in 299. Wrong alarm below 1e-9.
  StrategyOptions deep;
  deep.depth = 5;
  EXPECT_GT(tally("pct", kThreeCas, n, deep)["failed"], n / 484);
}

TEST(Pct, OfDepthOneRunsByFixedPriorities) {
  StrategyOptions shallow;
  shallow.depth = 1;
  const auto counts = tally("pct", "Wx1 Wx1 | Wy1 Wy1 | Wz1 Wz1", 60000, shallow);
  EXPECT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) expect_rate(count, 60000, 1 / 6.0);
}

TEST(Pct, OfDepthTwoChangesAtAUniformPlace) {
  StrategyOptions two;
  two.depth = 2;
  // k = 3 or 4 choice points by the pilot; every order of the first process's run is cut at a
  // uniformly drawn place.
  const auto counts = tally("pct", "Wx1 Wx1 Wx1 | Wy1 Wy1 Wy1", 60000, two);
  for (const char* order : {"bbbaaa", "abbbaa", "aabbba"})
    EXPECT_GT(counts.at(order), 60000 / 12) << order;
}

TEST(Pct, DoesNotSpendChangePointsOnValues) {
  const auto counts = tally("pct", "Dd5 Dd5 Dd5", 1000);
  EXPECT_EQ(counts.size(), 1u);
}

// A pilot that saw next to nothing: the change that the bug needs lies beyond its length, where one
// schedule in eight may still put it. By the law of the draw, depth 2 hits with p >= 1/2 * 1/48 *
// (1/8 + 1/16 + 1/32 + 1/64); missed in 20,000 with probability below 1e-20.
class ShortPilot : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, ShortPilot,
                         testing::Values("pct", "fair_pct", "idpct", "pctcp", "delay",
                                         "preemption"));
TEST_P(ShortPilot, DoesNotBlindAStrategy) {
  Pilot pilot = pilot_of(kBetween);
  pilot.choice_points = 1;
  StrategyOptions options;
  options.pilot = &pilot;
  options.depth = 2;
  options.bound = 1;
  EXPECT_GT(tally(GetParam(), kBetween, 20000, options)["failed"], 0);
}

TEST(IdPct, GoesThroughTheDepths) {
  const int n = 100000;
  EXPECT_GT(tally("idpct", kThreeCas, n)["failed"], n / 484 / 2);
}

TEST(FairPct, TurnsFairAfterHalfTheSteps) {
  // A spinner that PCT may prefer for ever: the bound decides unless somebody else gets a turn.
  ToySystem system("Y Rx ?x0 J | Wx1");
  system.limits().max_steps = 200;
  StrategyOptions options;
  const Pilot pilot = pilot_of("Y Rx ?x0 | Wx1");
  options.pilot = &pilot;
  options.max_steps = 200;
  const auto fair = find_strategy("fair_pct")->make(options);
  for (uint64_t i = 1; i < 500; i++) {
    fair->begin(i, system);
    system.begin(1, i);
    EXPECT_EQ(system.run(*fair).verdict,
              Verdict::passed);  // 100 fair steps: missed with probability 2^-100
  }
}

// One write against N of another process, all on one object: before the first of the other events
// executes, the write's priority must be beaten N times, drawn again each time: 2^-N. BasicPOS,
// which does not draw again, gives 1/(N+1).
TEST(Pos, RacingEventsDrawAgain) {
  const auto counts = tally("pos", "Wx1 Wx1 Wx1 | Wx2", 80000);
  expect_rate(counts.at("aaab"), 80000, 1 / 8.0);
  expect_rate(counts.at("baaa"), 80000, 1 / 2.0);
}

TEST(Pos, IndependentEventsKeepTheirs) {
  const auto counts = tally("pos", "Wx1 Wx1 Wx1 | Wy2", 80000);
  expect_rate(counts.at("aaab"), 80000, 1 / 4.0);  // the lowest of four draws
  expect_rate(counts.at("baaa"), 80000, 1 / 2.0);
}

TEST(Pos, TheOriginalsVariantAtOneIsTheRandomWalk) {
  StrategyOptions options;
  options.resample = 1;
  const auto counts = tally("pos", "Wx1 Wx1 | Wy1", 40000, options);
  expect_rate(counts.at("baa"), 40000, 0.5);
  expect_rate(counts.at("aab"), 40000, 0.25);
  options.resample = 0;
  EXPECT_EQ(tally("pos", "Wx1 Wx1 | Wy1", 4000, options).count("aba"), 0u);
}

// All ten writers run one program: as one process. The reader's place is before or after theirs:
// about one half.
TEST(Loc, ProcessesAtOnePlaceBehaveAsOne) {
  std::string program = "Ry Rx ?x1 Ra ?a9 E";
  for (int i = 0; i < 9; i++) program += "|Ix Ia";
  const Pilot pilot = pilot_of(program);
  StrategyOptions options;
  options.pilot = &pilot;
  const auto loc = find_strategy("loc")->make(options);
  ToySystem system(program);
  int first = 0, last = 0;
  for (uint64_t i = 1; i <= 20000; i++) {
    loc->begin(i, system);
    system.begin(1, 0);
    system.run(*loc);
    first += system.decisions().front().actor == 0;
    last += system.decisions().back().actor == 0;
  }
  expect_rate(first, 20000, 1 / 2.0);  // Ry above Ix
  EXPECT_GT(last, 20000 / 24);         // one order of four places
}

// All 252 interleavings of 5 + 5 steps are equally likely. Chi-square with 251 degrees of freedom:
// mean 251, standard deviation 22.4; a wrong alarm above 251 + 6 sigma has probability below 1e-6.
double chi_square(const std::map<std::string, int>& counts, int n, int cells) {
  double sum = 0;
  for (const auto& [order, count] : counts)
    sum += (count - 1.0 * n / cells) * (count - 1.0 * n / cells) * cells / n;
  return sum + (cells - static_cast<int>(counts.size())) * 1.0 * n / cells;
}
TEST(Urw, IsUniformOverTheInterleavings) {
  const auto counts = tally("urw", "Wx1 Wx1 Wx1 Wx1 Wx1 | Wx2 Wx2 Wx2 Wx2 Wx2", 60000);
  EXPECT_EQ(counts.size(), 252u);
  EXPECT_LT(chi_square(counts, 60000, 252), 251 + 6 * 22.4);
}

TEST(Urw, CountsTheChildrenWithTheParent) {
  // The first process and its child have four writes together, against one of the outsider, which
  // comes anywhere among them; in a quarter of the schedules the spawn counts too.
  const auto counts = tally("urw", "G2 Wx1 | Wx1 | ~ Wx1 Wx1 Wx1", 60000);
  int first = 0, last = 0;
  for (const auto& [order, count] : counts) {
    first += order.front() == 'b' ? count : 0;
    last += order.back() == 'b' ? count : 0;
  }
  expect_rate(first, 60000, 3 / 4.0 / 5 + 1 / 4.0 / 6);
  expect_rate(last, 60000, 3 / 4.0 / 5 + 1 / 4.0 / 6);
}

// Whatever a process does that touches nobody else: b writes before, between or after the two
// writes of a with a third each. In a quarter of the schedules it may come at any of eight places.
TEST(Urw, CountsOnlyWhatRacesInThreeSchedulesOfFour) {
  const auto counts = tally("urw", "Ya Wy1 Yb Ry Wx1 N Wx1 | Wx2", 60000);
  int before = 0, between = 0;
  for (const auto& [order, count] : counts) {
    const size_t b = order.find('b');
    before += b <= 4 ? count : 0;
    between += b == 5 || b == 6 ? count : 0;
  }
  expect_rate(before, 60000, 3 / 4.0 / 3 + 1 / 4.0 * 5 / 8);
  expect_rate(between, 60000, 3 / 4.0 / 3 + 1 / 4.0 * 2 / 8);
}

// The first has a write to do, and asks its mailbox before it, to which nobody sent in the pilot.
TEST(Urw, LetsGoOfOneThatWaitsByAsking) {
  const char* program = "P K$02 Wx1 X J | Wx1 S0a";
  ToySystem system(program);
  Pilot pilot = pilot_of("P Wx1 | Wx1");  // nobody sent to it
  StrategyOptions options;
  options.pilot = &pilot;
  const auto urw = find_strategy("urw")->make(options);
  for (uint64_t i = 1; i <= 200; i++) {
    urw->begin(i, system);
    system.begin(1, 0);
    EXPECT_EQ(system.run(*urw).verdict, Verdict::passed) << i;
  }
}

// Whatever the unrelated work, the three orders of one write against two are equally likely when x
// is the object drawn.
TEST(Surw, IsUniformOverTheInterleavingsOfTheObject) {
  const auto counts = tally("surw", "Wx1 Ya Yb Yc Wx1 | Yd Ye Yf Yg Yh Yi Wx2", 60000);
  int before = 0, between = 0;
  for (const auto& [order, count] : counts) {
    const size_t w = order.rfind('b'), a1 = order.find('a'), a2 = order.rfind('a');
    before += w < a1 ? count : 0;
    between += w > a1 && w < a2 ? count : 0;
  }
  expect_rate(before, 60000, 1 / 3.0);
  expect_rate(between, 60000, 1 / 3.0);
}

// A lock that one process takes and the other gives is never drawn. Were it drawn as often as its
// operations stand to those of x, two times in five, the write would come between the other two in
// well under a third, since four steps come before it.
TEST(Surw, DrawsNoObjectWhoseOrderIsForced) {
  const auto counts = tally("surw", "Wx1 Wx1 Lm | Ya Yb Yc Yd Wx2 Um", 20000);
  int between = 0;
  for (const auto& [order, count] : counts) {
    const size_t write = order.rfind('b', order.rfind('b') - 1);
    between +=
        std::count(order.begin(), order.begin() + static_cast<long>(write), 'a') == 1 ? count : 0;
  }
  expect_rate(between, 20000, 1 / 3.0);
}

TEST(Surw, DrawsTheObjectInProportionToItsUse) {
  // y (4 operations) and x (2): the order of the two writes of x is forced to be uniform either
  // way.
  const auto counts = tally("surw", "Wx1 Wy1 Wy1 | Wx2 Wy2 Wy2", 60000);
  EXPECT_EQ(counts.size(), 20u);
}

TEST(Delay, WithoutADelayThereIsOneSchedule) {
  StrategyOptions options;
  options.bound = 0;
  EXPECT_EQ(tally("delay", "Wx1 Wx1 | Wy1 Wy1 | Wz1", 300, options).size(), 1u);
  options.bound = 1;
  // One delay, at one of the places within the pilot's length (3 or 4 choice points here).
  const size_t n = tally("delay", "Wx1 Wx1 | Wy1 Wy1 | Wz1", 3000, options).size();
  EXPECT_GE(n, 3u);
  EXPECT_LE(n, 5u);
}

TEST(Preemption, WithoutOneProcessesRunUntilTheyBlock) {
  StrategyOptions options;
  options.bound = 0;
  EXPECT_EQ(tally("preemption", "Wx1 Wx1 | Wy1 Wy1 | Wz1", 3000, options).size(), 6u);
}

// Levels of 1, then one more for each place and other choice: for two processes of m and n steps
// run to completion.
TEST(Bounded, CountsTheSchedulesWithSoManyDeviations) {
  const auto count = [](const char* program, int bound) {
    ExploreOptions o = options_for("bounded", 0);
    o.strategy_options.bound = bound;
    const ExploreResult r = explore(ToySystem::factory(program), o);
    EXPECT_EQ(r.stop, StopReason::exhausted);
    EXPECT_FALSE(r.exhausted);  // not a proof
    return r.iterations;
  };
  EXPECT_EQ(count("Wx1 Wx1 | Wy1 Wy1", 0), 1u);
  EXPECT_EQ(count("Wx1 Wx1 | Wy1 Wy1", 1), 3u);
  EXPECT_EQ(count("Wx1 Wx1 | Wy1 Wy1", 9), 6u);  // all interleavings, each once
  EXPECT_EQ(count("Y Y Y | Y Y Y | Y Y", 99), 560u);
}

TEST(Bounded, TheFirstFailureIsASmallestOne) {
  ExploreOptions o = options_for("bounded", 0);
  o.max_failures = 1;
  const ExploreResult r = explore(ToySystem::factory("Rx Wx1 Y Y Y Y | Y Y Wx2 Rx ?x1 E"), o);
  ASSERT_EQ(r.findings.size(), 1u);
  EXPECT_LT(r.iterations, 60u);
}

// Processes that start one another in a row form one chain, whatever their number: with d = 1 the
// outsider is before all of them or after all of them.
TEST(Pctcp, ProcessesInARowAreOneChain) {
  StrategyOptions options;
  options.depth = 1;
  const auto counts = tally("pctcp", "G2 | Wx1 | ~ G3 | ~ G4 | ~ Wx2", 20000, options);
  EXPECT_EQ(counts.size(), 2u);
  expect_rate(counts.at("bacde"), 20000, 0.5);
}

TEST(Pctcp, ALoweredChainTakesTheRankOfItsDraw) {
  EXPECT_GT(tally("pctcp", kThreeCas, 100000)["failed"], 100000 / 484);
}

}  // namespace
}  // namespace lockstep
