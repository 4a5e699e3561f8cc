#include "engine/history/search/sequential.h"

#include "engine/history/search/causal.h"
#include "engine/history/search/sequential_search.h"

namespace lockstep::history {
namespace {

constexpr size_t kPatternOperationsMax = 5000;  // the patterns take quadratic space

// Sequential consistency implies both; where they are defined they refute most bad histories of
// registers at once, and in words. Invalid, or unknown.
Result refute_by_patterns(const History& history, ModelId model, const Budget& budget) {
  bool registers = model == ModelId::register_ || model == ModelId::cas_register ||
                   model == ModelId::multi_register;
  if (!registers || history.operations().size() > kPatternOperationsMax) return {};
  try {
    for (Causal kind : {Causal::ccv, Causal::cm}) {
      Result result = check_causal(history, model, kind, budget);
      if (result.verdict == Verdict::invalid) return result;
    }
  } catch (const ModelError&) {
    // A value written twice, a compare-and-set: not defined here.
  }
  return {};
}

}  // namespace

Result check_sequential(const History& history, ModelId model, const Budget& budget) {
  if (Result refuted = refute_by_patterns(history, model, budget);
      refuted.verdict == Verdict::invalid) {
    refuted.part.clear();  // of the pattern; the history fails as a whole
    return refuted;
  }
  return search_sequential(history, model, decode(history, model), budget);
}

Result check_sequential(const History& history, Model& model, const Budget& budget) {
  return search_sequential(history, model, budget);
}

}  // namespace lockstep::history
