#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "cli/nearest.h"
#include "cli/values.h"
#include "engine/base/error.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

constexpr uint64_t kMaxU32 = 0xffffffff;
constexpr uint64_t kMostMemory = 1ull << 30;  // Arena: the heap of a machine

void set_strategy(Settings& s, const std::string& text) {
  const auto* info = find_strategy(text);
  if (!info) {
    std::vector<std::string> names;
    for (const auto& known : strategies())
      if (!known.claims.follows) names.emplace_back(known.name);
    const auto near = nearest(text, names);
    throw fmt::format("must be the name of a strategy, got '{}'{}; see 'lockstep list strategies'",
                      text, near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
  }
  if (info->claims.follows)
    throw std::string("must be one that chooses schedules; lockstep replay follows a recorded one");
  s.strategy = text;
}

bool is_choice(const char* choices, const std::string& text, const char* second) {
  check_choice(choices, text);
  return text == second;
}

struct Reduction {
  const char* name;
  bool Reduce::*on;
};
const Reduction kReductions[] = {{"equal-writes", &Reduce::equal_writes},
                                 {"unused-increments", &Reduce::unused_increments},
                                 {"unobserved-sends", &Reduce::unobserved_sends},
                                 {"equal-messages", &Reduce::equal_messages}};

// "equal-writes,unused-increments", say, "all" or "none".
void set_reduce(Settings& s, const std::string& text) {
  s.reduce = {};
  s.reduce_given = true;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, end - at);
    bool known = name == "none" || name == "all";
    for (const Reduction& r : kReductions) {
      if (name == r.name || name == "all") s.reduce.*r.on = true;
      known |= name == r.name;
    }
    if (!known) {
      Reduce all;
      for (const Reduction& r : kReductions) all.*r.on = true;
      throw fmt::format("must be a list of {}, or all or none, got '{}'", reduce_names(all), name);
    }
    at = end + 1;
  }
}

struct Setting {
  const char* name;
  void (*set)(Settings&, const std::string&);
};

const Setting kSettings[] = {
    {"strategy", set_strategy},
    {"seed", [](Settings& s, const std::string& t) { s.seed = parse_seed(t); }},
    {"iterations", [](Settings& s, const std::string& t) { s.iterations = parse_count(t, 1); }},
    {"time", [](Settings& s, const std::string& t) { s.seconds = parse_seconds(t); }},
    {"max_steps",
     [](Settings& s, const std::string& t) {
       s.max_steps = static_cast<uint32_t>(parse_count(t, 1, kMaxU32 - 1));
     }},
    {"max_memory",
     [](Settings& s, const std::string& t) {
       s.max_memory = parse_bytes(t);
       if (s.max_memory > kMostMemory)
         throw fmt::format("must be at most 1G, which is a machine's whole heap, got '{}'", t);
     }},
    {"max_instructions",
     [](Settings& s, const std::string& t) { s.max_instructions = parse_count(t, 1000); }},
    {"max_compute", [](Settings& s, const std::string& t) { s.max_compute = parse_seconds(t); }},
    {"max_temperature",
     [](Settings& s, const std::string& t) {
       s.max_temperature = static_cast<uint32_t>(parse_count(t, 1, kMaxU32 - 1));
     }},
    {"depth",
     [](Settings& s, const std::string& t) { s.depth = static_cast<int>(parse_count(t, 1, 100)); }},
    {"resample_prob", [](Settings& s, const std::string& t) { s.resample = parse_probability(t); }},
    {"reduce", set_reduce},
    {"spins",
     [](Settings& s, const std::string& t) { s.fair_spins = is_choice("fair|any", t, "fair"); }},
    {"spins_held",  // of traces: the search that made them took waits that spin to be fair
     [](Settings& s, const std::string& t) { s.spins_held = parse_bool(t); }},
    {"preemptions",
     [](Settings& s, const std::string& t) {
       s.preemptions = t == "none" ? -1 : static_cast<int>(parse_count(t, 0, 1000));
     }},
    {"cache_memory", [](Settings& s, const std::string& t) { s.cache_memory = parse_bytes(t); }},
    {"delivery",
     [](Settings& s, const std::string& t) {
       s.async_delivery = is_choice("instant|async", t, "async");
     }},
    {"timers",
     [](Settings& s, const std::string& t) {
       s.racy_timers = is_choice("quiescent|racy", t, "racy");
     }},
    {"drain", [](Settings& s, const std::string& t) { s.drain = parse_bool(t); }},
    {"crashes",
     [](Settings& s, const std::string& t) {
       s.allow_crashes = is_choice("fail|allow|abort", t, "allow");
       s.abort_crashes = t == "abort";
     }},
    {"omit",  // of traces: operations of generators that shrinking has left out
     [](Settings& s, const std::string& t) {
       s.omitted.clear();
       for (const auto& part : split(t, ',')) {
         uint64_t key = 0;
         const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), key, 16);
         if (error != std::errc() || end != part.data() + part.size() || part.empty())
           throw std::string("must be keys in hexadecimal, apart by commas");
         s.omitted.push_back(key);
       }
     }},
    {"cover",
     [](Settings& s, const std::string& t) {
       s.cover.clear();
       for (size_t at = 0; at <= t.size();) {
         const size_t end = std::min(t.find('\n', at), t.size());
         if (end == at) throw std::string("must be names of goals, none of them empty");
         const auto name = t.substr(at, end - at);
         if (std::find(s.cover.begin(), s.cover.end(), name) == s.cover.end())
           s.cover.push_back(name);
         at = end + 1;
       }
     }},
    {"expect",
     [](Settings& s, const std::string& t) {
       if (t.empty()) throw std::string("must name a failure, such as deadlock");
       s.expect = t == "pass" || t == "passed" ? "" : t;
     }},
};

const Setting* find_setting(const std::string& name) {
  for (const auto& setting : kSettings)
    if (name == setting.name) return &setting;
  return nullptr;
}

}  // namespace

std::string reduce_names(const Reduce& reduce) {
  std::string names;
  for (const Reduction& r : kReductions)
    if (reduce.*r.on) names += (names.empty() ? "" : ",") + std::string(r.name);
  return names;
}

namespace {

std::string flag_of(std::string name) {
  for (auto& c : name)
    if (c == '_') c = '-';
  return "--" + name;
}

[[noreturn]] void unknown_option(const vm::ScenarioInfo& scenario, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& setting : kSettings) names.emplace_back(setting.name);
  const auto near = nearest(name, names);
  throw Error(ExitCode::scenario,
              fmt::format("{}:{}: scenario \"{}\" has an unknown option '{}'", scenario.file,
                          scenario.line, scenario.name, name),
              near.empty() ? "options are the flags of 'lockstep run --help' in snake_case"
                           : fmt::format("did you mean {}?", near));
}

// Without a limit of its own, a run that has a time runs for that time, and one that can come to an
// end by itself does.
void no_iterations_given(Settings* s) {
  const auto* strategy = find_strategy(s->strategy);
  if (s->seconds > 0 || (strategy && strategy->claims.exhaustive)) s->iterations = 0;
}

}  // namespace

void check_setting(const std::string& name, const std::string& text) {
  Settings scratch;
  find_setting(name)->set(scratch, text);
}

Settings resolve_settings(const vm::ScenarioInfo& scenario, const SettingMap& flags) {
  Settings s;
  for (const auto& [name, text] : scenario.options) {
    const auto* setting = find_setting(name);
    if (!setting) unknown_option(scenario, name);
    try {
      setting->set(s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::scenario,
                  fmt::format("{}:{}: option '{}' of scenario \"{}\" {}", scenario.file,
                              scenario.line, name, scenario.name, complaint));
    }
  }
  bool iterations = scenario.options.count("iterations") != 0;
  if (flags.count("time") && !flags.count("iterations")) iterations = false;
  for (const auto& [name, text] : flags) {
    try {
      find_setting(name)->set(s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::usage, fmt::format("{} {}", flag_of(name), complaint));
    }
  }
  if (!iterations && !flags.count("iterations")) no_iterations_given(&s);
  if (!s.reduce_given && find_strategy(s.strategy)->claims.reduces) s.reduce = kDefaultReduce;
  return s;
}

Settings settings_from_trace(const SettingMap& recorded, const std::string& path) {
  Settings s;
  for (const auto& [name, text] : recorded) {
    const auto* setting = find_setting(name);
    if (!setting)
      continue;  // of a newer version, which says so in the trace's version if it matters
    try {
      setting->set(s, text);
    } catch (const std::string& complaint) {
      throw Error(ExitCode::trace, fmt::format("{}: option '{}' {}", path, name, complaint));
    }
  }
  return s;
}

ExploreOptions Settings::explore() const {
  ExploreOptions e;
  e.strategy = strategy;
  e.seed = seed;
  e.iterations = iterations;
  e.seconds = seconds;
  e.strategy_options.seed = seed;
  e.strategy_options.max_steps = max_steps;
  e.strategy_options.depth = depth;
  e.strategy_options.resample = resample;
  e.strategy_options.reduce = reduce;
  e.strategy_options.fair_spins = fair_spins;
  e.strategy_options.preemptions = preemptions;
  e.strategy_options.cache_bytes = cache_memory;
  return e;
}

vm::MachineOptions Settings::machine() const {
  vm::MachineOptions m;
  m.limits.max_steps = max_steps;
  m.limits.max_memory = max_memory;
  m.limits.max_instructions = max_instructions;
  m.limits.max_compute = max_compute;
  m.max_temperature = max_temperature;
  m.async_delivery = async_delivery;
  m.racy_timers = racy_timers;
  m.drain = drain;
  m.allow_crashes = allow_crashes;
  m.omitted = omitted;
  m.abort_crashes = abort_crashes;
  m.unused_increments = reduce.unused_increments;
  m.keep_mail = reduce.needs_mail();
  m.fair_spins = spins_held;
  return m;
}

std::string omitted_text(const std::vector<uint64_t>& keys) {
  std::string text;
  for (const uint64_t key : keys) text += fmt::format("{}{:x}", text.empty() ? "" : ",", key);
  return text;
}

SettingMap Settings::recorded() const {
  SettingMap map = {{"max_steps", std::to_string(max_steps)},
                    {"max_memory", std::to_string(max_memory)},
                    {"delivery", async_delivery ? "async" : "instant"},
                    {"timers", racy_timers ? "racy" : "quiescent"},
                    {"drain", drain ? "true" : "false"},
                    {"crashes", allow_crashes   ? "allow"
                                : abort_crashes ? "abort"
                                                : "fail"}};
  if (!omitted.empty()) map["omit"] = omitted_text(omitted);
  if (spins_held) map["spins_held"] = "true";
  if (max_instructions != Limits{}.max_instructions)
    map["max_instructions"] = std::to_string(max_instructions);
  if (max_compute != Limits{}.max_compute) map["max_compute"] = fmt::format("{:g}", max_compute);
  if (max_temperature) map["max_temperature"] = std::to_string(max_temperature);
  return map;
}

bool Settings::expects(const Outcome& outcome) const {
  return !expect.empty() && outcome.failed() &&
         (expect == verdict_name(outcome.verdict) || expect == outcome.signature());
}

}  // namespace lockstep::cli
