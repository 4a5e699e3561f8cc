// Every history with a known verdict. Those of gen/ are in the repository; those of ext/ are other
// projects' data and are read where they lie ($LOCKSTEP_HISTORIES, or ../shared/histories beside the
// checkout); without them their test is skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/history/linearizable.h"
#include "engine/history/reader.h"
#include "engine/history/verify.h"

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
    if (line.consistency != "linearizable") continue;
    std::string path = (root / line.file).string();
    History history = read_history(read_file(path), path);
    ModelId model = *find_model(line.model);
    Result result = check_linearizable(history, model, Budget::seconds(60));
    EXPECT_EQ(result.verdict, line.expected ? Verdict::valid : Verdict::invalid)
        << line.file << " " << line.consistency << ": " << result.why;
    if (result.verdict == Verdict::valid) {
      EXPECT_EQ(verify_order(history, model, result.order), "") << line.file;
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

}  // namespace
}  // namespace lockstep::history
