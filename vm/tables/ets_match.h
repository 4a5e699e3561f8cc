// Patterns and match specifications, as terms. Arrays stand for tuples and lists alike, strings for
// atoms.
#pragma once
#include "vm/tables/ets.h"

namespace lockstep::vm {

inline constexpr uint32_t kMaxVariables = 32;  // different "$N" in one pattern

struct Bindings {
  struct One {
    uint32_t number;
    View value;
  };
  One at[kMaxVariables];
  uint32_t count = 0;

  const View* find(uint32_t number) const {
    for (uint32_t i = 0; i < count; i++)
      if (at[i].number == number) return &at[i].value;
    return nullptr;
  }
};

// N of "$N", or -1.
int64_t variable_number(View v);
bool is_array(View v);              // of the kind that stands for a tuple or list
bool holds_variable(View pattern);  // or "_"
bool good_pattern(View pattern);    // with few enough variables
bool match_pattern(View pattern, View value, Bindings& bindings);

// A list of {pattern, guards, body} whose guards and bodies make sense.
bool good_spec(View spec);

// Whether every body of a good specification certainly keeps the key of what its pattern matched.
bool keeps_keys(View spec, uint32_t keypos);

// What guards and bodies are evaluated in.
struct MatchContext {
  View object{nullptr};
  Bindings bindings;
  uint64_t self = 0;
  Term node;                    // its name, a string
  bool in_body = false;         // where a call that fails gives "EXIT", and what is around goes on
  const char* error = nullptr;  // a misuse that must be told, not a guard that fails
};

// Appends the value; false, with `out` as it was, if it cannot be worked out.
bool evaluate(View expression, MatchContext& context, Bytes& out);

// Runs the clauses over the object: true if one matches, with its body's value appended to `out`.
bool run_spec(View spec, MatchContext& context, Bytes& out);

}  // namespace lockstep::vm
