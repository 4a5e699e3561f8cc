// --checkpoint: the file in which a proof survives the process that makes it.
#pragma once
#include <optional>
#include <string>

#include "cli/search/identity.h"
#include "engine/explore/exploration_data.h"
#include "engine/explore/saved_search.h"

namespace lockstep::cli {

class CheckpointFile {
 public:
  explicit CheckpointFile(std::string path);  // empty: there is none
  // Throws Error(ExitCode::trace): it is there, and cannot be read or is damaged.
  void read();
  explicit operator bool() const { return !path_.empty(); }

  // The search found that waits poll mailboxes (ScenarioExplorer::explore), and went on as one that
  // knows.
  bool polls() const { return saved_.polls && !saved_.body.empty(); }
  // To go on from what is there, and to write what comes. Throws Error(ExitCode::usage): it is of
  // another search.
  Checkpoints begin(const Identity& id, bool polls);
  void finish(const ExploreResult& result,
              bool interrupted);  // it is not needed any more, or it is
  const std::optional<Error>& error() const { return error_; }

 private:
  void write(const std::string& body);

  std::string path_;
  SavedSearch saved_;
  bool there_ = false;
  std::optional<Error> error_;
};

}  // namespace lockstep::cli
