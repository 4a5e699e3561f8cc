// Reads histories: our JSON Lines (../../docs: one event per line) and Jepsen's EDN.
//
// JSON is read by hand, not by nlohmann_json: a log of 170 events must cost well under a
// millisecond and one of 200,000 events under 0.1 s, and the values go straight into the ValueTable
// without a tree. Errors are lockstep::Error (ExitCode::scenario), "file:line:column: what".
#pragma once
#include <string>
#include <string_view>

#include "engine/history/history.h"

namespace lockstep::history {

enum class Format { detect, jsonl, edn };

// `keyed` matters for EDN only: a value [k v] without :key is split into key and value.
History read_history(std::string_view text, const std::string& name, Format format = Format::detect,
                     bool keyed = false);
std::string read_file(const std::string& path);  // throws Error

// Where the value of `field` starts in the given line (1-based), 1 if it is not there.
int find_column(std::string_view text, int line, std::string_view field);

// The other direction: JSON Lines, as read_history takes them.
std::string write_jsonl(const History& history);

[[noreturn]] void fail_at(const std::string& name, int line, int column, const std::string& what);

namespace internal {
History read_jsonl(std::string_view text, const std::string& name);
History read_edn(std::string_view text, const std::string& name, bool keyed);
}  // namespace internal

}  // namespace lockstep::history
