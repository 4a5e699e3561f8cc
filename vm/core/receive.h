// Selective receive, as guests call it.
#pragma once
#include "vm/machine/machine.h"

namespace lockstep::vm {

// With the caller's matcher; pushes the message, or nil and "timeout". For a predicate the matcher
// is at index 1 of L's stack; for a pattern Process::pattern holds it.
int receive(lua_State* L, Machine& m, Process& p, const char* what, Wait wait, int64_t timeout_ms);

}  // namespace lockstep::vm
