// A recorded failure run again: by its own program, or by one that may have been edited since.
#pragma once
#include <optional>

#include "cli/trace/traced.h"
#include "engine/contrast/fix.h"
#include "engine/trace/trace_replay.h"
#include "engine/walk/observed.h"

namespace lockstep::cli {

ReplayContext replay_context(const Settings& settings);

// The scenario of that name, or the only one, if it was renamed. Throws Error(ExitCode::usage).
const vm::ScenarioInfo& same_scenario(const vm::Program& program, const std::string& name);

struct Rerun {
  ReplayResult replay;
  std::optional<FixResult> fix;  // where the recorded steps alone did not fail
  Observed observed;             // of what is reported
};

// What a failure's report shows of states; nothing where nothing failed.
Observed look_at(System& machine, const Traced& traced, const Recording& recording);

// Decision by decision. Raises Error(ExitCode::interrupted) if it is cut off.
ReplayResult rerun_recorded(const Traced& traced, const StopToken& stop);

// On `program`. The steps first: if they fail, that is the answer. Else what decided the failure is
// kept instead. `traced` gets the options and the sources of `program`, whose words a report of its
// failure must quote.
Rerun rerun_on(Traced& traced, const vm::Program& program, const StopToken& stop);

}  // namespace lockstep::cli
