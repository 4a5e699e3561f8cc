// The names of what scenarios may require, for those who only read a scenario.
#pragma once
#include <map>
#include <set>
#include <string>

#include "vm/sandbox/inner_module.h"

namespace lockstep::vm {

// Each module with its fields: "" is lockstep itself, "ets" is lockstep.ets.
const std::map<std::string, std::set<std::string>>& library_names();

}  // namespace lockstep::vm
