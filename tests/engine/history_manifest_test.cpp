// Every history with a known verdict. Those of gen/ are in the repository; those of ext/ are other
// projects' data and are read where they lie ($LOCKSTEP_HISTORIES, or ../shared/histories beside
// the checkout); without them their test is skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/history/check/check.h"
#include "engine/history/model/verify.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

namespace fs = std::filesystem;

fs::path own() { return fs::path(LOCKSTEP_SOURCE_DIR) / "tests/data/histories"; }

fs::path outside() {
  if (const char* path = std::getenv("LOCKSTEP_HISTORIES")) return path;
  for (fs::path at = LOCKSTEP_SOURCE_DIR; at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "shared/histories/manifest.jsonl")) return at / "shared/histories";
  }
  return {};
}

struct Line {
  std::string file, model, consistency;
  bool expected;
};

std::vector<Line> lines(const fs::path& manifest, const std::string& below) {
  std::vector<Line> all;
  std::ifstream in(manifest);
  for (std::string text; std::getline(in, text);) {
    auto json = nlohmann::json::parse(text);
    std::string file = json["file"];
    if (!file.starts_with(below)) continue;
    all.push_back({file, json["model"], json["consistency"], json["expected"]});
  }
  return all;
}

int check_all(const fs::path& root, const std::string& below) {
  int checked = 0;
  for (const Line& line : lines(root / "manifest.jsonl", below)) {
    std::string path = (root / line.file).string();
    History history = read_history(read_file(path), path);
    ModelId model = *find_model(line.model);
    Consistency consistency = *find_consistency(line.consistency);
    Result result = check(history, model, consistency, Budget::seconds(60));
    EXPECT_EQ(result.verdict, line.expected ? Verdict::valid : Verdict::invalid)
        << line.file << " " << line.consistency << ": " << result.why;
    if (result.verdict == Verdict::valid) {
      EXPECT_EQ(verify(history, model, consistency, result), "") << line.file;
    }
    ++checked;
  }
  return checked;
}

TEST(Manifest, Generated) { EXPECT_GT(check_all(own(), "gen/"), 100); }

TEST(Manifest, OfOtherProjects) {
  if (outside().empty()) GTEST_SKIP() << "no histories outside: set LOCKSTEP_HISTORIES";
  EXPECT_GT(check_all(outside(), "ext/"), 30);
}

TEST(Malformed, SaysWhere) {
  struct Case {
    const char *text, *problem;
  };
  const Case cases[] = {
      {"{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":1}\n",
       "h:1:21: process 0 completes \"read\" without an invocation"},
      {"{\"index\":0,\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n"
       "{\"index\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n",
       "h:2:22: process 0 invokes \"read\" while its \"read\" of line 1 is open"},
      {"{\"index\":3,\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n"
       "{\"index\":3,\"process\":0,\"type\":\"ok\",\"f\":\"read\"}\n",
       "h:2:10: index 3 does not increase (the last was 3)"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n"
       "{\"process\":0,\"type\":\"ok\",\"f\":\"write\"}\n",
       "h:2:21: process 0 completes \"write\" but invoked \"read\" at line 1"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"get\",\"key\":\"a\"}\n"
       "{\"process\":0,\"type\":\"ok\",\"f\":\"get\",\"key\":\"b\"}\n",
       "h:2:21: process 0 completes \"get\" on key \"b\" but invoked it on key \"a\" at line 1"},
      {"{\"process\":0,\"type\":\"done\",\"f\":\"read\"}\n",
       "h:1:21: unknown type \"done\" (invoke, ok, fail or info)"},
      {"\nindex 1\n", "h:2:1: expected an event: a JSON object"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"value\":[1,}\n",
       "h:1:52: expected a JSON value"},
      {"{\"process\":-1,\"type\":\"invoke\",\"f\":\"read\"}\n",
       "h:1:12: process must be an integer >= 0"},
  };
  for (const Case& c : cases) {
    try {
      read_history(c.text, "h", Format::jsonl);
      ADD_FAILURE() << "accepted: " << c.text;
    } catch (const Error& e) {
      EXPECT_STREQ(e.what(), c.problem);
      EXPECT_EQ(e.code(), ExitCode::scenario);
    }
  }
}

TEST(Malformed, UnknownOperationNamesLineAndField) {
  History history =
      read_history("{\"process\":0,\"type\":\"invoke\",\"f\":\"frobnicate\",\"value\":1}\n", "h");
  try {
    check(history, ModelId::cas_register, Consistency::linearizable);
    ADD_FAILURE();
  } catch (const ModelError& e) {
    EXPECT_EQ(e.line, 1);
    EXPECT_EQ(e.field, "f");
  }
}

TEST(Edn, ReadsJepsen) {
  History history = read_history(
      "[{:type :invoke, :f :cas, :value [1 2], :process 0, :index 0}\n"
      " {:type :info, :f :start, :process :nemesis}\n"
      " {:process 1 :type :invoke :f :read :value nil}\n"
      " {:process 1 :type :ok :f :read :value nil} ; nothing yet\n"
      " {:type :ok, :f :cas, :value [1 2], :process 0, :index 4}]\n",
      "h");
  ASSERT_EQ(history.operations().size(), 2u);
  EXPECT_EQ(history.operations()[0].result, kTrue);
  EXPECT_EQ(history.operations()[0].call_line, 1);
  EXPECT_EQ(history.operations()[0].ret_line, 5);
  EXPECT_EQ(check(history, ModelId::cas_register, Consistency::linearizable).verdict,
            Verdict::invalid);
}

}  // namespace
}  // namespace lockstep::history
