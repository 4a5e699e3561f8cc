// Two traces side by side, in words and as JSON.
#pragma once
#include <string>

#include "cli/terminal/console.h"
#include "engine/trace/trace_diff.h"

namespace lockstep::cli {

struct DiffReport {
  std::string path_a, path_b;
  Trace a, b;
};

std::string diff_text(const DiffReport& report, const TraceDiff& diff, const Style& style);
std::string diff_json(const DiffReport& report, const TraceDiff& diff);  // one line

}  // namespace lockstep::cli
