#include "cli/report.h"

#include "engine/base/prng.h"

namespace lockstep::cli {

uint64_t iteration_seed(uint64_t seed, uint64_t iteration) {
  return stream_seed(seed, iteration, Stream::schedule);
}

std::unique_ptr<Reporter> make_reporter(const Options& options) {
  const ReportOptions report{output_style(options), options.slice, options.verbosity < 0,
                             options.races};
  return options.format == "ndjson" ? make_ndjson_reporter(report) : make_text_reporter(report);
}

}  // namespace lockstep::cli
