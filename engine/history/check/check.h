// The one door: does a history satisfy a property? What the command line and the Lua binding call.
//
//   History history = read_history(text, name);           // or History::add, event by event
//   Result result = check(history, ModelId::queue, Consistency::linearizable, Budget::seconds(10));
//   if (result.verdict == Verdict::invalid) { ... explain(history, ...) (explain.h) ... }
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engine/history/search/linearizable.h"

namespace lockstep::history {

enum class Consistency : uint8_t {
  linearizable,
  sequential,
  causal_cc,
  causal_cm,
  causal_ccv,
  causal_projection,
  read_committed,
  read_atomic,
  causal_txn,
  prefix,
  snapshot_isolation,
  serializable,
  strict_serializable,
};
inline constexpr int kConsistencyCount = 13;
std::string_view consistency_name(Consistency consistency);
std::optional<Consistency> find_consistency(std::string_view name);  // "causal" is causal-cm

// Whether the property is defined for the model. linearizable is, for transactions too
// (strict-serializable).
bool applies(ModelId model, Consistency consistency);

// Throws ModelError for operations that the model or the property does not know. A valid result
// with an order has been verified (verify.h); one that does not stand up is an internal error.
Result check(const History& history, ModelId model, Consistency consistency,
             const Budget& budget = {});
// A model of the user's: linearizable or sequential.
Result check(const History& history, Model& model, Consistency consistency,
             const Budget& budget = {});

// The independent check of a valid result: what is wrong, or an empty string.
std::string verify(const History& history, ModelId model, Consistency consistency,
                   const Result& result);

// The strongest properties that hold, strongest first: none of them is implied by another one that
// holds. `broken`: the weakest ones above them, with the result that refutes each.
struct Strongest {
  std::vector<Consistency> holds;
  std::vector<std::pair<Consistency, Result>> broken;
  std::vector<Consistency> unknown;  // the budget ended first: each may hold or not
};
Strongest strongest(const History& history, ModelId model, const Budget& budget = {});

// Whether the history is one that `partition` may split: checks of the whole and of the parts agree
// on up to `samples` of its sub-histories. Empty, or what differs. For models that declare a
// partition.
std::string test_partition(const History& history, Model& model, int samples = 50);

// The same for `readonly` and `commutes`, in the states that orders of the history reach.
std::string test_declarations(const History& history, Model& model, int samples = 50);

}  // namespace lockstep::history
