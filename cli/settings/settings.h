// What bears on one scenario's run. A scenario's own options are laid under the command line's, and
// a trace keeps what bears on its execution: one table (settings_table.cpp) says all of each.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/explore/explorer.h"
#include "vm/system/program.h"

namespace lockstep::cli {

using SettingMap = std::map<std::string, std::string>;

struct Settings {
  std::string strategy = "auto";
  uint64_t seed = 1;
  uint64_t iterations = 1000;  // 0: no limit, when only a time is given
  double seconds = 0;
  StrategyOptions search;          // what a strategy can be told
  vm::MachineOptions execution;    // what bears on an execution
  bool reduce_given = false;       // else the default, which depends on the program too
  bool spins_held = false;         // of traces: their execution did
  bool polls_held = true;          // ... also those waits that poll a mailbox
  std::vector<std::string> cover;  // goals that some execution should reach
  std::string expect;              // a verdict's name or a signature; empty: no failure is expected

  // `search` and `execution`, with what follows for them from the rest.
  ExploreOptions explore() const;
  vm::MachineOptions machine() const;
  // What bears on an execution, for the trace.
  SettingMap recorded() const;
  bool expects(const Outcome& outcome) const;
};

// Which flags of a command it is among. Those of `scenario` are no flags, and only traces have
// those of `trace`.
enum class SettingGroup : uint8_t { search, sampling, execution, proof, scenario, trace };

struct Setting {
  const char* name;  // in snake_case: a scenario's option; as a flag --in-kebab-case
  SettingGroup group = SettingGroup::search;
  const char* alias = nullptr;  // "-s"
  const char* value = nullptr;  // "N"; "a|b|c" if only these words are allowed
  const char* help = nullptr;
  const char* lua = nullptr;  // its type in lua/meta/lockstep.d.lua; null: no scenario may set it
  uint8_t takes =
      0;  // engine/schedule/strategy.h: what a strategy has to take for it to have an effect
  // Throws std::string, "must be ...".
  void (*set)(Settings&, const std::string&);
  // What a trace says of it, empty for nothing; null: it bears on no execution by itself.
  std::string (*recorded)(const Settings&) = nullptr;
};
std::span<const Setting> settings();
const Setting* find_setting(std::string_view name);  // null if unknown
std::string flag_of(const Setting& setting);         // "--max-steps"

std::string omitted_text(const std::vector<uint64_t>& keys);  // as the setting `omit`
// What dpor reduces unless it is told otherwise.
inline constexpr Reduce kDefaultReduce = {.equal_writes = true,
                                          .unused_increments = true,
                                          .unobserved_sends = true,
                                          .equal_messages = true};
std::string reduce_names(const Reduce& reduce);  // "equal-writes,unused-increments"; empty if none

// Checks one setting by itself; throws std::string, "must be ...". Used for flags, before any
// scenario is read.
void check_setting(const std::string& name, const std::string& text);

// A project file's settings lie under a scenario's own, and these under the flags. Throws Error:
// ExitCode::scenario for what the scenario says, ExitCode::usage for what the others say.
Settings resolve_settings(const vm::ScenarioInfo& scenario, const SettingMap& flags,
                          const SettingMap& project = {});
Settings settings_from_trace(const SettingMap& recorded, const std::string& path);

}  // namespace lockstep::cli
