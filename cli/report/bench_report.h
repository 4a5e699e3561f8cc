// What `lockstep bench` found, in words: how many executions each strategy needs to the first
// failure of each scenario.
#pragma once
#include <string>
#include <vector>

#include "cli/settings/options.h"
#include "cli/terminal/console.h"
#include "engine/explore/bake_off.h"

namespace lockstep::cli {

// One scenario's figures; `contestants` in the order of `strategies`.
struct BenchProgram {
  std::string file, name;
  BakeOff result;
};

struct BenchReport {
  uint64_t first_seed = 1, trials = 0, cap = 0, coverage = 0;
  std::vector<BenchStrategy> strategies;
  std::vector<BenchProgram> programs;
};

// Of one strategy over all programs in which some strategy found a failure.
struct BenchSuite {
  uint64_t programs = 0;      // with a failure
  uint64_t always = 0;        // of these: found in every trial
  double found = 0;           // mean number found in a trial
  double geometric_mean = 0;  // of the restricted means
  double worst = 0;           // greatest restricted mean ...
  std::string worst_program;  // ... and whose it is
};
BenchSuite bench_suite(const BenchReport& report, size_t strategy);

// Text that does not change from run to run, but for lines that begin with "  rate:".
std::string bench_program_text(const BenchReport& report, const BenchProgram& program,
                               const Style& style);
std::string bench_suite_text(const BenchReport& report, const Style& style);
// A table of means, programs down, strategies across, as papers print it.
std::string bench_markdown(const BenchReport& report);
std::string bench_program_ndjson(const BenchReport& report, const BenchProgram& program);
std::string bench_suite_ndjson(const BenchReport& report);

}  // namespace lockstep::cli
