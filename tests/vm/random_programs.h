// What the generators of random programs share, and how searches are compared on what they make.
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "engine/base/prng.h"
#include "tests/random_seed.h"
#include "tests/vm/tree_search.h"

namespace lockstep {

// ---- programs whose processes write down what they see ----

// A table for it; references and process ids, of which there are others in other executions, are
// told as such.
inline const std::string kLog =
    "local log = ets.new('log', { 'public' })\nlocal pids = {}\n"
    "local function shown(v)\n"
    "  if type(v) ~= 'table' then return lockstep.is_ref(v) and 'ref' or lockstep.is_pid(v) and "
    "'pid' or tostring(v) end\n"
    "  return tostring(v[1]) .. (lockstep.is_pid(v[#v]) and '' or tostring(v[#v]))\nend\n";

// Process number `p` begins; it knows the first two as a and b. What it notes is in the log at
// once, so that those that are killed have told it too.
inline std::string begin_process(uint32_t p, const char* node = nullptr,
                                 const char* spawn = "lockstep.spawn(") {
  return fmt::format(
      "pids[{}] = {}function(a, b)\n  local saw, ref = '', nil\n"
      "  local function note(v) saw = saw .. ' ' .. shown(v) ets.insert(log, {{ {}, saw }}) end\n",
      p, node ? fmt::format("cluster.spawn('{}', ", node) : spawn, p);
}
inline const std::string kEndProcess = "end, pids[1], pids[2])\n";

// One fault at most of a kind or two, from here on.
inline std::string random_fault(Prng& rng) {
  const char* const kinds[] = {
      "loss = 1, duplicate = 1", "loss = 1",
      "duplicate = 1",           "crash = { pids[1], pids[2] }",
      "crash_nodes = { 'b' }",   "crash = { pids[1], pids[2] }, crashes = 2"};
  return fmt::format("cluster.faults({{ {} }})\n", kinds[rng.below(6)]);
}

// The root tells what the first n have noted; `more`: Lua that goes on with the text, `keys`:
// further places of the log.
inline std::string tell_log(uint32_t n, const std::string& more = "",
                            const std::string& keys = "") {
  std::string all;
  for (uint32_t i = 1; i <= n; i++) all += (i > 1 ? ", " : "") + std::to_string(i);
  return fmt::format(
      "local all = ''\nfor _, k in ipairs {{ {}{} }} do\n"
      "  local r = ets.lookup(log, k)[1] all = all .. ' |' .. (r and shown(r[2]) or '?') end\n"
      "error(all{}, 0)\n",
      all, keys, more);
}
// ... when nothing else can happen.
inline std::string tell_all(uint32_t n, const std::string& more = "",
                            const std::string& keys = "") {
  return "lockstep.sleep(60000)\n" + tell_log(n, more, keys);
}

// ---- comparison ----

// Programs that are small enough for the naive search.
struct SmallPrograms {
  uint64_t seed;
  int wanted;
  vm::MachineOptions machine = {};
  uint64_t least = 1, most = 3'000;  // executions of that search
  int preemptions = -1;
};

// Hands each over with what the naive search saw; returns how many there were.
template <class Generate, class Compare>
int each_of(const SmallPrograms& small, const Generate& generate, const Compare& compare) {
  Prng rng(random_seed(small.seed));
  const int wanted = random_programs(small.wanted);
  int programs = 0;
  for (int tries = 0; programs < wanted && tries < wanted * 40; tries++) {
    const std::string body = generate(rng);
    SCOPED_TRACE(body);
    const vm::Program program = program_of(body);
    const Seen naive =
        all_of("dfs", program, "p", {}, small.machine, small.most, small.preemptions);
    if (!naive.complete || naive.executions < small.least) continue;
    programs++;
    compare(program, naive);
  }
  // What was found counts all the same.
  if (programs < wanted) printf("only %d of %d programs were small enough\n", programs, wanted);
  EXPECT_GT(programs, 0);
  return programs;
}

// How signals travel.
struct Setting {
  const char* name;
  bool nodes = false, async = false, racy = false, faults = false;
  bool simultaneous = false;
  vm::MachineOptions machine() const {
    vm::MachineOptions machine;
    machine.async_delivery = async;
    machine.timers = racy           ? vm::TimerMode::racy
                     : simultaneous ? vm::TimerMode::simultaneous
                                    : vm::TimerMode::quiescent;
    return machine;
  }
};
inline std::string setting_name(const testing::TestParamInfo<Setting>& info) {
  return info.param.name;
}

// dpor reaches the outcomes of the naive search, and not by doing the same.
template <class Generate>
void expect_fewer_executions(const Setting& setting, uint64_t seed, const Generate& generate) {
  // Time that may pass at any time makes many schedules.
  const SmallPrograms small{
      .seed = seed, .wanted = setting.racy ? 12 : 30, .machine = setting.machine(), .least = 2};
  uint64_t naive_sum = 0, dpor_sum = 0;
  each_of(
      small, [&](Prng& rng) { return generate(rng, setting); },
      [&](const vm::Program& program, const Seen& naive) {
        const Seen dpor = all_of("dpor", program, "p", {}, small.machine);
        EXPECT_TRUE(dpor.complete);
        EXPECT_EQ(dpor.outcomes, naive.outcomes);
        EXPECT_LE(dpor.executions, naive.executions);
        naive_sum += naive.executions;
        dpor_sum += dpor.executions;
      });
  EXPECT_LT(dpor_sum * 2, naive_sum);
}

}  // namespace lockstep
