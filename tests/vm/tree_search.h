// Every execution that a tree search makes on the real machine, and what came of each.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/explore/explorer.h"
#include "engine/schedule/strategy.h"
#include "engine/search/subtree.h"
#include "tests/engine/class_tap.h"
#include "vm/system/program.h"

namespace lockstep {

// Does the execution that has just ended repeat a class?
inline bool repeats(const Strategy& strategy, const Outcome& outcome,
                    std::set<uint64_t>& executed) {
  if (strategy.redundant()) return true;
  const uint64_t digest = outcome.verdict == Verdict::stopped ? 0 : strategy.class_digest();
  return digest != 0 && !executed.insert(digest).second;
}

struct Seen {
  std::set<std::string> outcomes;
  std::set<std::string> goals;      // lockstep.cover, also of executions that were given up
  std::set<uint64_t> fingerprints;  // of the naive search, and where they are asked for
  std::set<std::string> failures;   // signatures
  uint64_t executions = 0, blocked = 0, redundant = 0;
  uint64_t failed = 0;  // classes that fail, deadlocks aside
  uint64_t classes() const { return executions - blocked - redundant; }
  bool complete = false;
};

// The step since which something is owed is another in another execution of the class.
inline std::string text_of(const Outcome& outcome) {
  const std::string text = std::string(verdict_name(outcome.verdict)) + " " + outcome.reason;
  return text.substr(0, text.find(", since step "));
}

inline void add_goals(const System& system, Seen& seen) {
  for (const uint32_t goal : system.facts().goals) seen.goals.insert(system.goal_name(goal));
}

inline Seen all_of(const char* strategy, const vm::Program& program, const std::string& scenario,
                   const Reduce& reduce = {}, vm::MachineOptions machine = {},
                   uint64_t most = 60'000, int preemptions = -1, bool fingerprints = false,
                   bool drain = true) {
  machine.drain = drain;
  machine.allow_crashes = true;
  machine.unused_increments = reduce.unused_increments;
  machine.keep_mail = reduce.needs_mail();
  machine.hold_polls = !machine.keep_mail;
  const auto system = vm::make_machine(program, scenario, machine);
  StrategyOptions options;
  options.reduce = reduce;
  options.preemptions = preemptions;
  const auto s = find_strategy(strategy)->make(options);
  ClassTap tap(*s, *system);
  fingerprints = fingerprints || std::string_view(strategy) == "dfs";
  Seen seen;
  std::set<uint64_t> executed;  // Strategy::class_digest
  uint64_t repeated = 0;        // of those, since the search began anew
  while (seen.executions < most) {
    if (!s->begin(seen.executions, *system)) {
      seen.complete = true;
      break;
    }
    if (!s->resumed()) system->begin(1, 0);
    tap.begin();
    const Outcome outcome = fingerprints ? system->run(tap) : system->run(*s);
    s->end(outcome, *system);
    add_goals(*system, seen);
    seen.executions++;
    const bool again = repeats(*s, outcome, executed);
    const uint64_t discarded = s->discarded();
    if (discarded) seen.redundant -= std::exchange(repeated, 0), executed.clear();
    seen.redundant += again + discarded;
    repeated += again && !s->redundant();
    seen.failed += !again && outcome.verdict != Verdict::stopped &&
                   outcome.verdict != Verdict::passed && outcome.verdict != Verdict::deadlock;
    if (outcome.verdict == Verdict::stopped) {
      seen.blocked++;
      continue;
    }
    if (fingerprints) seen.fingerprints.insert(tap.value());
    seen.outcomes.insert(text_of(outcome));
    if (outcome.failed()) seen.failures.insert(outcome.signature());
  }
  return seen;
}

// As the explorer cuts a tree up, with small parts: each is searched for `slice` executions at a
// time, then gives away what is left of it.
inline Seen all_of_parts(const vm::Program& program, const std::string& scenario, uint64_t slice,
                         vm::MachineOptions machine = {}, uint64_t most = 60'000,
                         bool drain = true) {
  machine.drain = drain;
  machine.allow_crashes = true;
  const auto system = vm::make_machine(program, scenario, machine);
  struct Part {
    std::unique_ptr<Subtree> tree;
    uint64_t next = 0;
    bool done = false;
  };
  std::vector<Part> parts;
  parts.push_back(
      {std::unique_ptr<Subtree>(static_cast<Subtree*>(find_strategy("dpor")->make({}).release()))});
  Seen seen;
  std::set<uint64_t> executed;
  while (!parts.empty() && seen.executions < most) {
    const size_t from = parts.size() - std::min<size_t>(parts.size(), 16);
    std::vector<Part> fresh;
    for (size_t i = from; i < parts.size(); i++) {
      Part& part = parts[i];
      part.tree->forget_images();
      ClassTap tap(*part.tree, *system);
      for (uint64_t n = 0; n < slice && !part.done; n++) {
        if (!part.tree->begin(part.next++, *system)) {
          part.done = true;
          break;
        }
        if (!part.tree->resumed()) system->begin(1, 0);
        tap.begin();
        const Outcome outcome = system->run(tap);
        part.tree->end(outcome, *system);
        seen.redundant += repeats(*part.tree, outcome, executed);
        add_goals(*system, seen);
        seen.executions++;
        seen.blocked += outcome.verdict == Verdict::stopped;
        if (outcome.verdict == Verdict::stopped) continue;
        seen.fingerprints.insert(tap.value());
        seen.outcomes.insert(text_of(outcome));
      }
    }
    const bool few = parts.size() < 16;
    for (size_t i = from; i < parts.size(); i++) {
      for (auto& tree : parts[i].tree->surrender()) fresh.push_back({std::move(tree)});
      if (!parts[i].done && few)
        for (auto& tree : parts[i].tree->split().parts) fresh.push_back({std::move(tree)});
    }
    std::erase_if(parts, [](const Part& part) { return part.done; });
    for (Part& part : fresh) parts.push_back(std::move(part));
  }
  seen.complete = parts.empty();
  return seen;
}

// What `verify -j 2` does.
inline Seen all_by_workers(const vm::Program& program, const std::string& scenario,
                           const Reduce& reduce, vm::MachineOptions machine, bool drain) {
  machine.drain = drain;
  machine.allow_crashes = true;
  machine.unused_increments = reduce.unused_increments;
  machine.keep_mail = reduce.needs_mail();
  machine.hold_polls = !machine.keep_mail;
  ExploreOptions options;
  options.strategy = "dpor";
  options.strategy_options.reduce = reduce;
  options.iterations = 0;
  options.max_failures = 0;
  options.workers = 2;
  options.slice = 4;
  const ExploreResult result =
      explore([&] { return vm::make_machine(program, scenario, machine); }, options);
  Seen seen;
  seen.complete = result.exhausted;
  seen.executions = result.iterations;
  seen.blocked = result.blocked;
  for (const auto& [goal, times] : result.activity.goals) seen.goals.insert(goal);
  for (const Finding& found : result.findings) seen.failures.insert(found.outcome.signature());
  return seen;
}

inline vm::Program program_of(const std::string& body) {
  return vm::Program::from_sources(
      {{"p.lua",
        "local lockstep = require 'lockstep'\nlocal ets = require 'lockstep.ets'\n"
        "local cluster = require 'lockstep.cluster'\n"
        "lockstep.scenario('p', function()\n" +
            body + "end)\n"}});
}

}  // namespace lockstep
