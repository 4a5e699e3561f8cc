// A search of a program as the command line would make it, and the seed of a run's programs.
#pragma once
#include <cstdio>
#include <random>

#include "engine/base/prng.h"
#include "engine/explore/explorer.h"
#include "tests/random_seed.h"
#include "vm/system/program.h"

namespace lockstep {

inline constexpr Reduce kAll = {.equal_writes = true,
                                .unused_increments = true,
                                .unobserved_sends = true,
                                .equal_messages = true};

struct Searched {
  SystemFactory factory;
  ExploreOptions options;
};

inline Searched search_of(const vm::Program& program, vm::MachineOptions machine,
                          const char* strategy, const Reduce& reduce) {
  machine.drain = true;
  machine.allow_crashes = true;
  machine.unused_increments = reduce.unused_increments;
  machine.keep_mail = reduce.needs_mail();
  machine.hold_polls = !machine.keep_mail;
  Searched s;
  s.factory = [&program, machine] { return vm::make_machine(program, "p", machine); };
  s.options.strategy = strategy;
  s.options.strategy_options.reduce = reduce;
  s.options.iterations = 1500;
  s.options.max_failures = 0;
  s.options.bounds_fail = false;
  s.options.race_samples = 8;
  s.options.slice = 7;
  return s;
}

// One for all tests of a run.
inline uint64_t fresh_seed() {
  static const uint64_t seed = [] {
    const uint64_t s = random_seed(std::random_device{}());
    printf("PROOF_SEED=%llu gives these programs again\n", static_cast<unsigned long long>(s));
    return s;
  }();
  return seed;
}

}  // namespace lockstep
