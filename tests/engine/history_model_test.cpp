// Models of the user's: what they declare changes the effort and never the verdict.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "engine/base/prng.h"
#include "engine/history/check/check.h"
#include "engine/history/check/explain.h"

namespace lockstep::history {
namespace {

// Sums by key: `add` (n) and `read`.
class Sums final : public Model {
 public:
  Sums(const History& history, bool declares) : values_(history.values()), declares_(declares) {
    names(history);
  }
  State initial() override { return intern({}); }
  std::optional<State> step(State s, const Operation& op) override {
    std::map<Value, int64_t> sums = states_[static_cast<size_t>(s)];
    if (op.f == add_) {
      sums[op.key] += values_.as_integer(op.argument);
      return intern(sums);
    }
    if (op.ok() && values_.as_integer(op.result) != sums[op.key]) return std::nullopt;
    return s;
  }
  bool readonly(const Operation& op) const override { return op.f == read_; }
  bool commutes(const Operation& a, const Operation& b) const override {
    return declares_ && (a.key != b.key || a.f == b.f);
  }
  bool declares_commuting() const override { return declares_; }
  bool sees_process() const override { return false; }

 private:
  void names(const History& history) {
    add_ = history.values().find_string("add");
    read_ = history.values().find_string("read");
  }
  State intern(const std::map<Value, int64_t>& sums) {
    auto [at, fresh] = ids_.try_emplace(sums, static_cast<State>(states_.size()));
    if (fresh) states_.push_back(sums);
    return at->second;
  }
  const ValueTable& values_;
  bool declares_;
  Value add_ = kAbsent, read_ = kAbsent;
  std::map<std::map<Value, int64_t>, State> ids_;
  std::vector<std::map<Value, int64_t>> states_;
};

struct Builder {
  History history;
  void event(int process, EventType type, const char* f, const char* key, Value value) {
    Event e;
    e.process = process;
    e.type = type;
    e.f = history.values().string(f);
    e.key = history.values().string(key);
    e.value = value;
    ASSERT_EQ(history.add(e), "");
  }
  Value number(int64_t n) { return history.values().integer(n); }
};

// An atomic object in which some results are changed, some outcomes unknown.
void random_history(Prng& random, Builder& b) {
  struct Client {
    int stage = 0;  // 0 idle, 1 invoked, 2 applied
    bool read = false;
    const char* key = "x";
    int64_t amount = 0, result = 0;
  };
  std::vector<Client> clients(2 + random.below(4));
  std::map<std::string, int64_t> sums;
  int left = 4 + static_cast<int>(random.below(7));
  for (int steps = 0; steps < 400; ++steps) {
    const auto p = static_cast<int>(random.below(static_cast<uint32_t>(clients.size())));
    Client& c = clients[static_cast<size_t>(p)];
    const char* f = c.read ? "read" : "add";
    if (c.stage == 0) {
      if (left-- <= 0) continue;
      c = {1, random.below(2) == 0, random.below(2) ? "x" : "y", 1 + random.below(3), 0};
      b.event(p, EventType::invoke, c.read ? "read" : "add", c.key,
              c.read ? kNull : b.number(c.amount));
    } else if (c.stage == 1) {
      if (!c.read) sums[c.key] += c.amount;
      c.result = sums[c.key];
      c.stage = 2;
    } else {
      c.stage = 0;
      if (random.below(8) == 0) {
        b.event(p, EventType::info, f, c.key, kNull);
      } else {
        if (random.below(25) == 0) ++c.result;
        b.event(p, EventType::ok, f, c.key, c.read ? b.number(c.result) : kNull);
      }
    }
  }
  b.history.finish();
}

TEST(CommutingModel, HasTheSameVerdictsAsWithoutTheDeclaration) {
  Prng random(7);
  int counts[2] = {0, 0};
  for (int i = 0; i < 600; ++i) {
    Builder b;
    random_history(random, b);
    Sums with(b.history, true), without(b.history, false);
    const Result fast = check(b.history, with, Consistency::linearizable);
    const Result plain = check(b.history, without, Consistency::linearizable);
    ASSERT_NE(plain.verdict, Verdict::unknown);
    ASSERT_EQ(fast.verdict, plain.verdict) << i;
    EXPECT_EQ(check(b.history, with, Consistency::sequential).verdict,
              check(b.history, without, Consistency::sequential).verdict);
    EXPECT_EQ(test_declarations(b.history, with), "");
    ++counts[fast.verdict == Verdict::valid];
    if (fast.verdict != Verdict::invalid) continue;
    // What is said to fail by itself does.
    const Explanation e = explain(b.history, with, Consistency::linearizable, fast);
    ASSERT_FALSE(e.core.empty());
    History part = b.history;
    std::vector<Operation> core;
    for (const int32_t id : e.core) core.push_back(b.history.operations()[id]);
    part.set_operations(core);
    if (e.optional == 0) {
      EXPECT_EQ(check(part, without, Consistency::linearizable).verdict, Verdict::invalid);
    }
  }
  EXPECT_GT(counts[0], 60);
  EXPECT_GT(counts[1], 60);
}

// 40 different adds at once: all subsets of them without the declaration, one order with it.
TEST(CommutingModel, NeedsNoSubsets) {
  Builder b;
  constexpr int kAdds = 40;
  int64_t sum = 0;
  for (int i = 0; i < kAdds; ++i) {
    b.event(i, EventType::invoke, "add", "x", b.number(1000 + i * i));
    sum += 1000 + i * i;
  }
  for (int i = 0; i < kAdds; ++i) b.event(i, EventType::ok, "add", "x", kNull);
  b.event(0, EventType::invoke, "read", "x", kNull);
  b.event(0, EventType::ok, "read", "x", b.number(sum + 1));
  b.history.finish();
  Budget budget;
  budget.nodes_max = 2000;
  Sums with(b.history, true), without(b.history, false);
  EXPECT_EQ(check(b.history, with, Consistency::linearizable, budget).verdict, Verdict::invalid);
  EXPECT_EQ(check(b.history, without, Consistency::linearizable, budget).verdict, Verdict::unknown);
}

TEST(CommutingModel, AWrongDeclarationIsFound) {
  class Wrong final : public Model {
   public:
    State initial() override { return 0; }
    std::optional<State> step(State, const Operation& op) override { return op.argument; }
    bool commutes(const Operation&, const Operation&) const override { return true; }
  };
  Builder b;
  for (int i = 1; i < 4; ++i) {
    b.event(0, EventType::invoke, "write", "x", b.number(i));
    b.event(0, EventType::ok, "write", "x", kNull);
  }
  b.history.finish();
  Wrong wrong;
  EXPECT_NE(test_declarations(b.history, wrong).find("declared to commute"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::history
