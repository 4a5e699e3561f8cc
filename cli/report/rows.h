// A folded execution as text: numbered rows, and the same rows in one column for each process.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/fold/folded.h"
#include "cli/terminal/console.h"

namespace lockstep::cli {

struct RowList {
  std::string text;
  size_t left_out = 0;  // rows
};

// At most about `most` lines, 0: all. What is left out lies furthest from the failure, from the
// faults and choices, and from the steps `named` (what decides the failure). No line is wider than
// the style's width.
RowList row_list(const Trace& trace, const Folded& folded, const std::vector<uint32_t>& named,
                 size_t most, const Style& style);

// Empty if the processes do not fit next to each other.
std::string row_columns(const Trace& trace, const Folded& folded, const Style& style);

// Who waits for what, and what nobody took; empty if there is nothing of it.
std::string waiting_text(const Folded& folded, const Style& style);
std::string unread_text(const Folded& folded, size_t most, const Style& style);

// The same for scripts (rows_json.cpp).
nlohmann::ordered_json rows_json(const Trace& trace, const Folded& folded);
nlohmann::ordered_json waiting_json(const Folded& folded);
nlohmann::ordered_json unread_json(const Folded& folded);

}  // namespace lockstep::cli
