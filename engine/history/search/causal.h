// Causal consistency of read/write registers in which no value is written twice to a key, by the
// bad patterns of Bouajjani, Enea, Guerraoui and Hamza, "On verifying causal consistency" (POPL
// 2017).
#pragma once
#include "engine/history/search/linearizable.h"

namespace lockstep::history {

enum class Causal : uint8_t { cc, cm, ccv, projection };

// Throws ModelError for a history these properties are not defined for (a value written twice, null
// written, a compare-and-set). There is no order to return for a valid one.
Result check_causal(const History& history, ModelId model, Causal kind, const Budget& budget = {});

}  // namespace lockstep::history
