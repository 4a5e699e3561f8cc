// Who cannot go on at the end of an execution, for what it waits, and what became of that.
#pragma once
#include <vector>

#include "cli/fold/folded.h"

namespace lockstep::cli {

// Of a deadlock, or a liveness failure whose last state is known.
std::vector<Waiting> who_waits(const Trace& trace, const Observed* observed);

std::vector<Unread> what_is_unread(const Trace& trace, const Observed& observed);

}  // namespace lockstep::cli
