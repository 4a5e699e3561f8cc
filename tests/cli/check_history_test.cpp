// The command: verdicts, exit codes, errors with their place, many files in order.
#include "cli/command/check_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/command/commands.h"

namespace lockstep::cli {
namespace {

const std::string kData = LOCKSTEP_SOURCE_DIR "/tests/data/histories/gen/";

struct Ran {
  ExitCode code;
  std::string out, err;
};

std::string text_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  std::fclose(file);
  return text;
}

Ran run(const std::vector<std::string>& args) {
  std::FILE *out = std::tmpfile(), *err = std::tmpfile();
  Ran ran{ExitCode::internal, "", ""};
  try {
    const Options options = parse_options(*find_command("check-history"), args);
    ran.code = check_history(check_history_options(options), out, err);
  } catch (const Error& e) {
    ran.code = e.code();
    ran.err = e.what();
    std::fclose(out);
    std::fclose(err);
    return ran;
  }
  ran.out = text_of(out);
  ran.err = text_of(err);
  return ran;
}

TEST(CheckHistory, ExitCodesAreTheVerdicts) {
  EXPECT_EQ(run({kData + "large/queue-c4-500-ok.jsonl", "--model", "queue"}).code, ExitCode::ok);
  EXPECT_EQ(run({kData + "large/queue-c4-500-bad-reorder.jsonl"}).code, ExitCode::failure);
  EXPECT_EQ(run({kData + "malformed/not-json.jsonl"}).code, ExitCode::scenario);
  EXPECT_EQ(run({"no-such-file"}).code, ExitCode::scenario);
  EXPECT_EQ(run({}).code, ExitCode::usage);
  EXPECT_EQ(run({"x", "--model", "quue"}).code, ExitCode::usage);
  EXPECT_EQ(run({"x", "--model", "queue", "--consistency", "serializable"}).code, ExitCode::usage);
  EXPECT_EQ(run({"x", "--frobnicate"}).code, ExitCode::usage);
}

TEST(CheckHistory, MalformedEventsHaveAPlace) {
  EXPECT_EQ(
      run({kData + "malformed/not-json.jsonl"}).err,
      "lockstep: " + kData + "malformed/not-json.jsonl:2:1: expected an event: a JSON object\n");
  Ran unknown = run({kData + "malformed/unknown-f.jsonl", "--model", "cas-register"});
  EXPECT_EQ(unknown.code, ExitCode::scenario);
  EXPECT_NE(unknown.err.find("unknown-f.jsonl:1:51: model cas-register: unknown operation"),
            std::string::npos)
      << unknown.err;
  EXPECT_EQ(unknown.out, "");
}

// Equal as numbers, also beyond 64 bits, where doubles would take neighbours for one another.
TEST(CheckHistory, NumbersAreComparedExactly) {
  const auto path = std::filesystem::temp_directory_path() / "lockstep-numbers.jsonl";
  const auto reads_as = [&](const char* written, const char* read) {
    std::ofstream(path) << R"({"index":0,"process":0,"type":"invoke","f":"write","value":)"
                        << written << "}\n"
                        << R"({"index":1,"process":0,"type":"ok","f":"write"})"
                        << "\n"
                        << R"({"index":2,"process":0,"type":"invoke","f":"read"})"
                        << "\n"
                        << R"({"index":3,"process":0,"type":"ok","f":"read","value":)" << read
                        << "}\n";
    return run({"--model", "register", path.string()}).code == ExitCode::ok;
  };
  EXPECT_TRUE(reads_as("18446744073709551615", "18446744073709551615"));
  EXPECT_FALSE(reads_as("18446744073709551615", "18446744073709551614"));
  EXPECT_FALSE(reads_as("-9223372036854775809", "-9223372036854775810"));
  EXPECT_FALSE(reads_as("18446744073709551615", "\"18446744073709551615\""));
  EXPECT_TRUE(reads_as("100000000000000000000", "1e20"));
  EXPECT_TRUE(reads_as("9210000000000000000", "9.21e18"));
  EXPECT_FALSE(reads_as("9007199254740993", "9007199254740992.0"));
  std::filesystem::remove(path);
}

TEST(CheckHistory, JobsDoNotChangeTheReport) {
  std::vector<std::string> args;
  for (const auto& entry : std::filesystem::directory_iterator(kData + "tiny")) {
    std::string path = entry.path();
    if (path.find("register") != std::string::npos) args.push_back(path);
  }
  std::sort(args.begin(), args.end());
  args.insert(args.end(), {"--format", "ndjson", "-j", "1"});
  Ran one = run(args);
  args.back() = "4";
  Ran four = run(args);
  EXPECT_EQ(one.code, ExitCode::failure);
  EXPECT_EQ(one.out, four.out);
  EXPECT_GT(std::count(one.out.begin(), one.out.end(), '\n'), 4);
}

TEST(CheckHistory, ABudgetEndsInUnknown) {
  // Equal values pushed by many at once, and the last round holds only two of the value popped:
  // no monitor applies, and no order exists.
  std::string path = testing::TempDir() + "history-unknown.jsonl";
  std::ofstream file(path);
  for (int round = 0; round < 12; ++round) {
    for (const char* type : {"invoke", "ok"}) {
      for (int p = 0; p < 8; ++p) {
        file << "{\"process\":" << p << ",\"type\":\"" << type
             << "\",\"f\":\"push\",\"value\":" << (p + round) % 3 << "}\n";
      }
    }
  }
  for (int pops = 0; pops < 4; ++pops)
    file << "{\"process\":0,\"type\":\"invoke\",\"f\":\"pop\",\"value\":null}\n"
         << "{\"process\":0,\"type\":\"ok\",\"f\":\"pop\",\"value\":2}\n";
  file.close();
  Ran ran = run({path, "--model", "stack", "--time", "200ms"});
  EXPECT_EQ(ran.code, ExitCode::incomplete) << ran.out;
  EXPECT_NE(ran.out.find("unknown"), std::string::npos);
  EXPECT_EQ(run({path, "--model", "stack", "--memory", "20M"}).code, ExitCode::incomplete);
}

TEST(CheckHistory, WritesATimeline) {
  std::string path = testing::TempDir() + "history.html";
  Ran ran = run({kData + "large/stack-c2-500-bad-reorder.jsonl", "--html", path});
  EXPECT_EQ(ran.code, ExitCode::failure);
  EXPECT_NE(ran.out.find("came out while"), std::string::npos) << ran.out;
  std::ifstream page(path);
  std::string text((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  EXPECT_NE(text.find("came out while"), std::string::npos);
  EXPECT_NE(text.find("</html>"), std::string::npos);
}

TEST(CheckHistory, NamesTheStrongestProperty) {
  Ran ran = run({kData + "tiny/tiny-causal-sc-01.jsonl", "--strongest"});
  EXPECT_NE(ran.out.find("strongest: sequential"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("not linearizable"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace lockstep::cli
