// lockstep dump: what a trace holds. Runs nothing, so it also reads traces that this build could
// not replay; but for a history, which is in no trace.
#include <fmt/format.h>

#include "cli/command/commands.h"
#include "cli/page/page.h"
#include "cli/page/trace_data.h"
#include "cli/report/report.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"
#include "cli/trace/export.h"
#include "cli/trace/traced.h"
#include "engine/trace/trace_replay.h"
#include "vm/machine/recorded_history.h"

namespace lockstep::cli {
namespace {

// One event a line, fields apart by tabs, in a fixed order: for grep, cut and diff. Names in them
// may be whatever a scenario says.
std::string event_lines(const Trace& trace) {
  std::string out;
  for (const auto& e : trace.events) {
    out += std::to_string(e.step);
    for (const auto& text : {e.what, e.who, e.target, e.args, e.result, e.change, e.site})
      out += "\t" + one_line(text);
    out += "\n";
  }
  return out;
}

}  // namespace

namespace {

void write_file(const char* flag, const std::string& path, const std::string& text) {
  if (path == "-") return put_as_it_is(text);
  write_whole_file(flag, path, text);
}

ExitCode dump_history(const Options& options, const std::string& path) {
  const auto traced = read_traced(path);
  const auto machine = traced.machine(stop_if_interrupted());
  const auto result = replay_strict(*machine, traced.trace);
  check_not_cut(*machine, traced.path);
  if (result.kind == ReplayResult::diverged)
    throw Error(ExitCode::diverged,
                fmt::format("{}: the recorded schedule cannot be followed", path),
                replay_command_line(path) + " shows where it leaves the recording");
  const auto recorded = vm::recorded_histories(*machine);
  if (!options.history_file.empty()) {
    if (recorded.jsonl.empty())
      throw Error(ExitCode::usage, fmt::format("{}: the scenario records no history", path),
                  "lockstep.history.start makes one");
    for (size_t i = 0; i < recorded.jsonl.size(); i++)
      write_file("--history", numbered_file(options.history_file, i + 1), recorded.jsonl[i]);
  }
  if (!options.timeline.empty()) {
    if (recorded.picture.empty())
      throw Error(ExitCode::usage, fmt::format("{}: no check of a history failed", path));
    write_file("--timeline", options.timeline,
               history_page(traced.trace.scenario, {Json::parse(recorded.picture)}));
  }
  return ExitCode::ok;
}

}  // namespace

ExitCode dump_command(const Options& options) {
  const auto path = trace_argument(options);
  if (!options.history_file.empty() || !options.timeline.empty())
    return dump_history(options, path);
  if (!options.html.empty()) {
    if (options.format != "text")
      throw Error(ExitCode::usage, "--format has no effect beside --html: that writes HTML",
                  "leave one of them out");
    write_trace_page("--html", options.html, path, {});
    return ExitCode::ok;
  }
  auto trace = read_trace(path);
  if (options.format == "events") {
    put(event_lines(trace));
    return ExitCode::ok;
  }
  if (const auto export_as = find_export(options.format)) {
    put(export_as(trace));
    return ExitCode::ok;
  }
  auto all = options;
  all.slice = false;
  all.full = true;
  const auto reporter = make_reporter(all);
  FailureReport f;
  f.how = FailureReport::How::dumped;
  f.trace = std::move(trace);
  f.iteration = f.trace.iteration;
  f.path = path;
  put(reporter->begin({"dump", {path}}));
  put(reporter->failure(f));
  put(reporter->end({1, 1, 0, ExitCode::ok, false}));
  return ExitCode::ok;
}

}  // namespace lockstep::cli
