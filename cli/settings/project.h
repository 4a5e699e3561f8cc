// The project file lockstep.toml: what would be flags, for everybody who works on a folder. The
// only user of the TOML library. Its keys are the flags of the commands' table, in snake_case;
// there is no other list of them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/settings/options.h"

namespace lockstep::cli {

struct ProjectEntry {
  const Flag* flag;
  std::string key;                  // as written: "iterations", "run.iterations"
  std::vector<std::string> values;  // as on a command line; one "true" for a switch
  std::string where;                // "lockstep.toml:3"
};

struct Project {
  std::string path;                // as named or found: "../lockstep.toml"
  std::vector<std::string> paths;  // what to run if the command line names nothing
  std::string paths_where;
  std::vector<ProjectEntry> entries;  // of one command, those of its own table before common ones
};

// The nearest lockstep.toml, from the current folder upwards; empty if there is none.
std::string find_project();

// All of it is checked, whichever the command. Paths in it are relative to its folder, and here to
// the current one. Throws Error(ExitCode::usage) with file, line and, for an unknown key, the
// nearest one.
Project read_project(const std::string& path, const Command& command);

}  // namespace lockstep::cli
