// How far a history that is not linearizable can be ordered: several orders that go as far as they
// can, and what each is stopped by. For every operation the longest found that has it, as Porcupine
// shows them (Athalye, 2017); ours are looked for from the end of the longest one only, with a
// budget, so an operation may have longer ones.
#pragma once
#include <string>
#include <vector>

#include "engine/history/check/explain.h"

namespace lockstep::history {

struct PartialOrder {
  std::vector<int32_t> order;       // indices of operations; obeys the object and real time
  std::vector<std::string> states;  // after each, in words; shared beginnings may be left out
  size_t first_state = 0;           // ... of so many
  std::vector<Refusal> blocked;     // what would have to come next, and why it cannot
};

// `e` as explain() gives it. The longest first; none without an order in it.
std::vector<PartialOrder> partial_orders(const History& history, ModelId model,
                                         const Explanation& e);
std::vector<PartialOrder> partial_orders(const History& history, Model& model,
                                         const Explanation& e);

}  // namespace lockstep::history
