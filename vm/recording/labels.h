// Names for people.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vm/machine/source.h"

namespace lockstep::vm {

// Adds the names of the functions that the files define, by file and line.
void name_functions(const std::vector<SourceFile>& files,
                    std::map<std::pair<std::string, int>, std::string>& names);

}  // namespace lockstep::vm
