// What to show of a recorded schedule: which steps, where the processor went from one process to
// another, which columns. A pure function of the trace, so that run, replay, shrink and dump show
// the same.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/trace/trace.h"

namespace lockstep::cli {

struct ShownStep {
  uint32_t event = 0;      // index in Trace::events
  bool switched = false;   // another process than that of the step shown before
  bool preempted = false;  // ... which could have gone on
  bool failed_here = false;
};

struct ShownProcess {
  uint32_t process = 0;
  std::string name;  // "P1(worker)"
};

struct SourceLine {
  std::string file;
  uint32_t line = 0;
  std::string text;
  std::vector<uint32_t> steps;  // the shown steps that stand there
};

struct ScheduleView {
  std::vector<ShownStep> steps;
  std::vector<ShownProcess> processes;  // those of the shown steps, by number
  std::vector<SourceLine> sources;      // by file and line
  bool sliced = false;                  // something was left out
  bool tail = false;  // ... namely all but the end: a bound has no cause to follow
};

// The steps of a lasso, as its failure's detail tells them; false if it is none.
struct Lasso {
  uint32_t stem_end = 0, loop_begin = 0,
           loop_end = 0;  // steps: 1 .. stem_end, then loop_begin .. loop_end
};
bool parse_lasso(const Outcome& outcome, Lasso* lasso);

ScheduleView view_schedule(const Trace& trace, bool slice);

// The line of source that a site names; empty if the trace does not have it.
std::string source_line(const Trace& trace, const std::string& site);

// "lost_update.lua:14" apart; false if there is no line.
bool split_site(const std::string& site, std::string* file, uint32_t* line);

}  // namespace lockstep::cli
