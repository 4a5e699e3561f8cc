// Places in the guest's code, as strategies know them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "vm/machine/machine.h"

namespace lockstep::vm {

struct Machine::Sites {
  std::map<std::pair<uint64_t, const char*>, uint32_t> by_place;  // (place in the arena, call)
  std::vector<std::string> names{""};
  std::map<uint32_t, uint32_t> by_id;  // digest of the name → index in names
};

}  // namespace lockstep::vm
