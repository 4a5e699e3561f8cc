// Bounds on delays and deviations against published numbers of classes.
//
// Concuerror's delay bound (algorithms, readers and writers tests): its scheduler goes round, and a
// delay passes over one process. Ours is the same for `delay`, so the numbers are; `bounded` counts
// deviations from a scheduler that keeps the oldest, which is another measure, so there the numbers
// are ours, by closed forms, beside the published ones.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/engine/class_tap.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

const std::string kReaders = "Wx1|Rx|Rx|Rx|Rx|Rx|Rx", kWriters = "Wx1|Wx2|Wx3|Wx4|Wx5|Wx6";

// Different classes among the first `executions` executions, or all if it runs out before.
uint64_t classes(const char* strategy, const std::string& program, int bound, uint64_t executions) {
  ToySystem system(program);
  Pilot pilot;
  pilot.choice_points = 6;
  pilot.steps = 7;
  pilot.actors = 7;
  StrategyOptions options;
  options.seed = 5;
  options.bound = bound;
  options.pilot = &pilot;
  const auto s = find_strategy(strategy)->make(options);
  ClassTap tap(*s, system);
  std::set<uint64_t> seen;
  for (uint64_t i = 0; i < executions && s->begin(i, system); i++) {
    system.begin(1, i);
    tap.begin();
    s->end(system.run(tap), system);
    seen.insert(tap.value());
  }
  return seen.size();
}

// Passing over the writer costs one delay, and so does each reader that is to come after it: with d
// delays C(6, d - 1) classes more. More than these is impossible. The rarest, for
// d = 6, has all its delays at the first of six places, 7/8 * 1/6^6: it is met among 500,000 but
// for a chance of exp(-9) < 2e-4.
TEST(DelayBound, PublishedCountsOfReaders) {
  const uint64_t published[] = {1, 2, 8, 23, 43, 58, 64, 64};
  for (int d = 0; d <= 7; d++)
    EXPECT_EQ(classes("delay", kReaders, d, d == 6 ? 500'000 : 50'000), published[d]) << d;
}

// An order of the writers is met by as many delays as it has inversions, in one way: the rarest
// needs d delays at two places, 7/8 * 21/6^7 for d = 7, met among 300,000 but for a chance of
// 360 * exp(-19) < 3e-6.
TEST(DelayBound, PublishedCountsOfWriters) {
  const uint64_t published[] = {1, 6, 20, 49, 98, 169, 259, 360};
  for (int d = 0; d <= 7; d++)
    EXPECT_EQ(classes("delay", kWriters, d, d < 4 ? 20'000 : 300'000), published[d]) << d;
}

// One deviation lets one reader go before the writer: C(6, d) classes more, as published for the
// second order of the readers.
TEST(DeviationBound, PublishedCountsOfReaders) {
  const uint64_t published[] = {1, 7, 22, 42, 57, 63, 64};
  for (int d = 0; d <= 6; d++)
    EXPECT_EQ(classes("bounded", kReaders, d, UINT64_MAX), published[d]) << d;
}

// A deviation takes any other writer, however many delays (1, 6, 20, 49, ...) that would cost:
// orders with d places that are not the oldest of what is left, which Stirling numbers of the first
// kind count: 1, 15, 85, 225, 274, 120.
TEST(DeviationBound, WritersByStirlingNumbers) {
  const uint64_t known[] = {1, 16, 101, 326, 600, 720};
  for (int d = 0; d <= 5; d++)
    EXPECT_EQ(classes("bounded", kWriters, d, UINT64_MAX), known[d]) << d;
}

}  // namespace
}  // namespace lockstep
