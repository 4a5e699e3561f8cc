// From what a command printed to what a model reads: short, and the same keys each time.
#pragma once
#include <string>
#include <vector>

#include "cli/mcp/protocol.h"

namespace lockstep::cli::mcp {

struct Printed {
  std::string output;  // NDJSON
  std::string errors;
  int code = 0;
  bool timed_out = false;
  bool too_much = false;
};

// {"exit_code", "summary", "complete", ...}. Texts are cut at 400 bytes, lists at 40 entries, and
// the whole at about 16 kB; what is cut says so, and "complete" is false then, or where the time
// was up.
Json digest(const std::string& tool, const std::vector<Printed>& all);

// Of tools/call: the digest as structured content and as text. A found failure is no error.
Json call_result(const Json& digested);

}  // namespace lockstep::cli::mcp
