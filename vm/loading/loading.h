// From source text to the image of a machine: what runs once, before any execution.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vm/loading/load_context.h"
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Loading : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Throws Error for what is wrong with the program. An empty scenario name only loads.
  void load(LoadContext& context, const std::string& scenario);
  uint64_t fingerprint();  // of what lua_fingerprint() loads

 private:
  void run_file_level(const std::function<void()>& what);
  void freeze();
  void find_mutable();

  std::map<char*, Memory::Block> blocks_;  // there when a program had been loaded
};

}  // namespace lockstep::vm
