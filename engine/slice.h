// Happens-before over recorded events, and the causal slice of a failure: what the failing event depends on.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "engine/event.h"

namespace lockstep {

// For each event the indices of its immediate predecessors in happens-before: program order of its process, its causes
// (message, spawn, timer, exit), and the last conflicting accesses of the objects it touches. Ascending.
std::vector<std::vector<uint32_t>> happens_before(std::span<const Event> events);

// Indices of the events in the past cone of `target`, ascending, target included. Of a process that only waits (a
// server), only the steps that led to what the failure saw are kept. Empty if there are no events.
std::vector<uint32_t> causal_slice(std::span<const Event> events, uint32_t target);

}  // namespace lockstep
