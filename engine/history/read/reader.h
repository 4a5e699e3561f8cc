// Reads histories: our JSON Lines (../../docs: one event per line) and Jepsen's EDN.
//
// JSON is read by hand, not by nlohmann_json: a log of 170 events must cost well under a
// millisecond and one of 200,000 events under 0.1 s, and the values go straight into the ValueTable
// without a tree. Errors are lockstep::Error (ExitCode::scenario), "file:line:column: what".
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/history/model/history.h"
#include "engine/history/model/verdict.h"

namespace lockstep::history {

enum class Format { detect, jsonl, edn };

struct ReadOptions {
  Format format = Format::detect;
  bool keyed = false;                // EDN: a value [k v] without :key is split into key and value
  std::vector<std::string> ignored;  // fields to pass over besides those that everyone may add
  const Budget* budget = nullptr;    // its time, and whether it is interrupted
};

// Time ended, or somebody asked to stop, before the history was read.
struct ReadStopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Text that is not UTF-8, or holds no event, is an error. Throws Error, ReadStopped.
History read_history(std::string_view text, const std::string& name, const ReadOptions& options);
History read_history(std::string_view text, const std::string& name, Format format = Format::detect,
                     bool keyed = false);

// "-" is standard input; otherwise a regular file. Throws Error, ReadStopped.
std::string read_file(const std::string& path, const Budget* budget = nullptr);

// Where the value of `field` starts in the given line (1-based), 1 if it is not there.
int find_column(std::string_view text, int line, std::string_view field);

// The other direction: JSON Lines, as read_history takes them. The first event says how many there
// are, so that a file cut at a line's end is noticed.
std::string write_jsonl(const History& history);

// Text that is UTF-8: each byte that is none becomes the character U+10FF00 + byte, of no meaning.
std::string as_utf8(std::string text);

[[noreturn]] void fail_at(const std::string& name, int line, int column, const std::string& what);

namespace internal {
History read_jsonl(std::string_view text, const std::string& name, const ReadOptions& options);
History read_edn(std::string_view text, const std::string& name, const ReadOptions& options);

// What is wrong with a field that no event has, or nothing. In an `open` format everybody may add
// fields: there only those are refused that look like a misspelt one of ours.
std::string unknown_field(std::string_view field, const ReadOptions& options, bool open);
void stop_if_ended(const Budget* budget, const std::string& name);
}  // namespace internal

}  // namespace lockstep::history
