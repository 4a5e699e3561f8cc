// Linearizability: some total order of the operations obeys the object and real time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/history/model/model.h"
#include "engine/history/model/verdict.h"
#include "engine/history/monitors/monitors.h"

namespace lockstep::history {

// Of an invalid result: `from` comes before `to`, and how that is known.
struct Link {
  int32_t from, to;  // indices of operations
  std::string why;   // "read by", "same process"
};

struct Result {
  Verdict verdict = Verdict::unknown;
  std::vector<int32_t> order;  // valid: the linearization, indices of operations
  std::string method;          // what decided: "zones", "queue", "stack", "search"
  std::string note;            // what the verdict takes for granted; may be empty
  std::string why;             // invalid or unknown: one line, may be empty
  std::vector<int32_t> part;   // invalid: the operations of the key or element that fails
  std::vector<Link> links;     // invalid: the cycle, or the chain, that shows it; may be empty
};

struct LinearizableOptions {
  bool monitors = true;       // near-linear deciders where they apply
  bool keep_longest = false;  // invalid: `order` is the longest linearization that was found
};

Result check_linearizable(const History& history, ModelId model, const Budget& budget = {},
                          LinearizableOptions options = {});
Result check_linearizable(const History& history, Model& model, const Budget& budget = {},
                          LinearizableOptions options = {});

// The same for operations that are decoded already; `ops` are of `history`, any subset, by
// invocation.
Result check_operations(const History& history, ModelId model, const std::vector<Op>& ops,
                        const Budget& budget, LinearizableOptions options = {});

}  // namespace lockstep::history
