// A run as CI services want to be told of it, when all has been done. Each format is a pure
// function of it; what a format gives a meaning of its own is escaped, so that no name or value of
// a scenario says anything but itself.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cli/ci/place.h"
#include "cli/report/report.h"

namespace lockstep::cli {

struct CiFailure {
  std::string verdict, signature, reason, fingerprint;
  Place place;                       // where it failed
  std::string path;                  // of the scenario file, as it was named
  std::string text;                  // the report for people
  std::vector<std::string> decides;  // "it fails exactly when ..."
  std::string trace_path, replay;    // empty if no trace was written
  uint64_t iteration = 0;
  bool known = false;
  Trace trace;  // the steps
};

struct CiCase {
  enum State : uint8_t { passed, known, failed, incomplete, not_run, broken } state = not_run;
  std::string file;  // from the repository's root
  int line = 1;
  std::string name;     // of the scenario; empty for a broken file
  std::string message;  // one line: why it is incomplete, broken, not run; or what was done
  std::string strategy;
  uint64_t seed = 0, iterations = 0;
  double seconds = 0;
  std::vector<CiFailure> failures;
};

struct CiRun {
  std::string command, root;
  std::vector<CiCase> cases;
  bool baseline = false;  // there is one, so that failures are new or known
  ExitCode exit = ExitCode::ok;
  uint64_t count(CiCase::State state) const {
    uint64_t n = 0;
    for (const auto& c : cases) n += c.state == state;
    return n;
  }
};

const char* state_name(CiCase::State state);  // "not run"

std::string junit_report(const CiRun& run);  // as GoogleTest and bats write it: no official schema
std::string sarif_report(const CiRun& run);  // SARIF 2.1.0 (OASIS, 2020)
std::string tap_report(const CiRun& run);    // TAP 13
std::string markdown_report(const CiRun& run);  // GitHub's, for a step's summary
std::string github_report(const CiRun& run);    // workflow commands: annotations

}  // namespace lockstep::cli
