// The command line as plain data. The tables below say everything about it once: parsing, help,
// completion and "did you mean" are all made from them.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace lockstep::cli {

// What takes part in a bake-off: a strategy with settings of its own.
struct BenchStrategy {
  std::string label;  // as given: "pct:depth=10"
  std::map<std::string, std::string> settings;
};
struct BenchOptions {
  std::vector<BenchStrategy> strategies;  // empty: all that sample
  uint64_t trials = 20;
  uint64_t coverage = 1000;
  bool summary = false;
};

// What only `lockstep check-history` takes.
struct CheckHistoryOptions {
  std::vector<std::string> files;          // "-" is standard input
  std::string model;                       // empty: inferred from the operations
  std::string consistency;                 // empty: linearizable
  bool strongest = false;                  // name the strongest properties instead
  unsigned jobs = 1;                       // 0: one a core
  double seconds = 0;                      // for each file; 0: no limit
  uint64_t bytes_max = uint64_t{2} << 30;  // of the whole process
  std::string html;                        // a page about the invalid histories
  std::string format = "text";             // or "ndjson"
  bool explain = true;
  bool timing = false;
  std::vector<std::string> ignored;  // fields of events to pass over
};

// Where a value came from: a flag, or a line of the project file.
struct Origin {
  std::string name;   // "--iterations"
  std::string value;  // as given
  std::string from;   // "the command line", "lockstep.toml:3"
  std::string loses;  // to what: "the command line"; empty if it counts
};

struct Options {
  std::vector<std::string> args;  // positional: files, or what the command says
  std::map<std::string, std::string>
      settings;  // flags that a scenario may set as well, snake_case, checked
  std::map<std::string, std::string>
      project;               // ... of the project file: a scenario's own options win over them
  std::string project_file;  // that was read; empty if there is none
  std::vector<std::string> project_paths;  // what it says to run if nothing is named
  std::vector<Origin> origins;             // of all that was given
  bool show_config = false;                // say so, and do nothing else
  std::vector<std::string>
      only;  // only scenarios whose name contains one of these, or is it (=NAME)
  std::vector<std::string> search;  // where modules are that are not beside a scenario's file
  double total_seconds = 0;         // of a whole run or verify; 0: no limit
  std::string trace;
  std::vector<std::string> against;    // replay: sockets of real servers
  std::string scenario;                // replay: an edited file to run the recorded schedule on
  std::string output;                  // shrink: where the result goes
  std::string history_file, timeline;  // dump: where the history of the execution goes, and a page
  std::string html;                    // a page about each failure
  std::string trace_dir = "traces";
  std::string store;                 // folder of failures that are remembered; empty: none are
  std::string baseline;              // file of failures that break no build
  std::string write_baseline;        // ... to be written
  std::string checkpoint;            // verify: file in which the search survives its process
  double checkpoint_every = 10;      // ... seconds
  std::vector<std::string> reports;  // "junit=FILE", "github", ...
  std::string format = "text";
  std::string color = "auto";
  std::string log_file;
  unsigned jobs = 1;
  uint64_t shard = 0, shards = 1;  // run: iterations k with k mod shards = shard
  bool sharded = false;            // ... that was asked for, though it may be the only one
  std::string out;                 // ... folder in which what came of it is kept
  std::string merge;               // folder of shards, whose results are taken instead of searching
  uint64_t max_failures = 1;
  uint64_t max_attempts = 2000;
  double shrink_seconds = 10;
  bool shrink = true;
  std::optional<uint64_t> unsteered;  // plain runs that a failure is looked for in; 0: none
  bool slice = true;
  bool full = false;   // reports of failures: everything, however long
  size_t width = 0;    // ... columns; 0: the terminal's, or 100
  bool races = false;  // list them
  bool progress = true;
  bool check_determinism = false;
  bool check = false;             // assert the invariants of the relation
  uint64_t audit = 0;             // states; 0: none
  std::optional<uint64_t> judge;  // executions of each of its searches; 0: none
  bool prove = false;             // verify: insist on a proof
  CheckHistoryOptions history;    // what only check-history takes
  bool llm = false;               // explain: ask a language model too
  bool dry_run = false;           // ... or only print what it would be sent
  std::string llm_url, llm_model;
  std::string mcp_root = ".";  // mcp: the folder that calls do not leave
  double mcp_seconds = 60;     // ... and the longest that one may take
  BenchOptions bench;          // what only bench takes
  int verbosity = 0;           // -1 quiet, 1 and more: log

  // What a setting was set to by a flag, or else by the project file; null if by neither.
  const std::string* setting(const std::string& name) const;
};

// One flag. `set` throws std::string, "must be ...", for a value that it does not like; the caller
// adds the flag's name.
struct Flag {
  std::string name;   // "--iterations"
  const char* alias;  // "-j", or null
  const char* value;  // "N", or null for a switch; "a|b|c" if only these words are allowed
  const char* help;
  std::function<void(Options&, const std::string& value)> set;
  bool repeats = false;  // each one counts, so that a project file may give a list
};

// Checks a value and takes it. Throws std::string, "must be ...".
void apply_value(const Flag& flag, const std::string& value, Options* out);

struct FlagGroup {
  const char* title;
  std::span<const Flag> flags;
};

struct Command {
  const char* name;
  const char* summary;   // one line
  const char* usage;     // "run FILE... [flags]"
  const char* examples;  // lines, each with two spaces before it
  const char* args;      // what completion offers for positional arguments: "file", "trace", words
                         // apart by |, or ""
  size_t max_args;
  std::vector<FlagGroup> groups;
  ExitCode (*run)(const Options&);

  const Flag* find(std::string_view flag) const;  // by name or alias
};

std::span<const Command> commands();  // commands.cpp
const Command* find_command(std::string_view name);

// Throws Error(ExitCode::usage). `args` are those after the command's name.
Options parse_options(const Command& command, const std::vector<std::string>& args);

}  // namespace lockstep::cli
