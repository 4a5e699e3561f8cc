// Every setting, once: how it is read, what a trace keeps of it, and what help and the stub say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/settings/settings.h"
#include "cli/settings/values.h"
#include "engine/base/nearest.h"
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

constexpr std::array kTimerModes = {"quiescent", "simultaneous", "racy"};  // as vm::TimerMode

vm::TimerMode timer_mode(const std::string& text) {
  check_choice("quiescent|simultaneous|racy", text);
  const auto* const at = std::find(kTimerModes.begin(), kTimerModes.end(), text);
  return static_cast<vm::TimerMode>(at - kTimerModes.begin());
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
  s.search.reduce = {};
  s.reduce_given = true;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, end - at);
    bool known = name == "none" || name == "all";
    for (const Reduction& r : kReductions) {
      if (name == r.name || name == "all") s.search.reduce.*r.on = true;
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

std::string yes(bool on) { return on ? "true" : "false"; }
std::string if_changed(double value, double usual) {
  return value == usual ? "" : fmt::format("{:g}", value);
}
std::string if_changed(uint64_t value, uint64_t usual) {
  return value == usual ? "" : std::to_string(value);
}
uint32_t parse_steps(const std::string& text) {
  return static_cast<uint32_t>(parse_count(text, 1, kMaxU32 - 1));
}

void set_cover(Settings& s, const std::string& t) {
  s.cover.clear();
  for (size_t at = 0; at <= t.size();) {
    const size_t end = std::min(t.find('\n', at), t.size());
    if (end == at) throw std::string("must be names of goals, none of them empty");
    const auto name = t.substr(at, end - at);
    if (std::find(s.cover.begin(), s.cover.end(), name) == s.cover.end()) s.cover.push_back(name);
    at = end + 1;
  }
}

void set_omit(Settings& s, const std::string& t) {
  s.execution.omitted.clear();
  for (const auto& part : split(t, ',')) {
    uint64_t key = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), key, 16);
    if (error != std::errc() || end != part.data() + part.size() || part.empty())
      throw std::string("must be keys in hexadecimal, apart by commas");
    s.execution.omitted.push_back(key);
  }
}

using Group = SettingGroup;
using Text = const std::string&;

constexpr Setting kSettings[] = {
    {.name = "strategy",
     .alias = "-s",
     .value = "NAME",
     .help = "how schedules are chosen; see 'lockstep list strategies' (default auto)",
     .lua = "string",
     .set = set_strategy},
    {.name = "iterations",
     .alias = "-n",
     .value = "N",
     .help = "executions to make (default 1000; no limit if only --time is given, or for a search "
             "that ends by itself)",
     .lua = "integer",
     .set = [](Settings& s, Text t) { s.iterations = parse_count(t, 1); }},
    {.name = "time",
     .alias = "-t",
     .value = "T",
     .help = "stop with a scenario after this time, shrinking included: 5, 5s, 500ms, 2m",
     .lua = "integer|string",
     .set = [](Settings& s, Text t) { s.seconds = parse_seconds(t); }},
    {.name = "seed",
     .value = "S",
     .help = "a number, 0x and hex digits, or a 40-digit commit id (default 1)",
     .lua = "integer|string",
     .set = [](Settings& s, Text t) { s.seed = parse_seed(t); }},

    {.name = "depth",
     .group = Group::sampling,
     .value = "D",
     .help = "pct: ordering constraints a bug may need (default 3)",
     .lua = "integer",
     .takes = kTakesDepth,
     .set = [](Settings& s, Text t) { s.search.depth = static_cast<int>(parse_count(t, 1, 100)); }},
    {.name = "resample_prob",
     .group = Group::sampling,
     .value = "P",
     .help = "pos: redraw all priorities with probability P at each step",
     .lua = "number",
     .takes = kTakesResample,
     .set = [](Settings& s, Text t) { s.search.resample = parse_probability(t); }},
    {.name = "cores",
     .group = Group::sampling,
     .value = "N",
     .help = "native, and the line `unsteered` of a failure: processes that go at a time (default "
             "4)",
     .lua = "integer",
     .set = [](Settings& s,
               Text t) { s.search.cores = static_cast<int>(parse_count(t, 1, 1024)); }},

    {.name = "max_steps",
     .group = Group::execution,
     .value = "N",
     .help = "decisions in one execution, else it fails (default 10000)",
     .lua = "integer",
     .set = [](Settings& s, Text t) { s.execution.limits.max_steps = parse_steps(t); },
     .recorded = [](const Settings& s) { return std::to_string(s.execution.limits.max_steps); }},
    {.name = "max_memory",
     .group = Group::execution,
     .value = "SIZE",
     .help = "memory of one execution, at most 1G, else it fails (default 256M)",
     .lua = "integer|string",
     .set =
         [](Settings& s, Text t) {
           s.execution.limits.max_memory = parse_bytes(t);
           if (s.execution.limits.max_memory > kMostMemory)
             throw fmt::format("must be at most 1G, which is a machine's whole heap, got '{}'", t);
         },
     .recorded = [](const Settings& s) { return std::to_string(s.execution.limits.max_memory); }},
    {.name = "max_instructions",
     .group = Group::execution,
     .value = "N",
     .help = "instructions of Lua that a process may take without an operation, else it is a "
             "runaway (default 100000000)",
     .lua = "integer",
     .set = [](Settings& s, Text t) { s.execution.limits.max_instructions = parse_count(t, 1000); },
     .recorded =
         [](const Settings& s) {
           return if_changed(s.execution.limits.max_instructions, Limits{}.max_instructions);
         }},
    {.name = "max_compute",
     .group = Group::execution,
     .value = "SECONDS",
     .help = "CPU time that it may take so: one instruction may call what takes for ever (default "
             "10)",
     .lua = "number|string",
     .set = [](Settings& s, Text t) { s.execution.limits.max_compute = parse_seconds(t); },
     .recorded =
         [](const Settings& s) {
           return if_changed(s.execution.limits.max_compute, Limits{}.max_compute);
         }},
    {.name = "max_temperature",
     .group = Group::execution,
     .value = "N",
     .help = "steps that something may be owed (lockstep.eventually, lockstep.temporal), else it "
             "fails (default half of --max-steps)",
     .lua = "integer",
     .set = [](Settings& s, Text t) { s.execution.max_temperature = parse_steps(t); },
     .recorded =
         [](const Settings& s) { return if_changed(uint64_t{s.execution.max_temperature}, 0); }},
    {.name = "delivery",
     .group = Group::execution,
     .value = "instant|async",
     .help = "when a signal arrives: as it is sent, or at a step of its own",
     .lua = "\"instant\"|\"async\"",
     .set = [](Settings& s,
               Text t) { s.execution.async_delivery = is_choice("instant|async", t, "async"); },
     .recorded = [](const Settings& s) -> std::string {
       return s.execution.async_delivery ? "async" : "instant";
     }},
    {.name = "timers",
     .group = Group::execution,
     .value = "quiescent|simultaneous|racy",
     .help =
         "time passes when nothing else can run, and what is due then fires one by one, or in "
         "any order among what it leads to (default simultaneous); or a timer fires at any time",
     .lua = "\"quiescent\"|\"simultaneous\"|\"racy\"",
     .set = [](Settings& s, Text t) { s.execution.timers = timer_mode(t); },
     .recorded = [](const Settings& s) -> std::string {
       return kTimerModes[static_cast<size_t>(s.execution.timers)];
     }},

    {.name = "reduce",
     .group = Group::proof,
     .value = "LIST",
     .help = "dpor: schedules that differ only in the order of equal-writes, unused-increments, "
             "unobserved-sends, equal-messages, all or none of these, count as one (default "
             "all)",
     .lua = "string",
     .takes = kTakesReduce,
     .set = set_reduce},
    {.name = "spins",
     .group = Group::proof,
     .value = "fair|any",
     .help =
         "dpor, cache, dfs: a wait that goes round, only looking, is not gone round twice while "
         "nothing that it looks at changes; or gone round as often as there are steps (default "
         "fair)",
     .lua = "\"fair\"|\"any\"",
     .takes = kTakesSpins,
     .set = [](Settings& s, Text t) { s.search.fair_spins = is_choice("fair|any", t, "fair"); }},
    {.name = "preemptions",
     .group = Group::proof,
     .value = "N",
     .help = "cache, dfs: only schedules with at most N preemptions; the verdict says so",
     .lua = "integer|\"none\"",
     .takes = kTakesPreemptions,
     .set =
         [](Settings& s, Text t) {
           s.search.preemptions = t == "none" ? -1 : static_cast<int>(parse_count(t, 0, 1000));
         }},
    {.name = "cache_memory",
     .group = Group::proof,
     .value = "SIZE",
     .help = "cache: memory for the table of states visited, 18 to 37 bytes a state, and half of "
             "it again while it doubles; INCOMPLETE when it is full "
             "(default 1G)",
     .lua = "integer|string",
     .takes = kTakesCacheMemory,
     .set = [](Settings& s, Text t) { s.search.cache_bytes = parse_bytes(t); }},

    {.name = "drain",
     .group = Group::scenario,
     .help = "run on after the root has ended",
     .lua = "boolean",
     .set = [](Settings& s, Text t) { s.execution.drain = parse_bool(t); },
     .recorded = [](const Settings& s) { return yes(s.execution.drain); }},
    {.name = "crashes",
     .group = Group::scenario,
     .help = "whether a process that ends by an error fails the scenario",
     .lua = "\"fail\"|\"allow\"|\"abort\"",
     .set =
         [](Settings& s, Text t) {
           s.execution.allow_crashes = is_choice("fail|allow|abort", t, "allow");
           s.execution.abort_crashes = t == "abort";
         },
     .recorded = [](const Settings& s) -> std::string {
       return s.execution.allow_crashes ? "allow" : s.execution.abort_crashes ? "abort" : "fail";
     }},
    {.name = "cover",
     .group = Group::scenario,
     .help = "goals of lockstep.cover that some execution should reach",
     .lua = "string|string[]",
     .set = set_cover},
    {.name = "expect",
     .group = Group::scenario,
     .help = "the failure that must come: its kind or signature",
     .lua = "string",
     .set =
         [](Settings& s, Text t) {
           if (t.empty()) throw std::string("must name a failure, such as deadlock");
           s.expect = t == "pass" || t == "passed" ? "" : t;
         }},

    {.name = "omit",  // operations of generators that shrinking has left out
     .group = Group::trace,
     .set = set_omit,
     .recorded = [](const Settings& s) { return omitted_text(s.execution.omitted); }},
    {.name = "spins_held",  // the search that made it took waits that spin to be fair
     .group = Group::trace,
     .set =
         [](Settings& s, Text t) {
           s.polls_held = t != "but-polls";
           s.spins_held = !s.polls_held || parse_bool(t);
         },
     .recorded = [](const Settings& s) -> std::string {
       return !s.spins_held ? "" : s.polls_held ? "true" : "but-polls";
     }},
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : kSettings)
    if (name == setting.name) return &setting;
  return nullptr;
}

std::string flag_of(const Setting& setting) {
  std::string name = std::string("--") + setting.name;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string reduce_names(const Reduce& reduce) {
  std::string names;
  for (const Reduction& r : kReductions)
    if (reduce.*r.on) names += (names.empty() ? "" : ",") + std::string(r.name);
  return names;
}

std::string omitted_text(const std::vector<uint64_t>& keys) {
  std::string text;
  for (const uint64_t key : keys) text += fmt::format("{}{:x}", text.empty() ? "" : ",", key);
  return text;
}

}  // namespace lockstep::cli
