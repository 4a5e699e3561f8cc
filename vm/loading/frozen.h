// File-level state must not change while a scenario runs (D6): all processes share it, unseen. What
// loading left of it lies in pages that can only be read: the contents of tables and the values of
// variables. A write to them is a fault (fault.h), which ends the execution and names what was
// written; a table that would have to grow asks for memory in place of such pages; a metatable is
// refused where it is set. So no other process ever sees a change, and nothing is looked at in the
// hot path.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vm/machine/machine.h"

namespace lockstep::vm {

struct Machine::Frozen {
  static constexpr uint32_t kUnnamed = 0;
  // Names are put together when somebody asks: "the file-level table 'config.list'".
  struct Owner {
    uint32_t parent;  // 0: none
    std::string step;
  };
  struct Block {
    uint32_t offset, size;  // within the arena
    uint32_t owner;
    bool variable;
  };
  struct Header {
    uint32_t offset;  // of a word that says where a table's contents or its metatable are
    uint32_t owner;
  };
  std::vector<Owner> owners{{0, ""}};
  std::vector<Block> blocks;  // read only, ascending
  std::vector<Header> headers;

  std::string path(uint32_t owner) const;
  std::string name(uint32_t owner, bool variable) const;
  std::string name_at(size_t offset) const;
  // The owner of the first difference between memory and image, or kNone. For what cannot be
  // protected, and should be the same by other means.
  uint32_t changed(const char* memory, const char* image) const;
};

}  // namespace lockstep::vm
