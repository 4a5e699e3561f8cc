// While a predicate is asked: what it may do, and what it may see.
#pragma once
#include <string>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

// Containers of ObjectClass::user that stand for what predicates see, and for temporal monitors.
inline constexpr uint32_t kWatchedContainer = 0xfffffe, kTemporalContainer = 0xfffffd;
// What predicates may see shares this object, that a reduction tries both orders of such writes.
constexpr ObjectId watched_object() { return make_object(ObjectClass::user, kWatchedContainer); }

class Peek : public MachinePart {
 public:
  using MachinePart::MachinePart;
  void begin() { misuse_.clear(); }  // of an execution that goes on from nowhere

  // Called where no process runs: at file level, or by a predicate.
  Process& nobody_runs(lua_State* L, const char* what);
  [[noreturn]] void refuse(lua_State* L, const char* what);
  // What the predicate that ran last did that it may not, and where; empty if it did not.
  const std::string& misuse() const { return misuse_; }
  const std::string& site() const { return site_; }
  // What predicates may see of an operation is written under watched_object(), too; false if that
  // cannot be said, or need not.
  bool mark_watched(Operation& op);

 private:
  std::string misuse_, site_;
};

}  // namespace lockstep::vm
