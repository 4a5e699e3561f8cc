// What is known of why a history does not satisfy a property.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace lockstep::history {

struct Refusal {
  int32_t op;       // cannot be placed after the longest linearization
  std::string why;  // "returned 1, but the value is 3, written by ..."
};

struct Explanation {
  // All lists are indices of operations of the history that was explained.
  int32_t failing_line = 0;  // up to this line no linearization exists, before it one does
  int32_t failing_op = -1;   // the operation that completes there
  // Of the history up to failing_line, as placed: what completes later may stand at another place
  // than its result allows. Empty for causal and transactional properties.
  std::vector<int32_t> longest;
  std::vector<Refusal> refusals;
  std::vector<int32_t> core;  // fails by itself
  int32_t optional = 0;       // others that were allowed to happen at any time or never
  bool minimal = false;       // without any one value or operation of it the core holds
  std::string summary;        // the heart of it, one line; may be empty
  std::string text;           // all of it in words
};

}  // namespace lockstep::history
