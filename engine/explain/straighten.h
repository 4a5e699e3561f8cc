// A failing execution told without detours: the same orders of all that conflicts, but with as few
// switches between processes as these leave, and without the steps that the failure does not come
// after.
//
// The fewest deviations from the default scheduler are found by shrink.h; the default scheduler
// goes on with a process as long as it can, also where nothing depends on that. Of an execution's
// linearisations the one with the fewest switches is looked for breadth first (each process runs as
// far as happens-before lets it, which never costs a switch); beyond some thousand states the best
// found by always taking the process that comes furthest. What came of it is executed, and counts
// only if it fails in the same way.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/trace/deviation.h"
#include "engine/trace/recording.h"

namespace lockstep {

struct Straightened {
  bool better = false;  // fewer switches, or as many and fewer steps
  ShrinkSize size;      // of `decisions`
  std::vector<Decision> decisions;
  // The same steps up to the last but one, then what was left out, then the last: for who asks what
  // of all that happened decides the failure. As `decisions` where nothing was left out.
  std::vector<Decision> whole;
  uint64_t attempts = 0;  // executions
};

// `failing` as record_schedule() gives it, `size` as encode_schedule() does.
Straightened straighten(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                        const ShrinkSize& size);

}  // namespace lockstep
