// What only the host can see of histories: that recording adds no choice points, that what is
// dumped is what was checked, and that shrinking leaves operations out.
#include "engine/explain/shrink.h"
#include "engine/history/check/check.h"
#include "engine/history/read/reader.h"
#include "engine/trace/recording.h"
#include "tests/lua/support.h"
#include "vm/machine/recorded_history.h"

namespace lockstep::lua_tests {
namespace {

const char* const kLostAdd = R"(
local lockstep = require "lockstep"
local history = require "lockstep.history"
local generator = require "lockstep.generator"
local checker = require "lockstep.checker"
local ets = require "lockstep.ets"

local function perform(op, _, h, t)
  history.op(h, op, function(v)
    if op.f == "read" then return ets.lookup_element(t, "n", 2) end
    local n = ets.lookup_element(t, "n", 2)
    ets.insert(t, { "n", n + v })
  end)
end

lockstep.scenario("lost add", function()
  local h, t = history.start(), ets.new("t", { "public" })
  ets.insert(t, { "n", 0 })
  local ops = generator.random({ { f = "read" }, { f = "add", value = 1 }, { f = "add", value = 2 } })
  generator.run(3, generator.take(ops, 8), perform, h, t)
  perform({ f = "read" }, 0, h, t)
  checker.linearizable(h, "counter")
end)
)";

TEST(History, AFailureIsDumpedAndShrunkToTheOperationsItNeeds) {
  const auto program = vm::Program::from_sources({{"lost_add.lua", kLostAdd}});
  const auto found =
      run_scenario(program, program.scenarios()[0], {{"strategy", "pos"}, {"iterations", "50"}});
  ASSERT_EQ(found.findings.size(), 1u);
  const Finding& finding = found.findings[0];
  EXPECT_EQ(finding.outcome.verdict, Verdict::not_linearizable);
  EXPECT_EQ(finding.outcome.signature(),
            "not_linearizable at lost_add.lua:22 (linearizable, counter)");
  const auto machine = vm::make_machine(program, "lost add", {});
  ShrinkOptions options;
  options.seconds = 60;
  const ShrinkResult result = shrink(*machine, 1, finding.stream, finding.decisions, options);
  ASSERT_TRUE(result.reproduced);
  EXPECT_EQ(result.inputs, 24u);
  // Two adds that overlap lose one; one add alone cannot.
  EXPECT_EQ(result.inputs - result.omitted.size(), 2u);
  EXPECT_EQ(result.after.preemptions, 1u);
  // A machine of its own, told what to leave out, fails under the same schedule.
  vm::MachineOptions without;
  without.omitted = result.omitted;
  const auto again = vm::make_machine(program, "lost add", without);
  const Recording recording =
      record_schedule(*again, 1, finding.stream, result.recording.decisions);
  EXPECT_EQ(recording.outcome.signature(), finding.outcome.signature());
  EXPECT_TRUE(recording.divergence.empty()) << recording.divergence;
  EXPECT_NE(recording.outcome.reason.find("returned 1, but only 3 is possible"), std::string::npos)
      << recording.outcome.reason;
  // Two adds and the last read, as check-history would read them.
  const vm::RecordedHistories recorded = vm::recorded_histories(*again);
  ASSERT_EQ(recorded.jsonl.size(), 1u);
  const auto history = history::read_history(recorded.jsonl[0], "dumped");
  EXPECT_EQ(history.operations().size(), 3u);
  EXPECT_EQ(history::check(history, history::ModelId::counter, history::Consistency::linearizable)
                .verdict,
            history::Verdict::invalid);
  EXPECT_EQ(recorded.model, "counter");
  EXPECT_NE(recorded.picture.find("\"orders\":[{"), std::string::npos);
}

// Two processes with two operations on one counter each: as many schedules with a history as
// without, each of them once.
uint64_t schedules(const std::string& record, const std::string& strategy) {
  const std::string text = R"(
local lockstep = require "lockstep"
local history = require "lockstep.history"
local atomics = require "lockstep.atomics"
local function client(h, a)
  for _ = 1, 2 do
    )" + record + R"(
  end
end
lockstep.scenario("clients", function()
  local h, a = history.start(), atomics.new(2)
  local _, r1 = lockstep.spawn_monitor(client, h, a)
  local _, r2 = lockstep.spawn_monitor(client, h, a)
  for _, r in ipairs({ r1, r2 }) do
    lockstep.recv_first({ "DOWN", r, lockstep.any, lockstep.any, lockstep.any })
  end
end)
)";
  const auto program = vm::Program::from_sources({{"clients.lua", text}});
  const auto result = run_scenario(program, program.scenarios()[0],
                                   {{"strategy", strategy}, {"iterations", "100000"}});
  EXPECT_TRUE(result.findings.empty()) << show(result);
  EXPECT_TRUE(result.exhausted);
  return result.iterations;
}

TEST(History, RecordingIsNoSchedulingPoint) {
  const std::string plain = "atomics.get(a, 1)";
  const std::string recorded =
      "history.op(h, 'read', nil, function() return atomics.get(a, 1) end)";
  EXPECT_EQ(schedules(recorded, "dfs"), schedules(plain, "dfs"));
}

// Reads commute, so all schedules are of one class; but which operation ends before which begins is
// seen by a check, so recorded ones do not commute.
TEST(History, ReductionKeepsTheOrdersThatACheckCanTellApart) {
  const std::string plain = "atomics.get(a, 1)";
  const std::string recorded =
      "history.op(h, 'read', nil, function() return atomics.get(a, 1) end)";
  EXPECT_GE(schedules(recorded, "dpor"), 6 * schedules(plain, "dpor"));  // C(4, 2) orders of reads
}

// What a process knows already takes it no step to read, but when it does is seen by a check.
TEST(History, AnOperationWithoutAStepIsOne) {
  const std::string write = R"(
  lockstep.spawn(function()
    history.op(h, "write", 1, function() atomics.put(a, 1, 1) end)
  end)
)";
  const std::string read = R"(
  lockstep.spawn(function()
    lockstep.yield()
    history.op(h, "read", nil, function() return cached end)
  end)
)";
  for (const std::string& both : {write + read, read + write}) {
    const std::string text = R"(
local lockstep = require "lockstep"
local atomics = require "lockstep.atomics"
local history = require "lockstep.history"
local checker = require "lockstep.checker"

lockstep.scenario("stale", function()
  local h, a = history.start(), atomics.new(1)
  history.op(h, "write", 0, function() atomics.put(a, 1, 0) end)
  local cached = atomics.get(a, 1)
)" + both + R"(
  lockstep.sleep(100)
  checker.linearizable(h, "register")
end)
)";
    const auto program = vm::Program::from_sources({{"stale.lua", text}});
    for (const char* strategy : {"dfs", "dpor", "cache"}) {
      const auto result = run_scenario(program, program.scenarios()[0],
                                       {{"strategy", strategy}, {"iterations", "1000"}});
      ASSERT_EQ(result.findings.size(), 1u) << strategy << both;
      EXPECT_EQ(result.findings[0].outcome.verdict, Verdict::not_linearizable);
    }
  }
}

}  // namespace
}  // namespace lockstep::lua_tests
