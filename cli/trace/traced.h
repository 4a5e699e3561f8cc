// A trace read from disk with the program inside it, ready to run again.
#pragma once
#include <memory>
#include <string>

#include "cli/settings/settings.h"
#include "engine/trace/trace.h"
#include "vm/system/program.h"

namespace lockstep::cli {

struct Traced {
  std::string path;
  Trace trace;
  Settings settings;
  vm::Program program;

  // `stop` must outlive it.
  std::unique_ptr<System> machine(const StopToken& stop) const;
};

// Raises Error(ExitCode::interrupted) if its last execution was cut off.
void check_not_cut(const System& machine, const std::string& path);

Traced read_traced(const std::string& path);
// Of what was read already. Throws Error like read_traced.
Traced make_traced(Trace trace, const std::string& path, const StopToken& stop);

}  // namespace lockstep::cli
