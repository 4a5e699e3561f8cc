// --report: collects what a run finds and writes the files when it is done, each whole or not at
// all.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/ci/ci_run.h"
#include "cli/settings/options.h"

namespace lockstep::cli {

class ReportFiles {
 public:
  // Throws Error(ExitCode::usage) if two are to go to one file.
  explicit ReportFiles(const Options& options);

  void broken(const BrokenFile& broken);
  void not_run(const std::string& path, int line, const std::string& name, const std::string& why);
  void failure(const FailureReport& failure);
  void scenario(const ScenarioReport& scenario);
  // Annotations go to standard error, which services read too. Throws Error(ExitCode::trace) for
  // the first file that cannot be written, when the others have been.
  void write(const SummaryReport& summary);

 private:
  CiCase& at(const std::string& path, int line, const std::string& name);

  const Options& options_;
  CiRun run_;
  std::map<std::pair<std::string, std::string>, size_t> index_;  // file, name
};

// What `--report` may say. Throws std::string, "must be ...".
void check_report(const std::string& text);

}  // namespace lockstep::cli
