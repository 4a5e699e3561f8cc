// File-level state must not change while a scenario runs (D6). What was reachable when loading
// ended is compared with the image after every execution; a difference is the scenario's mistake,
// and a second run finds the line.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vm/machine.h"

namespace lockstep::vm {

struct Machine::Frozen {
  struct Range {
    uint32_t offset, size;  // within the image
    uint32_t owner;         // index into names
  };
  std::vector<uint32_t> words;      // offsets of single words to compare
  std::vector<uint32_t> variables;  // of file-level locals: a value of a word, then a tag
  std::vector<Range> ranges;        // the larger pieces, ascending
  std::vector<Range> detail;        // the same, not joined
  std::vector<std::string>
      names;  // "local counter (scenario.lua)", "global config", "table string"
  std::vector<const void*> tables;
  // The owner of the first difference between memory and image, or kNone.
  uint32_t changed(const char* memory, const char* image) const;
};

}  // namespace lockstep::vm
