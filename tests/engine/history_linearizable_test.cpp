// The checkers against brute force, and the monitors against the search. Fixed seeds: no test here
// can fail by chance. What they can miss: a wrong verdict that shows in one of 10,000 histories of
// a shape escapes 4,000 of them with a chance of 0.67; one in 1,000 with 0.02. The shapes overlap
// widely.
#include <gtest/gtest.h>

#include "engine/history/model/verify.h"
#include "engine/history/search/linearizable.h"
#include "engine/history/search/sequential.h"
#include "tests/engine/history_generate.h"

namespace lockstep::history {
namespace {

// All orders that real time (or program order) allows, without any memory.
class BruteForce {
 public:
  BruteForce(const History& history, ModelId model, bool program_order)
      : history_(history), model_(model), program_order_(program_order) {}
  bool satisfied() {
    std::string problem = verify_order(history_, model_, order_, program_order_);
    if (problem.empty()) return true;
    if (!problem.ends_with("is missing")) return false;
    const auto& ops = history_.operations();
    for (int32_t id = 0; id < static_cast<int32_t>(ops.size()); ++id) {
      if (std::find(order_.begin(), order_.end(), id) != order_.end()) continue;
      order_.push_back(id);
      bool good = satisfied();
      order_.pop_back();
      if (good) return true;
    }
    return false;
  }

 private:
  const History& history_;
  ModelId model_;
  bool program_order_;
  std::vector<int32_t> order_;
};

struct Counts {
  int valid = 0, invalid = 0;
};

Counts cross_check(const Shape& shape, int histories, uint64_t seed, bool brute) {
  Generator generator(seed);
  ModelId model = model_of(shape.model);
  Counts counts;
  for (int i = 0; i < histories; ++i) {
    std::string text = generator.history(shape);
    History history = read_history(text, "random");
    Result fast = check_linearizable(history, model);
    bool expected;
    if (brute) {
      expected = BruteForce(history, model, false).satisfied();
      Result base = check_linearizable(history, model, {}, {.monitors = false});
      EXPECT_EQ(base.verdict, expected ? Verdict::valid : Verdict::invalid) << text;
    } else {
      expected =
          check_linearizable(history, model, {}, {.monitors = false}).verdict == Verdict::valid;
    }
    EXPECT_EQ(fast.verdict, expected ? Verdict::valid : Verdict::invalid)
        << shape.model << " by " << fast.method << "\n"
        << text;
    if (fast.verdict == Verdict::valid) {
      EXPECT_EQ(verify_order(history, model, fast.order), "") << text;
    }
    ++(expected ? counts.valid : counts.invalid);
    if (testing::Test::HasFailure()) break;
  }
  return counts;
}

class AgainstBruteForce : public testing::TestWithParam<const char*> {};

TEST_P(AgainstBruteForce, AgreesOnSmallHistories) {
  for (int values : {0, 1, 2, 4}) {
    for (int info : {0, 30}) {
      Shape shape{GetParam(), 6, 4, values, info, 50, 2};
      Counts counts = cross_check(shape, 1000, 7 + values * 10 + info, true);
      EXPECT_GT(counts.valid, 10) << values << " " << info;
      EXPECT_GT(counts.invalid, 20) << values << " " << info;
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, AgainstBruteForce,
                         testing::Values("register", "cas-register", "multi-register", "kv",
                                         "queue", "stack", "set", "set-elements", "counter", "lock",
                                         "mutex"));

class MonitorsAgainstSearch : public testing::TestWithParam<const char*> {};

TEST_P(MonitorsAgainstSearch, AgreeOnLongerHistories) {
  for (int ops : {10, 14}) {
    for (int info : {0, 10, 35}) {
      for (int processes : {2, 4, 6}) {
        Shape shape{GetParam(), ops, processes, 0, info, 60, 2};
        int histories = ops > 10 && info > 10 ? 100 : 700;  // the search is slow on these
        Counts counts = cross_check(shape, histories, 1000 + ops + info + processes, false);
        EXPECT_GT(counts.valid, 5);
        EXPECT_GT(counts.invalid, 5);
        if (HasFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, MonitorsAgainstSearch,
                         testing::Values("register", "queue", "stack"));

// Few values, so most of them repeat: the search over who takes what against the one over contents.
TEST(QueueSearch, AgreesWithTheSearchOverContents) {
  for (int values : {1, 2, 4}) {
    for (int info : {0, 20}) {
      for (int processes : {2, 4, 6}) {
        Shape shape{"queue", 12, processes, values, info, 60, 2};
        Counts counts = cross_check(shape, 300, 2000 + values + info + processes, false);
        EXPECT_GT(counts.valid, 5);
        EXPECT_GT(counts.invalid, values > 1 ? 5 : 0);
        if (HasFailure()) return;
      }
    }
  }
}

class SequentialAgainstBruteForce : public testing::TestWithParam<const char*> {};

TEST_P(SequentialAgainstBruteForce, AgreesOnSmallHistories) {
  ModelId model = model_of(GetParam());
  int valid = 0, invalid = 0;
  for (int values : {0, 2}) {
    for (int info : {0, 30}) {
      Generator generator(50 + values + info);
      for (int i = 0; i < 700; ++i) {
        std::string text = generator.history({GetParam(), 6, 3, values, info, 70, 2});
        History history = read_history(text, "random");
        bool expected = BruteForce(history, model, true).satisfied();
        Result result = check_sequential(history, model);
        ASSERT_EQ(result.verdict, expected ? Verdict::valid : Verdict::invalid) << text;
        if (expected) {
          ASSERT_EQ(verify_order(history, model, result.order, true), "") << text;
        }
        ++(expected ? valid : invalid);
      }
    }
  }
  EXPECT_GT(valid, 100);
  EXPECT_GT(invalid, 20);
}

INSTANTIATE_TEST_SUITE_P(Models, SequentialAgainstBruteForce,
                         testing::Values("register", "cas-register", "multi-register", "kv",
                                         "queue", "stack", "set", "set-elements", "counter", "lock",
                                         "mutex"));

TEST(Linearizable, BudgetEndsInUnknown) {
  // Twelve enqueues at once of two values, and dequeues that never fit: far beyond 100 nodes.
  Generator generator(3);
  int unknown = 0;
  for (int i = 0; i < 20; ++i) {
    History history = read_history(generator.history({"queue", 80, 8, 3, 0, 100, 1}), "random");
    Budget budget;
    budget.nodes_max = 10;
    Result result = check_linearizable(history, ModelId::queue, budget);
    unknown += result.verdict == Verdict::unknown;
  }
  EXPECT_GT(unknown, 0);
}

}  // namespace
}  // namespace lockstep::history
