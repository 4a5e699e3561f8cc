// Whose code runs just now: a process's, that of a matcher or a predicate in its name, a model's,
// or what is at file level.
#pragma once
#include <string>
#include <utility>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Guest : public MachinePart {
 public:
  using MachinePart::MachinePart;
  void begin() {  // of an execution, also where it goes on from a mark
    computing_ = misused_ = false;
    asked_ = nullptr;
    looking_ = nullptr;
  }

  Process& self() { return *world_->current; }
  // The coroutine in which guest code runs just now, and for whom; null if none does.
  lua_State* state() const;
  const Process* process() const;
  bool may_run() const;  // guest code may be under way, on whatever stack
  // Of a process's coroutines the one that runs; null: its first one.
  lua_State*& coroutine() { return world_->current ? world_->current->running : file_level_; }

  // ---- file level ----
  // The coroutine that runs guest code at file level, null if none does.
  bool at_file_level() const { return file_level_ != nullptr; }
  void run_file_level(lua_State* L) { file_level_ = L; }

  // ---- matchers, predicates and models, which may only look ----
  // The process whose matcher is being called on the stack aside, null if none is.
  void look_for(const Process* receiver) { looking_ = receiver; }
  // The property whose predicate is being evaluated, null if none is.
  const Property* asked() const { return asked_; }
  void ask(const Property* property) { asked_ = property; }
  // The matcher that ran last has tried to perform an operation.
  bool misused() const { return misused_; }
  void misused(bool yes) { misused_ = yes; }
  bool in_matcher() const { return (slow_ & kSlowMatcher) != 0; }
  // While a model of the scenario's computes states: it may not perform operations, and what would
  // end the execution raises an error first, so that the check can put its own memory away.
  bool computing() const { return computing_; }
  void compute(bool on) {
    computing_ = on;
    slow_ = on ? slow_ | kSlowMatcher : slow_ & ~static_cast<uint32_t>(kSlowMatcher);
  }
  // A matcher or a predicate has kept something, so how often it was asked, and when, is seen, and
  // no footprint says so. `what` is for people.
  void keeps(std::string what) {
    world_->kept = true;
    kept_ = std::move(what);
  }
  const char* kept() const { return world_->kept ? kept_.c_str() : nullptr; }

 private:
  lua_State* file_level_ = nullptr;
  const Property* asked_ = nullptr;
  const Process* looking_ = nullptr;
  bool computing_ = false, misused_ = false;
  std::string kept_;
};

}  // namespace lockstep::vm
