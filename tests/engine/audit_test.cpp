// The audit of the dependence relation: an honest system passes it, one that hides a footprint does
// not.
#include "engine/explore/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "engine/base/prng.h"
#include "engine/trace/recording.h"
#include "tests/engine/toy_system.h"

namespace lockstep {
namespace {

using ::testing::HasSubstr;

// Says of every step on an object of class `user` that it touches nothing.
class Hiding final : public Chooser {
 public:
  explicit Hiding(Chooser& inner) : inner_(inner) {
    at_rest_ = inner.at_rest();
    states_ = inner.states();
  }
  size_t choose(const ChoicePoint& point) override {
    std::vector<Alternative> told(point.alternatives.begin(), point.alternatives.end());
    for (Alternative& a : told)
      if (object_class(a.op.object) == ObjectClass::user) a.op.object = 0;
    ChoicePoint other = point;
    other.alternatives = told;
    return inner_.choose(other);
  }

 private:
  Chooser& inner_;
};

class LyingSystem : public ToySystem {
 public:
  using ToySystem::ToySystem;
  const Outcome& run(Chooser& chooser) override {
    Hiding hiding(chooser);
    return ToySystem::run(hiding);
  }
};

TEST(Audit, AnHonestSystemPasses) {
  uint64_t pairs = 0, conflicts = 0;
  for (const char* program : {"Wx1 Ry|Wy1 Rx|Rx Ry", "Ax1 Ax1|Ax1 Wy1|Ry", "Lm Wx1 Um|Lm Rx Um|Wy1",
                              "S1a S1b Wx1|Ta Rx Tb", "S1a|S1b|P P Wx1", "Dd3 Wx1|Rx De2|Wy2"}) {
    SCOPED_TRACE(program);
    ToySystem system(program);
    const AuditReport report = audit(system, {});
    EXPECT_TRUE(report.found.empty());
    EXPECT_TRUE(report.all) << "there are fewer states than were asked for";
    pairs += report.pairs;
    conflicts += report.conflicts;
  }
  EXPECT_GT(pairs, 20u);
  EXPECT_GT(conflicts, 20u);
}

TEST(Audit, AHiddenFootprintIsFoundAndBothOrdersAreTold) {
  LyingSystem system("Wx1 Wz1|Rx ?x1 Wy1 Wy2|Wu1");
  const AuditReport report = audit(system, {});
  ASSERT_EQ(report.found.size(), 1u);
  const Disagreement& d = report.found[0];
  EXPECT_THAT(d.what, HasSubstr("differ"));
  EXPECT_NE(d.first, d.second);
  ASSERT_GE(d.orders[0].size(), 2u);
  ASSERT_GE(d.orders[1].size(), 2u);
  EXPECT_NE(d.orders[0], d.orders[1]);
  // As executions of the system itself they lead to different states.
  std::vector<uint64_t> digests;
  for (const auto& order : d.orders) {
    record_schedule(system, 1, 0, order);
    digests.push_back(system.digest());
  }
  EXPECT_NE(digests[0], digests[1]);
}

// Its variables can be looked at from outside.
template <class Base>
class Open final : public Base {
 public:
  using Base::Base;
  void contents(std::vector<Content>& out) const override {
    out.clear();
    for (const char name : {'m', 'x', 'y', 'z'})
      out.push_back({make_object(ObjectClass::user, static_cast<uint32_t>(name)),
                     static_cast<uint64_t>(this->value(name)), "variable"});
  }
};

// ... for which no second step is needed.
TEST(Audit, WhatAStepChangesAndDoesNotAnnounceIsFound) {
  Open<LyingSystem> system("Wx0 Rx Wy1 Ry");
  const AuditReport report = audit(system, {});
  ASSERT_EQ(report.found.size(), 1u);
  const Disagreement& d = report.found[0];
  EXPECT_EQ(d.what, "changes variable, which it does not announce: y\n");
  EXPECT_TRUE(d.second.empty());
  EXPECT_EQ(d.orders[0].size(), 4u);
  EXPECT_TRUE(d.orders[1].empty());
  for (const char* program : {"Wx1 Ry|Wy1 Rx|Rx Ry", "Ax1 Iz|Cz10 Wy1|Qy"}) {
    Open<ToySystem> honest(program);
    const AuditReport clean = audit(honest, {});
    EXPECT_TRUE(clean.found.empty());
    EXPECT_GT(clean.steps, 5u);
  }
}

// Says of all writes that they write the same.
class EqualValues final : public Chooser {
 public:
  explicit EqualValues(Chooser& inner) : inner_(inner) {
    at_rest_ = inner.at_rest();
    states_ = inner.states();
  }
  size_t choose(const ChoicePoint& point) override {
    std::vector<Alternative> told(point.alternatives.begin(), point.alternatives.end());
    for (Alternative& a : told) a.op.value = 1;
    ChoicePoint other = point;
    other.alternatives = told;
    return inner_.choose(other);
  }

 private:
  Chooser& inner_;
};

class EqualizingSystem final : public ToySystem {
 public:
  using ToySystem::ToySystem;
  const Outcome& run(Chooser& chooser) override {
    EqualValues equal(chooser);
    return ToySystem::run(equal);
  }
};

TEST(Audit, EqualWritesAreExecutedInBothOrdersWhereAReductionLetsThemCommute) {
  AuditOptions options;
  options.reduce.equal_writes = true;
  ToySystem equal("Wx1|Wx1|Wx2");
  const AuditReport report = audit(equal, options);
  EXPECT_TRUE(report.found.empty());
  EXPECT_GT(report.equal, 0u);
  EXPECT_EQ(report.pairs, 0u) << "they conflict all the same";
  EXPECT_EQ(audit(equal, {}).equal, 0u);
  EqualizingSystem unequal("Wx1|Wx2");
  EXPECT_EQ(audit(unequal, {}).found.size(), 0u);
  ASSERT_EQ(audit(unequal, options).found.size(), 1u);
}

TEST(Audit, KeepsItsLimits) {
  ToySystem system("Wx1 Wx1 Wx1|Wy1 Wy1 Wy1|Wz1 Wz1 Wz1");
  AuditOptions options;
  options.states = 5;
  const AuditReport few = audit(system, options);
  EXPECT_EQ(few.states, 5u);
  EXPECT_FALSE(few.all);
  const std::atomic<bool> interrupted{true};
  options.interrupted = &interrupted;
  EXPECT_EQ(audit(system, options).states, 0u);
  LyingSystem lying("Wx1 Rx|Wx2 Rx|Wx3 Rx");
  options = {};
  options.max_found = 3;
  EXPECT_EQ(audit(lying, options).found.size(), 3u);
}

}  // namespace
}  // namespace lockstep
