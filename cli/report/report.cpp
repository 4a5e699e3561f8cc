#include "cli/report/report.h"

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

std::unique_ptr<Reporter> make_reporter(const Options& options) {
  const ReportOptions report{output_style(options), options.slice, options.verbosity < 0,
                             options.races};
  return options.format == "ndjson" ? make_ndjson_reporter(report) : make_text_reporter(report);
}

}  // namespace lockstep::cli
