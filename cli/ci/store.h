// Failures that were found before, as traces in a folder that a team commits or caches:
// FOLDER/PATH-OF-SCENARIO-FILE/CONTENT.lockstep, where CONTENT is a digest of the file's bytes. So
// what is the same is there once, whoever wrote it, and two branches that add to it do not
// conflict.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/trace/trace.h"

namespace lockstep::cli {

struct StoredFailure {
  std::string path;
  std::string fingerprint;  // with the sources that the trace holds
  Trace trace;
};

class FailureStore {
 public:
  explicit FailureStore(std::string folder) : folder_(std::move(folder)) {}

  // Throws Error(ExitCode::usage) if something that is no folder is in its place.
  void check() const;
  // Of a scenario file, named from the repository's root; by path. What cannot be read, or is not
  // what its name says, is put among `damaged` and left alone.
  std::vector<StoredFailure> of(const std::string& file, std::vector<Error>* damaged) const;
  // Scenario files that entries are of, from the root.
  std::vector<std::string> files() const;
  // Its path. Throws Error(ExitCode::trace).
  std::string add(const std::string& file, const Trace& trace) const;
  void remove(const StoredFailure& entry) const;

 private:
  std::string folder_of(const std::string& file) const;
  std::string folder_;
};

}  // namespace lockstep::cli
