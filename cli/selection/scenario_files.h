// The files of a command's arguments: a file is itself, a folder is every Lua file below it.
#pragma once
#include <string>
#include <vector>

#include "cli/report/report.h"
#include "cli/settings/options.h"
#include "vm/system/program.h"

namespace lockstep::cli {

struct ScenarioFile {
  std::string path;
  bool found = false;  // in a folder, not named by itself
};

// In the order of the arguments, a folder's by name; none twice. Left out of a folder: what is
// hidden, linked folders, and *.d.lua, which only editors read. Throws Error(ExitCode::usage) for a
// folder without a Lua file, and with `example` as the hint if there is no argument.
std::vector<ScenarioFile> scenario_files(const std::vector<std::string>& args,
                                         const std::string& example);

struct LoadedFiles {
  std::vector<vm::Program> programs;
  std::vector<BrokenFile> broken;  // the others are not held up by these
  size_t helpers = 0;              // files of folders without a scenario of their own
};

// Loads each within --time, and all within --total-time. Throws Error: ExitCode::usage as above,
// for a file that is named and cannot be read, and for folders without any scenario;
// ExitCode::interrupted.
LoadedFiles load_files(const Options& options, const std::string& example);

}  // namespace lockstep::cli
