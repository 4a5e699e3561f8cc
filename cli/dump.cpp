// lockstep dump: what a trace holds. Runs nothing, so it also reads traces that this build could
// not replay.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/report.h"

namespace lockstep::cli {
namespace {

// One event a line, fields apart by tabs, in a fixed order: for grep, cut and diff.
std::string event_lines(const Trace& trace) {
  std::string out;
  for (const auto& e : trace.events) {
    auto line = fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", e.step, e.what, e.who, e.target,
                            e.args, e.result, e.change, e.site);
    out += line;
  }
  return out;
}

}  // namespace

ExitCode dump_command(const Options& options) {
  const auto path = trace_argument(options);
  auto trace = read_trace(path);
  if (options.format == "events") {
    put(event_lines(trace));
    return ExitCode::ok;
  }
  auto all = options;
  all.slice = false;
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
