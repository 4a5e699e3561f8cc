// What a machine's last execution recorded of operations, for the command line.
#pragma once
#include <string>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep::vm {

// The check that ended a recorded execution, for those who want to see more of it.
struct RecordedCheck {
  std::string model, property;
  std::string picture;  // engine/history/check/picture.h
};

struct RecordedHistories {
  std::vector<std::string> jsonl;  // one for each history, in the order they were started
  std::string model, property;     // of the check that ended the execution, or empty
  std::string picture;             // of that check, as JSON; only if the execution was recorded
};

// `system` is one that make_machine made.
RecordedHistories recorded_histories(const System& system);

}  // namespace lockstep::vm
