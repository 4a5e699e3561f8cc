// Assertions of the numbered invariants that stand at the heads of files, where they cost too much
// for users: in every build but release, and in release while somebody asks for them (`--check`).
// What costs nothing is asserted always (LOCKSTEP_ASSERT).
#pragma once
#include <atomic>

#include "engine/base/error.h"

namespace lockstep {

#ifdef NDEBUG
inline std::atomic<bool> checks_asked{false};
#else
inline std::atomic<bool> checks_asked{true};
#endif

inline bool checks_on() { return checks_asked.load(std::memory_order_relaxed); }

}  // namespace lockstep

#define LOCKSTEP_CHECK(cond) \
  (!::lockstep::checks_on() ? static_cast<void>(0) : LOCKSTEP_ASSERT(cond))
