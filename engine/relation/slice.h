// Happens-before over recorded events, and the causal slice of a failure: what the failing event
// depends on.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/boundary/event.h"

namespace lockstep {

// For each event the indices of its immediate predecessors in happens-before: program order of its
// process, its causes (message, spawn, timer, exit), and the last conflicting accesses of the
// objects it touches. Ascending. `global`: whether what conflicts with everything (a node that
// stops) is ordered with everything; else only with what it meets in an object.
std::vector<std::vector<uint32_t>> happens_before(std::span<const Event> events,
                                                  bool global = true);

// Indices of the events that the one at `target` depends on, ascending, target included: what it
// read and who wrote that, the messages taken and who sent them, what each process had to do
// before. Dynamic slicing of concurrent programs as in Lanese and Vidal, "Causal-Consistent Replay
// Debugging for Message Passing Programs" (2021), at the grain of D2. Left out, beyond what lies
// outside the past cone: sends, yields and the like of which nothing in the slice saw the effect (a
// server's replies to others), and that a message came to a mailbox after another. Kept to be safe:
// every message that a process in the slice took before, since what it did with it may live on in
// its variables. That nothing came rests on all that may have kept it from coming: ends by a signal
// or a fault, messages that were lost, nodes that were stopped or cut off. Empty if there are no
// events.
std::vector<uint32_t> causal_slice(std::span<const Event> events, uint32_t target);

}  // namespace lockstep
