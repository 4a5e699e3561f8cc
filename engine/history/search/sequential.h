// Sequential consistency: some total order of the operations obeys the object and the order of each
// process. Not local: keys are never split.
#pragma once
#include "engine/history/search/linearizable.h"

namespace lockstep::history {

Result check_sequential(const History& history, ModelId model, const Budget& budget = {});
Result check_sequential(const History& history, Model& model, const Budget& budget = {});

}  // namespace lockstep::history
