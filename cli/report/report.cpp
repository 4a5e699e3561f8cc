#include "cli/report/report.h"

#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"
#include "engine/base/prng.h"

namespace lockstep::cli {

uint64_t iteration_seed(uint64_t seed, uint64_t iteration) {
  return stream_seed(seed, iteration, Stream::schedule);
}

const char* stop_name(StopReason stop) {
  switch (stop) {
    case StopReason::iterations:
      return "iterations";
    case StopReason::time:
      return "time";
    case StopReason::failures:
      return "failures";
    case StopReason::exhausted:
      return "exhausted";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::misuse:
      return "misuse";
    case StopReason::unordered:
      return "unordered";
    case StopReason::memory:
      return "memory";
  }
  return "?";
}

const char* state_name(RememberedReport::State state) {
  switch (state) {
    case RememberedReport::still_fails:
      return "still fails";
    case RememberedReport::fixed:
      return "fixed";
    case RememberedReport::cannot_tell:
      return "cannot tell";
  }
  return "?";
}

std::string Reporter::remembered(const RememberedReport& r) {
  return one_line(fmt::format("{}: remembered: {}{}{}: {}", r.scenario, state_name(r.state),
                              r.otherwise ? ", otherwise" : "", r.known ? ", in the baseline" : "",
                              r.signature)) +
         "\n" + (r.reason.empty() ? "" : fmt::format("  {}\n", reason_shown(r.reason))) +
         fmt::format("  {}\n\n", one_line(r.path));
}

std::string Reporter::known(const FailureReport& f) {
  return one_line(fmt::format("{}: known failure, in the baseline: {}", f.trace.scenario,
                              f.shown().outcome.signature())) +
         "\n" + (f.shown_path().empty() ? "" : fmt::format("  {}\n", f.shown_path())) + "\n";
}

std::unique_ptr<Reporter> make_reporter(const Options& options) {
  const ReportOptions report{output_style(options), options.slice, options.verbosity < 0,
                             options.races, options.full};
  return options.format == "ndjson" ? make_ndjson_reporter(report) : make_text_reporter(report);
}

}  // namespace lockstep::cli
