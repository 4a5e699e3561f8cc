// lockstep check-history: verdicts on recorded histories, with reasons.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace lockstep::cli {

struct CheckHistoryOptions {
  std::vector<std::string> files;          // "-" is standard input
  std::string model;                       // empty: inferred from the operations
  std::string consistency;                 // empty: linearizable
  bool strongest = false;                  // name the strongest properties instead
  unsigned jobs = 1;                       // 0: one a core
  double seconds = 0;                      // for each file; 0: no limit
  uint64_t bytes_max = uint64_t{2} << 30;  // of the whole process
  std::string html;                        // a page about the first invalid history
  std::string format = "text";             // or "ndjson"
  bool explain = true;
  bool timing = false;
  std::vector<std::string> ignored;  // fields of events to pass over
};

// 0 all valid, 1 one is not, 3 one is malformed, 5 a budget ended; 3 before 1 before 5. A page that
// cannot be written is said on `err`; the code is that of the verdict it was to be about.
// Throws Error (usage) for an unknown model or property.
ExitCode check_history(const CheckHistoryOptions& options, std::FILE* out, std::FILE* err);

}  // namespace lockstep::cli
