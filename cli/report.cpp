#include "cli/report.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/prng.h"

namespace lockstep::cli {

uint64_t iteration_seed(uint64_t seed, uint64_t iteration) {
  return stream_seed(seed, iteration, Stream::schedule);
}

double excluded_rate(uint64_t executions) {
  return executions == 0 ? 1 : 1 - std::pow(0.05, 1 / static_cast<double>(executions));
}

double unseen_share(const ExploreResult& result) {
  return result.classes_sampled == 0 ? 1
                                     : static_cast<double>(result.classes_once) /
                                           static_cast<double>(result.classes_sampled);
}

std::unique_ptr<Reporter> make_reporter(const Options& options) {
  const ReportOptions report{output_style(options), options.slice, options.verbosity < 0};
  return options.format == "ndjson" ? make_ndjson_reporter(report) : make_text_reporter(report);
}

}  // namespace lockstep::cli
