// The assertions of --check: each holds of a system that keeps its promises, and ends the program
// with the invariant's number where one is broken.
#include "engine/relation/invariants.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

constexpr ObjectId kX = make_object(ObjectClass::ets, 1, 1),
                   kY = make_object(ObjectClass::ets, 1, 2);

Alternative step(ActorId actor, ObjectId object, Access access) {
  Operation op;
  op.kind = OpKind::ets;
  op.object = object;
  op.access = access;
  return {actor, AltKind::step, actor, op};
}

// Whose contents are what the test says.
class Scene final : public System {
 public:
  std::vector<Content> now;
  void begin(uint64_t, uint64_t) override {}
  const Outcome& run(Chooser&) override { return outcome_; }
  std::span<const Decision> decisions() const override { return {}; }
  void record(EventSink*) override {}
  std::unique_ptr<Mark> save(std::unique_ptr<Mark>) override { return nullptr; }
  void restore(const Mark&) override {}
  uint64_t digest() const override { return 0; }
  void contents(std::vector<Content>& out) const override { out = now; }
  uint64_t actor_key(ActorId) const override { return 0; }
  std::string actor_name(ActorId actor) const override { return "P" + std::to_string(actor); }
  std::string site_name(uint32_t) const override { return {}; }
  std::string object_name(ObjectId object) const override {
    return object == kX ? "x" : object == kY ? "y" : "its steps";
  }
  Limits& limits() override { return limits_; }

 private:
  Outcome outcome_;
  Limits limits_;
};

class Invariants : public testing::Test {
 protected:
  using Alternatives = std::vector<Alternative>;
  // The first of `before` is taken, and leads to `after`.
  void go(const Alternatives& before, const Alternatives& after) {
    check_.before_choice(before, scene_);
    check_.took(before[0]);
    scene_.now = then_;
    check_.before_choice(after, scene_);
  }
  Scene scene_;
  std::vector<Content> then_;
  InvariantCheck check_;
  const Alternative write_x_ = step(0, kX, Access::write), read_x_ = step(1, kX, Access::read),
                    write_y_ = step(1, kY, Access::write);
};
using InvariantsDeathTest = Invariants;

TEST_F(Invariants, HoldOfStepsThatKeepTheirPromises) {
  scene_.now = {{kX, 1, "row"}, {kY, 1, "row"}};
  then_ = {{kX, 2, "row"}, {kY, 1, "row"}};
  go({write_x_, write_y_}, {write_y_, step(0, kY, Access::read)});
}

TEST_F(Invariants, LetConflictingStepsChangeEachOther) {
  go({write_x_, read_x_}, {});
  check_.forget();
  go({write_x_, read_x_}, {write_y_});
}

TEST_F(Invariants, AskNothingAcrossExecutions) {
  check_.before_choice(Alternatives{write_x_, write_y_}, scene_);
  check_.took(write_x_);
  check_.forget();
  check_.before_choice(Alternatives{}, scene_);
}

TEST_F(InvariantsDeathTest, AnIndependentStepDisablesNobody) {
  EXPECT_EXIT(go({write_x_, write_y_}, {}), testing::ExitedWithCode(70),
              "invariant 2 .*P0 ets x:w its steps:r disables P1 ets y:w");
}

TEST_F(InvariantsDeathTest, AnIndependentStepChangesNoFootprint) {
  EXPECT_EXIT(go({write_x_, write_y_}, {read_x_}), testing::ExitedWithCode(70),
              "invariant 3 .*P0 ets x:w its steps:r turns P1 ets y:w its steps:r into P1 ets x:r");
}

TEST_F(InvariantsDeathTest, AStepTouchesWhatItHasAnnounced) {
  scene_.now = {{kY, 1, "row"}};
  then_ = {{kY, 2, "row"}};
  EXPECT_EXIT(go({write_x_}, {}), testing::ExitedWithCode(70),
              "invariant 5 .*P0 ets x:w its steps:r: changes row, which it does not announce: y");
}

}  // namespace
}  // namespace lockstep
