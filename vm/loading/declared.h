// What a program declares, and that it cannot be loaded.
#pragma once
#include <map>
#include <string>

#include "engine/base/error.h"

namespace lockstep::vm {

// One lockstep.scenario(name, options, body).
struct ScenarioInfo {
  std::string name;
  std::string file;
  int line = 0;
  std::map<std::string, std::string> options;  // as written in the file, snake_case, values as text
};

// Thrown where MachineOptions::stop asked for it before the file was loaded: ExitCode::interrupted,
// or ExitCode::incomplete if the time is up.
class LoadingStopped : public Error {
 public:
  using Error::Error;
};

// A file that declares no scenario: ExitCode::scenario. In a folder it is a helper of others.
class NoScenario : public Error {
 public:
  using Error::Error;
};

}  // namespace lockstep::vm
