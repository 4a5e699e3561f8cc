// A trace as data of a page: the execution with its states, why it failed, what it could have been.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/json_line.h"
#include "cli/trace/traced.h"
#include "engine/contrast/contrast.h"
#include "engine/explain/curve.h"

namespace lockstep::cli {

struct Told {  // what is known already, so that it is not looked for again
  std::optional<Contrast> contrast;
  std::optional<Curve> curve;
};

struct TraceData {
  Json trace;
  std::vector<Json> histories;  // a check that failed in it
};

// Runs the trace again. Throws Error(ExitCode::diverged) where it cannot be followed.
TraceData trace_data(const Traced& traced, Told told);

// A page about the trace at `path`, written to `file` ("-" is standard output). `flag` is for
// messages.
void write_trace_page(const char* flag, const std::string& file, const std::string& path,
                      Told told);

// page.html -> page.2.html for the second one, and so on.
std::string numbered_file(const std::string& file, size_t number);

}  // namespace lockstep::cli
