// Says in words what an operation meets that cannot come next, once for each that is explained.
#include "engine/history/check/explain.h"
#include "engine/history/check/witness.h"

namespace lockstep::history {

std::string refusal(const History& history, ModelId model, const std::vector<int32_t>& order,
                    int32_t op) {
  Witness witness(history, model);
  for (int32_t id : order) {
    std::string problem = witness.apply(id);
    if (!problem.empty()) return problem;
  }
  return witness.apply(op);
}

}  // namespace lockstep::history
