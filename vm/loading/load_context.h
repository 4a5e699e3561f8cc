// What a machine is loaded from.
#pragma once
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "vm/loading/declared.h"
#include "vm/loading/search_path.h"
#include "vm/machine/source.h"

namespace lockstep::vm {

// Where the sources of a program come from, and what loading it found.
struct LoadContext {
  std::string folder;  // of the scenario's file; modules are looked for there if `disk`
  bool disk = false;
  std::vector<SourceFile>* files =
      nullptr;  // the scenario's file first; modules are added as they are read
  std::vector<ScenarioInfo>* scenarios = nullptr;      // added to as they are declared
  SearchPath search = {};                              // where to look after that folder if `disk`
  std::unordered_map<std::string, int> declared = {};  // the line of each scenario, by its name
  std::set<std::string> begun = {};  // modules whose code has been run, or runs now
  int periods = 0;                   // of instructions that file-level code has run
};

}  // namespace lockstep::vm
