// Which scenarios a command is about: the files of its arguments, narrowed by --only, each with its
// own settings.
#pragma once
#include <string>
#include <vector>

#include "cli/selection/scenario_files.h"
#include "cli/settings/options.h"
#include "cli/settings/settings.h"
#include "vm/system/program.h"

namespace lockstep::cli {

struct Selected {
  const vm::Program* program;
  const vm::ScenarioInfo* scenario;
  Settings settings;
};

// As load_files, but throws also what is wrong with the first file that cannot be loaded.
std::vector<vm::Program> load_programs(const Options& options, const std::string& example);

// Throws Error(ExitCode::usage) if a flag is among `flags` that none of the strategies takes.
// "none" is what happens then anyway.
void check_takes(const SettingMap& flags, const std::vector<std::string>& strategies);
// All settings are resolved before anything runs, so that a typing error in the last file does not
// cost an hour. A file with a bad option in one of its scenarios is `broken`; null: that is thrown.
// Throws Error, ExitCode::usage, if --only matches nothing.
std::vector<Selected> select_scenarios(const Options& options,
                                       const std::vector<vm::Program>& programs,
                                       std::vector<BrokenFile>* broken = nullptr);

}  // namespace lockstep::cli
