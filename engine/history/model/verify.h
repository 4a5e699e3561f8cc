// The independent checker of answers: is this a linearization? Shares nothing with the searches but
// the history itself: it decodes operations on its own and simulates the object naively.
#pragma once
#include <string>
#include <vector>

#include "engine/history/model/model.h"

namespace lockstep::history {

// `order`: indices of operations, all that are ok and any that are not, each once. `program_order`:
// respect the order of each process instead of real time (sequential consistency).
// Returns what is wrong, or an empty string.
std::string verify_order(const History& history, ModelId model, const std::vector<int32_t>& order,
                         bool program_order = false);
std::string verify_order(const History& history, Model& model, const std::vector<int32_t>& order,
                         bool program_order = false);

}  // namespace lockstep::history
