// lockstep diff: what tells two traces apart. Runs nothing.
#include "cli/report/diff.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/command/commands.h"
#include "cli/terminal/console.h"
#include "engine/base/error.h"

namespace lockstep::cli {

ExitCode diff_command(const Options& options) {
  if (options.args.size() != 2)
    throw Error(ExitCode::usage,
                fmt::format("two traces are needed, {} given", options.args.size()),
                "lockstep diff A.lockstep B.lockstep");
  const DiffReport report{options.args[0], options.args[1], read_trace(options.args[0]),
                          read_trace(options.args[1])};
  const TraceDiff diff = diff_traces(report.a, report.b);
  put(options.format == "ndjson" ? diff_json(report, diff)
                                 : diff_text(report, diff, output_style(options)));
  return diff.same ? ExitCode::ok : ExitCode::failure;
}

}  // namespace lockstep::cli
