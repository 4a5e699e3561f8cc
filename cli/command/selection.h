// Which scenarios a command is about: the files of its arguments, narrowed by --only, each with its
// own settings.
#pragma once
#include <string>
#include <vector>

#include "cli/settings/options.h"
#include "cli/settings/settings.h"
#include "vm/machine/program.h"

namespace lockstep::cli {

struct Selected {
  const vm::Program* program;
  const vm::ScenarioInfo* scenario;
  Settings settings;
};

// Throws Error: ExitCode::usage if no file is given (with `example` as the hint), or what loading
// throws.
std::vector<vm::Program> load_programs(const Options& options, const std::string& example);

// Throws Error(ExitCode::usage) if a flag is among `flags` that none of the strategies takes.
// "none" is what happens then anyway.
void check_takes(const SettingMap& flags, const std::vector<std::string>& strategies);
// All settings are resolved before anything runs, so that a typing error in the last file does not
// cost an hour. Throws Error, ExitCode::usage, if --only matches nothing.
std::vector<Selected> select_scenarios(const Options& options,
                                       const std::vector<vm::Program>& programs);

}  // namespace lockstep::cli
