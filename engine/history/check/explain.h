// Why a history does not satisfy a property: the shortest prefix that fails, the longest
// linearization of it, what cannot come next and why, and a minimal core that fails by itself.
#pragma once
#include <string>
#include <vector>

#include "engine/history/check/check.h"
#include "engine/history/check/explanation.h"

namespace lockstep::history {

// `result` must be the invalid one that check gave. `budget` bounds the effort, not the soundness:
// with less of it the core is larger.
Explanation explain(const History& history, ModelId model, Consistency consistency,
                    const Result& result, const Budget& budget = {});

Explanation explain(const History& history, Model& model, Consistency consistency,
                    const Result& result, const Budget& budget = {});

// Parts of Explanation::text that all kinds of models share. "Up to line 12 there is no order",
// and whether there was one before (`sharp`); empty without a failing operation.
std::string failing_text(const History& history, const Explanation& explanation, bool sharp);
// What refuses to come next, and the operations that fail by themselves.
std::string core_text(const History& history, const Explanation& explanation);

std::string timeline_text(const History& history, const std::vector<int32_t>& ops);

// Why `op` is not possible after `order`, in words; empty if it is. Knows all models that are not
// transactional.
std::string refusal(const History& history, ModelId model, const std::vector<int32_t>& order,
                    int32_t op);

}  // namespace lockstep::history
