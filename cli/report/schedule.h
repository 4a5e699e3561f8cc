// The schedule as text: each step (rows.h has rows of what the author wrote), and the source
// lines.
#pragma once
#include <string>

#include "cli/fold/schedule_view.h"
#include "cli/terminal/console.h"

namespace lockstep::cli {

std::string schedule_list(const Trace& trace, const ScheduleView& view, const Style& style);
// `full`: with all of its steps, and however long a line is.
std::string schedule_sources(const ScheduleView& view, const Style& style, bool full);

}  // namespace lockstep::cli
