// How many executions each strategy needs to its first failure, over many seeds, and how much of
// the space of classes it sees.
#pragma once
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/explore/explorer.h"
#include "engine/explore/first_failure.h"

namespace lockstep {

struct BakeOffOptions {
  // One contestant each; seed, iterations, workers, max_failures and count_classes are set here.
  std::vector<ExploreOptions> contestants;
  uint64_t first_seed = 1;
  uint64_t trials = 20;      // seeds first_seed, first_seed + 1, ...
  uint64_t cap = 10000;      // executions of a trial; the pilot is one of them
  uint64_t coverage = 1000;  // executions that go on after failures, to count classes; 0: none
  unsigned workers = 1;      // trials run side by side; the counts do not depend on it
  const std::atomic<bool>* interrupted = nullptr;
};

// Of one run over failures with the first seed.
struct Coverage {
  uint64_t executions = 0;
  uint64_t classes = 0, once = 0;  // seen at all, seen exactly once
  std::optional<double> unseen;    // Good-Turing; none if the executions teach one another
  double seconds = 0;              // processor time of the same executions without fingerprints
};

struct Contestant {
  std::vector<Trial> trials;  // in the order of the seeds; those that were finished
  std::map<std::string, uint64_t> signatures;  // of the failures found, with the number of trials
  FirstFailure first;
  std::optional<Coverage> coverage;
};

struct BakeOff {
  std::vector<Contestant> contestants;  // as asked for
  bool interrupted = false;
  std::optional<Outcome> misuse;  // the scenario cannot be measured: exit code 3
};

struct BakeOffProgress {
  uint64_t done = 0, all = 0;  // trials and coverage runs
};

// `progress` is called on the calling thread. Throws what the factory throws.
BakeOff bake_off(const SystemFactory& factory, const BakeOffOptions& options,
                 const std::function<void(const BakeOffProgress&)>& progress = {});

}  // namespace lockstep
