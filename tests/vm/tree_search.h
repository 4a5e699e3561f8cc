// Every execution that a tree search makes on the real machine, and what came of each.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "engine/strategy.h"
#include "tests/engine/class_tap.h"
#include "vm/program.h"

namespace lockstep {

struct Seen {
  std::set<std::string> outcomes;
  std::set<uint64_t> fingerprints;  // of the naive search, and where they are asked for
  uint64_t executions = 0, blocked = 0, redundant = 0;
  uint64_t failed = 0;  // classes that fail, deadlocks aside
  uint64_t classes() const { return executions - blocked - redundant; }
  bool complete = false;
};

inline Seen all_of(const char* strategy, const vm::Program& program, const std::string& scenario,
                   const Reduce& reduce = {}, vm::MachineOptions machine = {},
                   uint64_t most = 60'000, int preemptions = -1, bool fingerprints = false) {
  machine.drain = true;
  machine.allow_crashes = true;
  machine.unused_increments = reduce.unused_increments;
  machine.keep_mail = reduce.needs_mail();
  const auto system = vm::make_machine(program, scenario, machine);
  StrategyOptions options;
  options.reduce = reduce;
  options.preemptions = preemptions;
  const auto s = find_strategy(strategy)->make(options);
  ClassTap tap(*s, *system);
  fingerprints = fingerprints || std::string_view(strategy) == "dfs";
  Seen seen;
  while (seen.executions < most) {
    if (!s->begin(seen.executions, *system)) {
      seen.complete = true;
      break;
    }
    if (!s->resumed()) system->begin(1, 0);
    tap.begin();
    const Outcome outcome = fingerprints ? system->run(tap) : system->run(*s);
    s->end(outcome, *system);
    seen.executions++;
    seen.redundant += s->redundant();
    seen.failed += !s->redundant() && outcome.verdict != Verdict::stopped &&
                   outcome.verdict != Verdict::passed && outcome.verdict != Verdict::deadlock;
    if (outcome.verdict == Verdict::stopped) {
      seen.blocked++;
      continue;
    }
    if (fingerprints) seen.fingerprints.insert(tap.value());
    seen.outcomes.insert(std::string(verdict_name(outcome.verdict)) + " " + outcome.reason);
  }
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
