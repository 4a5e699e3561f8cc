// The names of what scenarios may require, for those who only read a scenario.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace lockstep::vm {

// Each module with its fields: "" is lockstep itself, "ets" is lockstep.ets.
const std::map<std::string, std::set<std::string>>& library_names();
// A part of the library that only the library requires: not to be proposed to anybody.
bool is_inner_module(std::string_view name);

}  // namespace lockstep::vm
