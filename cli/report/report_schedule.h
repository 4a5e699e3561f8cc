// The schedule as text: the numbered steps, the same steps in one column for each process, and the
// source lines.
#pragma once
#include <string>

#include "cli/report/schedule_view.h"
#include "cli/terminal/console.h"

namespace lockstep::cli {

std::string schedule_list(const Trace& trace, const ScheduleView& view, const Style& style);
// Empty if the processes do not fit next to each other.
std::string schedule_columns(const Trace& trace, const ScheduleView& view, const Style& style);
std::string schedule_sources(const ScheduleView& view, const Style& style);

}  // namespace lockstep::cli
