// The tools of the server: what each takes, and the command line that it becomes.
#pragma once
#include <string>
#include <vector>

#include "cli/mcp/protocol.h"

namespace lockstep::cli::mcp {

struct Bounds {
  std::string root;         // absolute, without links
  double seconds_max = 60;  // of one call
};

struct Call {
  std::string tool;
  std::vector<std::vector<std::string>> commands;  // one after the other, each a process
  double seconds = 0;                              // of all of them
};

Json tool_list();  // as tools/list gives it
// Throws Refused, code kInvalidParams: unknown tool, missing, unknown or wrong arguments, a path
// that is not in the root or not there.
Call make_call(const std::string& tool, const Json& arguments, const Bounds& bounds);

}  // namespace lockstep::cli::mcp
