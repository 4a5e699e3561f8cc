// The table of settings, against those who repeat what it says.
#include "cli/settings/settings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "cli/settings/options.h"
#include "vm/system/program.h"

namespace lockstep::cli {
namespace {

// Editors complete a scenario's options from the stub: each that the table knows, and no other.
TEST(Settings, TheStubNamesEachThatAScenarioMaySet) {
  std::ifstream file(LOCKSTEP_SOURCE_DIR "/lua/meta/lockstep.d.lua");
  std::vector<std::string> stub, table;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (inside && line.starts_with("---@field ")) stub.push_back(line);
    inside = line == "---@class lockstep.options" || (inside && line.starts_with("---@field "));
  }
  for (const Setting& s : settings())
    if (s.lua) table.push_back(std::string("---@field ") + s.name + "? " + s.lua + " " + s.help);
  EXPECT_EQ(stub, table);
}

TEST(Settings, EachHasOneNameAndAFlagIsOfOneCommandAtLeast) {
  std::set<std::string_view> names;
  for (const Setting& s : settings()) {
    EXPECT_TRUE(names.insert(s.name).second) << s.name;
    EXPECT_EQ(find_setting(s.name), &s);
    const bool none = s.group == SettingGroup::scenario || s.group == SettingGroup::trace;
    const auto all = commands();
    const bool some = std::any_of(all.begin(), all.end(),
                                  [&](const Command& c) { return c.find(flag_of(s)) != nullptr; });
    EXPECT_TRUE(some || none) << flag_of(s);
  }
}

// What a trace says of an execution gives the same execution again.
TEST(Settings, WhatATraceSaysIsReadAsItWasMeant) {
  const SettingMap changed = {
      {"max_steps", "77"},    {"max_memory", "33554432"}, {"max_instructions", "5000"},
      {"max_compute", "2.5"}, {"max_temperature", "9"},   {"delivery", "async"},
      {"timers", "racy"},     {"drain", "true"},          {"crashes", "abort"},
      {"omit", "1f,2"},       {"spins_held", "true"}};
  size_t kept = 0;
  for (const Setting& s : settings()) kept += s.recorded != nullptr;
  EXPECT_EQ(kept, changed.size());
  EXPECT_EQ(settings_from_trace(changed, "T").recorded(), changed);
  EXPECT_EQ(settings_from_trace({{"spins_held", "but-polls"}}, "T").recorded().at("spins_held"),
            "but-polls");
}

TEST(Settings, AScenarioMayNotSetWhatOnlyTracesSay) {
  vm::ScenarioInfo scenario;
  scenario.name = "s";
  scenario.file = "f.lua";
  scenario.line = 3;
  scenario.options = {{"omit", "1f"}};
  try {
    resolve_settings(scenario, {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::scenario);
    EXPECT_NE(std::string(e.what()).find("f.lua:3: scenario \"s\" has an unknown option 'omit'"),
              std::string::npos)
        << e.what();
  }
}

}  // namespace
}  // namespace lockstep::cli
