// File-level state must not change while a scenario runs (D6): all processes share it, unseen. What
// loading left of it lies in pages that can only be read: the contents of tables and the values of
// variables. A write to them is a fault (fault.h), which ends the execution and names what was
// written; a table that would have to grow asks for memory in place of such pages; a metatable is
// refused where it is set. So no other process ever sees a change, and nothing is looked at in the
// hot path.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class FrozenState : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // A guest is about to change what all processes share: a table of the image, or (part of) what is
  // in one, or a variable. Ends the execution.
  [[noreturn]] void shared_write(const void* what);
  Outcome changed_outcome(std::string object) const;
  // `drop`: gives a block back that nothing refers to any more.
  void protect(const std::vector<void*>& tables, const std::vector<void*>& variables,
               const std::function<void(void*, size_t)>& drop);
  // The owner of the first difference between memory and image, or kNone. For what cannot be
  // protected, and should be the same by other means.
  uint32_t changed() const;
  std::string name(uint32_t owner, bool variable = false) const;
  // Of an iterator or a coroutine that file-level code has made and a variable or a table holds:
  // "'words' (parse.lua), "; empty if it is not known.
  std::string keeper_name(const void* object) const;
  void begin() { shared_written_ = false; }  // of an execution
  // After it: its outcome, if it changed file-level state.
  std::optional<Outcome> change() const;
  // From here on the line that does it is looked for, and is then the outcome's.
  void hunt(bool on);
  void on_line(lua_State* L);

  // What iterators of string.gmatch are. One that file-level code has made is not to be called.
  void know_iterators(lua_CFunction gmatch) { gmatch_ = gmatch; }
  void refuse_iterator(void* function);

  // Names are put together when somebody asks: "the file-level table 'config.list'".
  struct Owner {
    uint32_t parent;  // 0: none
    std::string step;
  };

 private:
  static constexpr uint32_t kUnnamed = 0;
  struct Block {
    uint32_t offset, size;  // within the arena
    uint32_t owner;
    bool variable;
  };
  struct Header {
    uint32_t offset;  // of a word that says where a table's contents or its metatable are
    uint32_t owner;
  };
  std::string path(uint32_t owner) const;
  std::string name_at(size_t offset) const;

  std::vector<Owner> owners_{{0, ""}};
  std::vector<Block> blocks_;                     // read only, ascending
  std::unordered_map<size_t, uint32_t> keepers_;  // by offset: owners
  std::vector<Header> headers_;
  std::vector<const void*> libraries_;
  bool shared_written_ = false;  // in the last execution, and so it was ended
  std::string last_line_;        // before which all was as loaded, while the line is hunted
  lua_CFunction gmatch_ = nullptr;
};

}  // namespace lockstep::vm
