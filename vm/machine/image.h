// What loading left, to be copied back before each execution, and what of it can change.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::vm {

struct Image {
  std::vector<char> bytes;
  const void* const* string_table = nullptr;  // in the arena: what it points to moves if it grows

  // What an execution without garbage collection may change: all but strings, functions and their
  // code, and what check_frozen() has just compared. A restart after such an execution copies only
  // this.
  struct Piece {
    uint32_t offset, size;
  };
  std::vector<Piece> changing;
  // The chains of short strings: changed if there are more strings, and only then.
  Piece chains{};
  // What all processes share and none may change: whole pages that can only be read, and so are
  // left alone by restarts.
  Piece shared{};

  // What the program's text may do, read before anything runs.
  struct Text {
    bool may_go_round = false;    // it has loops
    bool may_crash = false;       // it may declare faults
    bool may_set_timers = false;  // which end with whom they are for
    bool may_owe = false;         // it may say that something has to happen
    bool may_have_nodes = false;  // other than the root's
  };
  Text text;
  int body_ref = 0;  // of the scenario, in Lua's registry

  // Is it in `shared`, which begins at that place in the arena's memory?
  bool is_shared(const char* base, const void* p) const {
    return static_cast<size_t>(static_cast<const char*>(p) - base) - shared.offset < shared.size;
  }

  const char* data() const { return bytes.data(); }
  size_t size() const { return bytes.size(); }
};

}  // namespace lockstep::vm
