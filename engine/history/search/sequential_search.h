// The search for a total order that obeys the object and the order of each process.
#pragma once
#include <vector>

#include "engine/history/search/linearizable.h"

namespace lockstep::history {

// For some operations of a history (by invocation).
Result search_sequential(const History& history, ModelId model, const std::vector<Op>& ops,
                         const Budget& budget);
Result search_sequential(const History& history, Model& model, const Budget& budget);

}  // namespace lockstep::history
