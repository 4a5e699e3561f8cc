// Explanations hold: the core fails by itself and no unit of it is superfluous, the longest order
// is one, and so are the others that go as far as they can.
#include <gtest/gtest.h>

#include "engine/history/check/explain.h"
#include "engine/history/check/orders.h"
#include "engine/history/model/verify.h"
#include "tests/engine/history_generate.h"

namespace lockstep::history {
namespace {

class Explained : public testing::TestWithParam<const char*> {};

History part_of(const History& history, const std::vector<int32_t>& ops) {
  History part = history;
  std::vector<Operation> some;
  for (int32_t id : ops) some.push_back(history.operations()[id]);
  part.set_operations(std::move(some));
  return part;
}

TEST_P(Explained, CoreFailsByItselfAndTheLongestOrderIsOne) {
  Generator g(5);
  ModelId model = model_of(GetParam());
  int explained = 0;
  for (int i = 0; i < 400 && explained < 60; ++i) {
    std::string text = g.history({GetParam(), 24, 4, i % 2 == 0 ? 0 : 3, 10, 90, 2});
    History history = read_history(text, "random");
    Result result = check(history, model, Consistency::linearizable);
    if (result.verdict != Verdict::invalid) continue;
    ++explained;
    Explanation e = explain(history, model, Consistency::linearizable, result);
    ASSERT_FALSE(e.core.empty()) << text;
    ASSERT_FALSE(e.text.empty());
    EXPECT_TRUE(e.minimal) << text << e.text;
    if (e.optional == 0) {
      ASSERT_EQ(check(part_of(history, e.core), model, Consistency::linearizable).verdict,
                Verdict::invalid)
          << text << e.text;
    }
    History cut = history;
    std::vector<Operation> operations = history.operations();
    for (Operation& op : operations) {
      if (op.ret_line <= e.failing_line) continue;
      op.ret = kNever;
      op.result = kNull;
    }
    cut.set_operations(std::move(operations));
    std::string problem = verify_order(cut, model, e.longest);
    ASSERT_TRUE(problem.empty() || problem.ends_with("is missing")) << problem << "\n" << text;
    for (const Refusal& r : e.refusals) ASSERT_FALSE(r.why.empty());
    // Each order is one that the object and real time allow, and what blocks it is really blocked.
    const auto orders = partial_orders(history, model, e);
    ASSERT_EQ(orders.empty(), e.longest.empty()) << text;
    if (!orders.empty()) {
      ASSERT_GE(orders[0].order.size(), e.longest.size()) << text;
    }
    for (const PartialOrder& o : orders) {
      problem = verify_order(cut, model, o.order);
      ASSERT_TRUE(problem.empty() || problem.ends_with("is missing")) << problem << "\n" << text;
      ASSERT_EQ(o.states.size(), o.order.size() - o.first_state);
      ASSERT_FALSE(o.blocked.empty()) << text;
      for (const Refusal& r : o.blocked) {
        if (r.why.starts_with("could come next")) continue;
        std::vector<int32_t> longer = o.order;
        longer.push_back(r.op);
        problem = verify_order(cut, model, longer);
        ASSERT_FALSE(problem.empty() || problem.ends_with("is missing")) << r.why << "\n" << text;
      }
    }
  }
  EXPECT_GT(explained, 10);
}

INSTANTIATE_TEST_SUITE_P(Models, Explained,
                         testing::Values("register", "cas-register", "multi-register", "kv",
                                         "queue", "stack", "set", "set-elements", "counter", "lock",
                                         "mutex"));

TEST(Explain, SaysWhichReadIsStale) {
  std::string text;
  int index = 0;
  auto op = [&](int process, const char* f, const char* argument, const char* result) {
    for (const char* type : {"invoke", "ok"}) {
      text += "{\"index\":" + std::to_string(index++) + ",\"process\":" + std::to_string(process) +
              ",\"type\":\"" + type + "\",\"f\":\"" + f +
              "\",\"value\":" + (std::string(type) == "invoke" ? argument : result) + "}\n";
    }
  };
  op(0, "write", "1", "null");
  op(1, "read", "null", "1");
  op(0, "write", "2", "null");
  op(1, "read", "null", "1");
  op(1, "read", "null", "2");
  History history = read_history(text, "stale");
  Result result = check(history, ModelId::register_, Consistency::linearizable);
  ASSERT_EQ(result.verdict, Verdict::invalid);
  Explanation e = explain(history, ModelId::register_, Consistency::linearizable, result);
  EXPECT_EQ(e.failing_line, 8);
  EXPECT_EQ(e.core, (std::vector<int32_t>{0, 2, 3}));
  ASSERT_EQ(e.refusals.size(), 1u);
  EXPECT_EQ(e.refusals[0].op, 3);
  EXPECT_EQ(e.refusals[0].why,
            "returned 1, but the value is 2, since write 2 by process 0 (lines 5-6)");
}

// Operations one after the other, each with its line of call and return; "" for what never ends.
class Lines {
 public:
  void event(int process, const char* type, const char* f, const char* value) {
    text += "{\"process\":" + std::to_string(process) + ",\"type\":\"" + type + "\",\"f\":\"" + f +
            "\",\"value\":" + value + "}\n";
  }
  void op(int process, const char* f, const char* argument, const char* result) {
    event(process, "invoke", f, argument);
    event(process, "ok", f, result);
  }
  Explanation explained(ModelId model) const {
    const History history = read_history(text, "lines");
    const Result result = check(history, model, Consistency::linearizable);
    EXPECT_EQ(result.verdict, Verdict::invalid);
    return explain(history, model, Consistency::linearizable, result);
  }
  std::string text;
};

TEST(Explain, ACounterBreaksAnInterval) {
  Lines lines;
  for (int i = 0; i < 20; i++) lines.op(0, "add", "2", "null");  // 40 have been added
  lines.event(1, "invoke", "add", "5");                          // may have been, or not
  lines.event(2, "invoke", "add", "-1");
  lines.op(0, "read", "null", "46");
  const Explanation e = lines.explained(ModelId::counter);
  EXPECT_EQ(e.summary,
            "read -> 46 by process 0 (lines 43-44) returned 46, but only 39 to 45 is possible: 20 "
            "additions had ended before it began, 2 were under way");
  EXPECT_EQ(e.text.find("by themselves"), std::string::npos) << e.text;
  EXPECT_NE(e.text.find("In short: " + e.summary), std::string::npos);
}

TEST(Explain, ACounterThatIsWrongOnlyAsAWholeKeepsItsOperations) {
  Lines lines;
  lines.event(1, "invoke", "add", "5");
  lines.op(0, "read", "null", "5");
  lines.op(0, "read", "null", "0");  // each of them alone could be right
  const Explanation e = lines.explained(ModelId::counter);
  EXPECT_NE(e.text.find("by themselves"), std::string::npos) << e.text;
  EXPECT_NE(e.text.find("In short: "), std::string::npos) << e.text;
}

TEST(Explain, EveryViolationHasItsSentence) {
  Generator g(11);
  for (const char* name : {"register", "cas-register", "multi-register", "kv", "queue", "stack",
                           "set", "set-elements", "counter", "lock", "mutex"}) {
    const ModelId model = model_of(name);
    int explained = 0;
    for (int i = 0; i < 200 && explained < 20; ++i) {
      const std::string text = g.history({name, 20, 4, i % 2 == 0 ? 0 : 3, 10, 90, 2});
      const History history = read_history(text, "random");
      for (const Consistency c : {Consistency::linearizable, Consistency::sequential}) {
        const Result result = check(history, model, c);
        if (result.verdict != Verdict::invalid) continue;
        ++explained;
        const Explanation e = explain(history, model, c, result);
        EXPECT_FALSE(e.summary.empty()) << name << '\n' << text;
        EXPECT_NE(e.text.find("In short: " + e.summary + ".\n"), std::string::npos) << e.text;
        for (const Refusal& r : e.refusals) EXPECT_GE(r.op, 0);
      }
    }
    EXPECT_GT(explained, 5) << name;
  }
}

TEST(Strongest, NamesTheLevelAndWhatBreaksTheNext) {
  std::string text;
  auto op = [&](int process, const char* f, const char* argument, const char* result) {
    for (const char* type : {"invoke", "ok"}) {
      text += "{\"process\":" + std::to_string(process) + ",\"type\":\"" + type + "\",\"f\":\"" +
              f + "\",\"value\":" + (std::string(type) == "invoke" ? argument : result) + "}\n";
    }
  };
  op(0, "write", "1", "null");
  op(1, "read", "null", "null");  // stale, but in an order of its own
  op(1, "read", "null", "1");
  History history = read_history(text, "sc");
  Strongest s = strongest(history, ModelId::register_);
  ASSERT_EQ(s.holds.size(), 1u);
  EXPECT_EQ(s.holds[0], Consistency::sequential);
  ASSERT_EQ(s.broken.size(), 1u);
  EXPECT_EQ(s.broken[0].first, Consistency::linearizable);
}

// A model as a Lua binding would give it: a register over opaque states, one for each key.
class CellModel : public Model {
 public:
  explicit CellModel(bool partitioned) : partitioned_(partitioned) {}
  State initial() override { return intern({}); }
  std::optional<State> step(State state, const Operation& op) override {
    std::map<Value, Value> cells = states_[static_cast<size_t>(state)];
    auto at = cells.try_emplace(op.key, kNull).first;
    if (op.argument == kNull) {
      if (op.ok() && op.result != at->second) return std::nullopt;
      return state;
    }
    at->second = op.argument;
    return intern(cells);
  }
  bool readonly(const Operation& op) const override { return op.argument == kNull; }
  Value partition(const Operation& op) const override { return partitioned_ ? op.key : kAbsent; }
  bool sees_process() const override { return false; }

 private:
  State intern(const std::map<Value, Value>& cells) {
    for (size_t i = 0; i < states_.size(); ++i) {
      if (states_[i] == cells) return static_cast<State>(i);
    }
    states_.push_back(cells);
    return static_cast<State>(states_.size()) - 1;
  }
  bool partitioned_;
  std::vector<std::map<Value, Value>> states_;
};

TEST(UserModel, AgreesWithTheBuiltInOne) {
  Generator g(31);
  int valid = 0, invalid = 0;
  for (int i = 0; i < 600; ++i) {
    History history =
        read_history(g.history({"multi-register", 10, 4, i % 2 ? 0 : 2, 15, 50, 2}), "r");
    bool cas = false;
    for (const Operation& op : history.operations()) {
      cas |= history.values().as_string(op.f) == "cas";
    }
    if (cas) continue;
    for (Consistency c : {Consistency::linearizable, Consistency::sequential}) {
      Verdict expected = check(history, ModelId::multi_register, c).verdict;
      for (bool partitioned : {false, true}) {
        CellModel model(partitioned);
        ASSERT_EQ(check(history, model, c).verdict, expected);
        EXPECT_EQ(test_partition(history, model, 3), "");
      }
      ++(expected == Verdict::valid ? valid : invalid);
    }
  }
  EXPECT_GT(valid, 50);
  EXPECT_GT(invalid, 50);
}

// One counter for all keys, but declared to be one for each: test_partition must notice.
class WrongPartition : public Model {
 public:
  State initial() override { return kNull; }
  std::optional<State> step(State state, const Operation& op) override {
    if (op.argument != kNull) return op.argument;
    if (op.ok() && op.result != static_cast<Value>(state)) return std::nullopt;
    return state;
  }
  bool readonly(const Operation& op) const override { return op.argument == kNull; }
  Value partition(const Operation& op) const override { return op.key; }
};

TEST(UserModel, AWrongPartitionIsNoticed) {
  Generator g(37);
  int noticed = 0;
  for (int i = 0; i < 20; ++i) {
    History history = read_history(g.history({"multi-register", 20, 3, 0, 0, 0, 2}), "r");
    WrongPartition model;
    noticed += !test_partition(history, model).empty();
  }
  EXPECT_GT(noticed, 10);
}

}  // namespace
}  // namespace lockstep::history
