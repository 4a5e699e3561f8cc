// What the command line and a scenario's options mean, and what is said if they mean nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/settings/options.h"
#include "cli/settings/settings.h"
#include "cli/settings/values.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options parsed(std::vector<std::string> args) { return parse_options(*find_command("run"), args); }

// What is said about a wrong command line, hint included; empty if nothing is wrong with it.
std::string complaint(const std::vector<std::string>& args, const char* command = "run") {
  try {
    parse_options(*find_command(command), args);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::usage);
    return std::string(e.what()) + " | " + e.hint();
  }
  return {};
}

template <class Fn>
std::string thrown(Fn fn) {
  try {
    fn();
  } catch (const std::string& text) {
    return text;
  }
  return "nothing was wrong";
}

TEST(Values, TimesHaveUnits) {
  EXPECT_DOUBLE_EQ(parse_seconds("5"), 5);
  EXPECT_DOUBLE_EQ(parse_seconds("5s"), 5);
  EXPECT_DOUBLE_EQ(parse_seconds("500ms"), 0.5);
  EXPECT_DOUBLE_EQ(parse_seconds("2m"), 120);
  EXPECT_DOUBLE_EQ(parse_seconds("1.5h"), 5400);
  for (const char* bad : {"", "0", "-1", "5 s", "5x", "s", "nan", "inf"})
    EXPECT_THAT(thrown([&] { parse_seconds(bad); }), HasSubstr("must be a time")) << bad;
}

TEST(Values, SizesHaveUnits) {
  EXPECT_EQ(parse_bytes("1048576"), 1u << 20);
  EXPECT_EQ(parse_bytes("512k"), 512u << 10);
  EXPECT_EQ(parse_bytes("256M"), 256u << 20);
  EXPECT_EQ(parse_bytes("1G"), 1u << 30);
  for (const char* bad : {"", "0", "-1", "1T", "M"})
    EXPECT_THAT(thrown([&] { parse_bytes(bad); }), HasSubstr("must be a size")) << bad;
}

TEST(Values, SeedsAreNumbersOrCommits) {
  EXPECT_EQ(parse_seed("0"), 0u);
  EXPECT_EQ(parse_seed("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_seed("0xCA9057A9"), 0xca9057a9u);
  EXPECT_EQ(parse_seed("45fb63ac0ffee45fb63ac0ffee45fb63ac0ffee0"), 0x45fb63ac0ffee45full);
  EXPECT_EQ(parse_seed("1234567890123456789012345678901234567890"), 0x1234567890123456ull);
  for (const char* bad : {"", "-1", "x", "0x", "1.5", "18446744073709551616", "45fb63a"})
    EXPECT_THAT(thrown([&] { parse_seed(bad); }), HasSubstr("40-digit commit id")) << bad;
}

TEST(Nearest, FindsWhatWasMeantAndNothingElse) {
  const std::vector<std::string> names = {"random", "pct", "fair_pct", "pos", "dfs"};
  EXPECT_EQ(nearest("randm", names), "random");
  EXPECT_EQ(nearest("pso", names), "pos");
  EXPECT_EQ(nearest("fair", names), "fair_pct");
  EXPECT_EQ(nearest("quicksort", names), "");
}

TEST(CommandLine, KeepsFilesAndFlagsApart) {
  const auto o =
      parsed({"a.lua", "--iterations", "50", "-j4", "b.lua", "--seed=0x10", "-k", "--", "--c.lua"});
  EXPECT_THAT(o.args, ElementsAre("a.lua", "b.lua", "--c.lua"));
  EXPECT_EQ(o.settings.at("iterations"), "50");
  EXPECT_EQ(o.settings.at("seed"), "0x10");
  EXPECT_EQ(o.jobs, 4u);
  EXPECT_EQ(o.max_failures, 0u);
}

TEST(CommandLine, ComplainsByTheFlagsName) {
  EXPECT_THAT(complaint({"--iteratons", "5", "f"}),
              HasSubstr("unknown flag '--iteratons' for 'run' | did you mean --iterations?"));
  EXPECT_THAT(complaint({"--iterations", "x", "f"}),
              HasSubstr("--iterations must be a whole number of at least 1, got 'x'"));
  EXPECT_THAT(complaint({"--iterations", "0", "f"}), HasSubstr("--iterations must be"));
  EXPECT_THAT(complaint({"f", "--seed"}), HasSubstr("--seed needs a value (S)"));
  EXPECT_THAT(complaint({"--seed=", "f"}), HasSubstr("--seed needs a value"));
  EXPECT_THAT(complaint({"--format", "json", "f"}),
              HasSubstr("--format must be one of text, ndjson, got 'json' (did you mean ndjson?)"));
  EXPECT_THAT(complaint({"--delivery", "late", "f"}),
              HasSubstr("--delivery must be one of instant, async"));
  EXPECT_THAT(complaint({"--resample-prob", "2", "f"}),
              HasSubstr("--resample-prob must be a number from 0 to 1"));
  EXPECT_THAT(complaint({"--strategy", "randm", "f"}), HasSubstr("did you mean random?"));
  EXPECT_THAT(complaint({"--no-shrink=1", "f"}), HasSubstr("--no-shrink"));
  EXPECT_THAT(complaint({"a", "b"}, "replay"), HasSubstr("'b' is one argument too many"));
  EXPECT_THAT(complaint({"--strategy", "pos", "T"}, "replay"),
              HasSubstr("--strategy has no effect with 'replay' | leave it out"));
  EXPECT_EQ(complaint({"--iterations", "5", "f"}), "");
}

TEST(CommandLine, EveryFlagSaysWhatItIsFor) {
  for (const auto& command : commands())
    for (const auto& group : command.groups)
      for (const auto& flag : group.flags)
        EXPECT_GT(std::string(flag.help).size(), 10u) << flag.name;
}

vm::ScenarioInfo scenario(std::map<std::string, std::string> options) {
  return {"transfer", "bank.lua", 7, std::move(options)};
}

std::string scenario_complaint(std::map<std::string, std::string> options) {
  try {
    resolve_settings(scenario(std::move(options)), {});
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::scenario);
    return std::string(e.what()) + " | " + e.hint();
  }
  return {};
}

TEST(Settings, FlagsWinOverTheScenariosOptions) {
  const auto s =
      resolve_settings(scenario({{"iterations", "7"}, {"strategy", "pct"}, {"delivery", "async"}}),
                       {{"iterations", "9"}});
  EXPECT_EQ(s.iterations, 9u);
  EXPECT_EQ(s.strategy, "pct");
  EXPECT_TRUE(s.execution.async_delivery);
  EXPECT_EQ(s.execution.timers, vm::TimerMode::simultaneous);
}

TEST(Settings, TimeAloneLiftsTheLimitOfIterations) {
  EXPECT_EQ(resolve_settings(scenario({}), {{"time", "5s"}}).iterations, 0u);
  EXPECT_EQ(resolve_settings(scenario({{"iterations", "7"}}), {{"time", "5s"}}).iterations, 0u);
  EXPECT_EQ(resolve_settings(scenario({}), {{"time", "5s"}, {"iterations", "7"}}).iterations, 7u);
  EXPECT_EQ(resolve_settings(scenario({{"iterations", "7"}, {"time", "1s"}}), {}).iterations, 7u);
}

TEST(Settings, WrongOptionsAreNamedWithFileAndLine) {
  EXPECT_EQ(scenario_complaint({{"iteration", "7"}}),
            "bank.lua:7: scenario \"transfer\" has an unknown option 'iteration' | did you mean "
            "iterations?");
  EXPECT_THAT(
      scenario_complaint({{"seed", "x"}}),
      HasSubstr("bank.lua:7: option 'seed' of scenario \"transfer\" must be a whole number"));
  EXPECT_THAT(scenario_complaint({{"crashes", "never"}}),
              HasSubstr("must be one of fail, allow, abort"));
  EXPECT_EQ(scenario_complaint({{"drain", "true"}, {"crashes", "allow"}, {"expect", "deadlock"}}),
            "");
}

TEST(Settings, ExpectNamesAVerdictOrASignature) {
  Outcome outcome;
  outcome.verdict = Verdict::assertion;
  outcome.site = "bank.lua:9";
  EXPECT_TRUE(resolve_settings(scenario({{"expect", "assertion"}}), {}).expects(outcome));
  EXPECT_TRUE(
      resolve_settings(scenario({{"expect", "assertion at bank.lua:9"}}), {}).expects(outcome));
  EXPECT_FALSE(resolve_settings(scenario({{"expect", "deadlock"}}), {}).expects(outcome));
  EXPECT_FALSE(resolve_settings(scenario({}), {}).expects(outcome));
}

TEST(Settings, SurviveTheWayThroughATrace) {
  auto s =
      resolve_settings(scenario({{"max_steps", "77"}, {"timers", "racy"}, {"drain", "true"}}), {});
  EXPECT_EQ(settings_from_trace(s.recorded(), "t").recorded(), s.recorded());
  EXPECT_EQ(settings_from_trace(s.recorded(), "t").execution.limits.max_steps, 77u);
}

}  // namespace
}  // namespace lockstep::cli
