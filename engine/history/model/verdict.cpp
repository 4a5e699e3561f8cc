#include "engine/history/model/verdict.h"

namespace lockstep::history {

Budget Budget::seconds(double seconds) {
  Budget budget;
  if (seconds > 0 && seconds < 1e9) {
    budget.deadline = std::chrono::steady_clock::now() +
                      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                          std::chrono::duration<double>(seconds));
  }
  return budget;
}

}  // namespace lockstep::history
