// Happens-before and slices of recorded executions.
#include "engine/relation/slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/explore/explorer.h"
#include "engine/relation/dependence.h"
#include "engine/trace/recording.h"
#include "tests/engine/script_system.h"

namespace lockstep {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ObjectId kX = make_object(ObjectClass::ets, 1, 5);
constexpr ObjectId kY = make_object(ObjectClass::ets, 1, 6);
constexpr ObjectId kTable = make_object(ObjectClass::ets, 1);
constexpr ObjectId kBox = make_object(ObjectClass::mailbox, 1);

// Builds event i of actor a.
struct Log {
  std::vector<Event> events;
  Log& add(ActorId actor, OpKind op, ObjectId object = 0, Access access = Access::none,
           std::vector<uint32_t> causes = {}) {
    Event e;
    e.step = static_cast<uint32_t>(events.size() + 1);
    e.actor = e.process = actor;
    e.op = op;
    Alternative a(actor, AltKind::step, actor, {});
    a.op.kind = op;
    a.op.object = object;
    a.op.access = access;
    a.cause = causes.empty() ? 0 : causes[0];
    if (op == OpKind::process_info) a.op.flags = kAgainstSteps;
    each_footprint(a, [&](const Footprint& f) { e.footprint.push_back(f); });
    e.causes = std::move(causes);
    if (access == Access::read || access == Access::take) e.result = "?";
    events.push_back(e);
    return *this;
  }
  Log& read(ActorId a, ObjectId o) { return add(a, OpKind::ets, o, Access::read); }
  Log& write(ActorId a, ObjectId o) { return add(a, OpKind::ets, o, Access::write); }
  Log& send(ActorId a) { return add(a, OpKind::send, kBox, Access::append); }
  Log& recv(ActorId a, uint32_t sent_at) {
    return add(a, OpKind::receive, kBox, Access::take, {sent_at});
  }
  auto hb() const { return happens_before(events); }
  auto slice() const { return causal_slice(events, static_cast<uint32_t>(events.size()) - 1); }
};

TEST(HappensBefore, ProgramOrderCausesAndConflicts) {
  const auto hb =
      Log().write(1, kX).read(2, kX).read(3, kX).write(4, kX).read(2, kY).write(1, kTable).hb();
  EXPECT_THAT(hb[0], IsEmpty());
  EXPECT_THAT(hb[1], ElementsAre(0));
  EXPECT_THAT(hb[2], ElementsAre(0)) << "two reads do not wait for each other";
  EXPECT_THAT(hb[3], ElementsAre(0, 1, 2));
  EXPECT_THAT(hb[4], ElementsAre(1)) << "another key of the table";
  EXPECT_THAT(hb[5], ElementsAre(0, 3, 4)) << "the whole table";
}

TEST(HappensBefore, AnElementComesAfterTheWholeContainer) {
  EXPECT_THAT(Log().write(1, kTable).read(2, kX).hb()[1], ElementsAre(0));
  EXPECT_THAT(Log().read(1, kTable).read(2, kX).hb()[1], IsEmpty());
}

TEST(HappensBefore, AddsCommuteAndReadsSeeThemAll) {
  const auto hb = Log()
                      .add(1, OpKind::atomics, kX, Access::add)
                      .add(2, OpKind::atomics, kX, Access::add)
                      .read(3, kX)
                      .hb();
  EXPECT_THAT(hb[1], IsEmpty());
  EXPECT_THAT(hb[2], ElementsAre(0, 1));
}

TEST(HappensBefore, ArrivalsAtOneMailboxAreOrdered) {
  const auto hb = Log().send(1).send(2).recv(3, 1).hb();
  EXPECT_THAT(hb[1], ElementsAre(0));
  EXPECT_THAT(hb[2], ElementsAre(0)) << "its message, and not the one after";
}

constexpr ObjectId kProcess = make_object(ObjectClass::process, 1);

Event signal_to_process_1(uint32_t step) {
  Event e;
  e.step = step;
  e.actor = 9;
  e.process = 1;
  e.kind = AltKind::deliver;
  e.op = OpKind::deliver;
  e.footprint = {{kProcess, Access::write}, {steps_of(1), Access::add}};
  return e;
}

// A signal that may end a process comes after what that has done and before what it does next; but
// for what happened it need not have.
TEST(HappensBefore, ASignalThatMayEndAProcessIsOrderedWithItsSteps) {
  Log log;
  log.write(1, kX).write(2, kY);
  log.events.push_back(signal_to_process_1(3));
  log.write(1, kX);
  EXPECT_THAT(log.hb()[2], ElementsAre(0));
  EXPECT_THAT(log.hb()[3], ElementsAre(0, 2));
  EXPECT_THAT(log.slice(), ElementsAre(0, 3));
}

// What process_info tells of a process may be anything that this has done.
TEST(Slice, HoldsWhatSomebodyIsToldOf) {
  const auto log =
      Log().write(1, kX).write(2, kY).add(2, OpKind::process_info, kProcess, Access::read);
  EXPECT_THAT(log.slice(), ElementsAre(0, 1, 2));
  const auto alive = Log().write(1, kX).add(2, OpKind::alive, kProcess + 2, Access::read);
  EXPECT_THAT(alive.slice(), ElementsAre(1));
}

TEST(HappensBefore, AnExitComesAfterTheProcessesOwnSteps) {
  Log log;
  log.write(1, kX);
  Event e;
  e.step = 2;
  e.actor = 9;
  e.process = 1;
  e.kind = AltKind::deliver;
  e.op = OpKind::exit;
  log.events.push_back(e);
  EXPECT_THAT(log.hb()[1], ElementsAre(0));
}

TEST(HappensBefore, EdgesGoBackAndCoverEveryConflict) {
  for (uint64_t seed = 0; seed < 200; seed++) {
    ScriptSystem system(random_script(seed));
    RandomChooser chooser(seed);
    system.begin(1, 0);
    system.run(chooser);
    const std::vector<Decision> schedule(system.decisions().begin(), system.decisions().end());
    const auto events = record_schedule(system, 1, 0, schedule).events;
    const auto hb = happens_before(events);
    const size_t n = events.size();
    std::vector<std::vector<bool>> reach(n, std::vector<bool>(n));
    for (uint32_t i = 0; i < n; i++) {
      EXPECT_TRUE(std::is_sorted(hb[i].begin(), hb[i].end()));
      for (const uint32_t b : hb[i]) {
        ASSERT_LT(b, i);
        reach[i][b] = true;
        for (uint32_t k = 0; k < b; k++)
          if (reach[b][k]) reach[i][k] = true;
      }
      for (uint32_t b = 0; b < i; b++) {
        bool ordered = events[b].actor == events[i].actor;
        for (const Footprint& f : events[b].footprint)
          for (const Footprint& g : events[i].footprint) ordered |= conflicting(f, g);
        EXPECT_TRUE(!ordered || reach[i][b]) << seed << ": " << b << " and " << i;
      }
    }
  }
}

TEST(Slice, OfNothingIsEmpty) {
  EXPECT_THAT(causal_slice({}, 0), IsEmpty());
  EXPECT_THAT(causal_slice(Log().read(1, kX).events, 7), IsEmpty());
}

TEST(Slice, LeavesOutWhatTheFailureDidNotSee) {
  const auto slice = Log().write(1, kX).write(2, kY).read(3, kY).read(4, kX).slice();
  EXPECT_THAT(slice, ElementsAre(0, 3));
}

TEST(Slice, KeepsALostUpdateWhole) {
  // Both read, both write, the third reads.
  EXPECT_THAT(Log().read(1, kX).read(2, kX).write(1, kX).write(2, kX).read(3, kX).slice(),
              ElementsAre(0, 1, 2, 3, 4));
}

TEST(Slice, FollowsMessagesToTheirSendersButNotTheOrderOfArrival) {
  const auto slice = Log().write(2, kY).send(2).write(1, kX).send(1).recv(3, 4).slice();
  EXPECT_THAT(slice, ElementsAre(2, 3, 4));
}

TEST(Slice, LeavesOutAServersRepliesToOthers) {
  // Server 9 takes a request, answers it, takes another, answers that one, which 1 receives.
  const auto slice = Log().send(2).recv(9, 1).send(9).send(1).recv(9, 4).send(9).recv(1, 6).slice();
  EXPECT_THAT(slice, ElementsAre(0, 1, 3, 4, 5, 6));
}

TEST(Slice, OfARealFailureHoldsTheFailureAndItsCauses) {
  Script script = lost_update();
  script.push_back({write(2, 1), read(2), write(3, 1)});  // has nothing to do with it
  script[0].insert(script[0].begin(), spawn(3));
  ScriptSystem system(script);
  const auto schedule = find_failure(system);
  const auto events = record_schedule(system, 1, 0, schedule).events;
  const auto slice = causal_slice(events, static_cast<uint32_t>(events.size()) - 1);
  EXPECT_EQ(slice.back(), events.size() - 1);
  for (const uint32_t i : slice) EXPECT_NE(events[i].process, 1u) << "the process beside it";
  int writes = 0;
  for (const uint32_t i : slice) writes += events[i].what == "write";
  EXPECT_EQ(writes, 2);
}

}  // namespace
}  // namespace lockstep
