// Scenarios as tests: a file's scenarios with their own options, explored in this process.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "cli/settings/settings.h"
#include "engine/explore/explorer.h"
#include "vm/system/program.h"

namespace lockstep::lua_tests {

inline std::string source_path(const std::string& path) {
  return std::string(LOCKSTEP_SOURCE_DIR "/") + path;
}

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Lua files below `folder`, relative to it and sorted.
inline std::vector<std::string> scenario_files(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  const fs::path root = source_path(folder);
  if (!fs::exists(root)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".lua")
      files.push_back(entry.path().lexically_relative(root).string());
  std::sort(files.begin(), files.end());
  return files;
}

// "-- Class: lost update" in the comment that opens a scenario file; empty if there is none.
inline std::string header(const std::string& text, const std::string& field) {
  std::smatch match;
  const std::regex line("(^|\n)-- " + field + ": ([^\n]*)");
  return std::regex_search(text, match, line) ? match[2].str() : "";
}

inline std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(0, info.param.rfind('.'));
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

inline ExploreResult run_scenario(const vm::Program& program, const vm::ScenarioInfo& scenario,
                                  const cli::SettingMap& flags) {
  const cli::Settings settings = cli::resolve_settings(scenario, flags);
  return explore([&] { return vm::make_machine(program, scenario.name, settings.machine()); },
                 settings.explore());
}

inline std::string show(const ExploreResult& result) {
  std::string text;
  const auto add = [&](const Finding& f) {
    text += "iteration " + std::to_string(f.iteration) + ": " + verdict_name(f.outcome.verdict) +
            ": " + f.outcome.reason + " at " + f.outcome.site + "\n" + f.outcome.detail + "\n" +
            f.divergence;
  };
  for (const auto& finding : result.findings) add(finding);
  if (result.misuse) add(*result.misuse);
  return text;
}

// Every execution passes, or, if the scenario expects a failure, one fails that way.
inline void expect_as_declared(const vm::Program& program, const vm::ScenarioInfo& scenario,
                               const cli::SettingMap& flags) {
  const auto result = run_scenario(program, scenario, flags);
  const auto settings = cli::resolve_settings(scenario, flags);
  const std::string what = program.path() + " \"" + scenario.name + "\" under " + settings.strategy;
  EXPECT_FALSE(result.misuse) << what << "\n" << show(result);
  for (const auto& finding : result.findings) {
    EXPECT_TRUE(finding.deterministic) << what << "\n" << show(result);
    EXPECT_TRUE(settings.expects(finding.outcome)) << what << "\n" << show(result);
  }
  EXPECT_EQ(result.findings.empty(), settings.expect.empty()) << what;
}

}  // namespace lockstep::lua_tests
