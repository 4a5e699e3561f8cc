// A scenario file with the modules it requires, as text. Loaded into a Machine once for each
// worker.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "vm/loading/declared.h"
#include "vm/machine/options.h"
#include "vm/machine/source.h"

namespace lockstep::vm {

class Program {
 public:
  // Reads the file and runs it once, which finds its modules and scenarios. Errors: ExitCode::usage
  // if the file is missing; ExitCode::scenario for syntax and load errors, with file and line, and
  // for a file without one (NoScenario); LoadingStopped. `search`: where modules and sources are
  // looked for that are not beside the file: folders, or templates with a ? as package.path has
  // them, each entry several of these apart by semicolons.
  static Program from_file(const std::string& path, const StopToken* stop = nullptr,
                           const std::vector<std::string>& search = {});
  // From a trace: nothing is read from disk. The first file is the scenario's.
  static Program from_sources(std::vector<SourceFile> files, const StopToken* stop = nullptr);

  const std::string& path() const { return path_; }                // as given, for messages
  const std::vector<SourceFile>& files() const { return files_; }  // the scenario's file first
  const std::vector<ScenarioInfo>& scenarios() const { return scenarios_; }

 private:
  std::string path_;
  std::vector<SourceFile> files_;
  std::vector<ScenarioInfo> scenarios_;
};

// A machine ready to run one scenario of a program. Throws Error(ExitCode::scenario) if loading
// fails.
std::unique_ptr<System> make_machine(const Program& program, const std::string& scenario,
                                     const MachineOptions& options);

// Of the Lua interpreter; stored in traces. Runs the start-up self-test; Error(ExitCode::internal)
// if the seed could not be pinned or Lua's objects are not laid out as we know them.
uint64_t lua_fingerprint();

}  // namespace lockstep::vm
