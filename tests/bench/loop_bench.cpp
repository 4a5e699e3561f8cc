// The scheduler loop of lockstep against a bare one, pair by pair in one run: `loop_bench [rounds]
// [seconds] [filter]`. Prints for each workload both rates and the median of the ratios
// bare/lockstep (1.5 is the bar), and exits 0 whatever they are: a figure is for reading, not for a
// test.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/explore/explorer.h"
#include "engine/schedule/strategy.h"
#include "tests/bench/bare_loop.h"
#include "vm/system/program.h"

using namespace lockstep;

namespace {

struct Workload {
  const char* name;
  const char* strategy;
  bool by_steps;  // compare steps a second; else executions a second
  int processes;
  const char* bare;   // function body(id)
  const char* guest;  // body of the scenario
  const char* options;
};

const char* const kHead =
    "local lockstep = require 'lockstep'\n"
    // the full runtime, as a real scenario has it
    "for _, name in ipairs { 'gen_server', 'gen_statem', 'supervisor', 'dynamic_supervisor', "
    "'agent', 'task', 'task_supervisor', 'registry', 'global', 'pg', 'rpc', 'erpc', 'cluster', "
    "'history', 'generator', 'model', 'checker' } do require('lockstep.' .. name) end\n"
    "local spawn, self, send, recv = lockstep.spawn, lockstep.self, lockstep.send, lockstep.recv\n"
    "local atomics, ets = lockstep.atomics, lockstep.ets\n"
    "local get, put, add = atomics.get, atomics.put, atomics.add\n"
    "local insert, lookup_element = ets.insert, ets.lookup_element\n";

const Workload kWorkloads[] = {
    {"4 x 1000 atomic adds, random", "random", true, 4,
     "function body(id) for i = 1, 1000 do add(1) end end",
     "local a = atomics.new(1) for k = 1, 4 do spawn(function() for i = 1, 1000 do add(a, 1, 1) "
     "end end) end",
     "drain = true"},
    {"4 x 1000 atomic adds, pct", "pct", true, 4,
     "function body(id) for i = 1, 1000 do add(1) end end",
     "local a = atomics.new(1) for k = 1, 4 do spawn(function() for i = 1, 1000 do add(a, 1, 1) "
     "end end) end",
     "drain = true"},
    {"4 x 1000 atomic adds, pos", "pos", true, 4,
     "function body(id) for i = 1, 1000 do add(1) end end",
     "local a = atomics.new(1) for k = 1, 4 do spawn(function() for i = 1, 1000 do add(a, 1, 1) "
     "end end) end",
     "drain = true"},
    {"2 x 1 get and put, random", "random", false, 2, "function body(id) put(get() + 1) end",
     "local a = atomics.new(1) for k = 1, 2 do spawn(function() put(a, 1, get(a, 1) + 1) end) end",
     "drain = true"},
    {"4 x 1 get and put, random", "random", false, 4, "function body(id) put(get() + 1) end",
     "local a = atomics.new(1) for k = 1, 4 do spawn(function() put(a, 1, get(a, 1) + 1) end) end",
     "drain = true"},
    {"4 x 100 table operations, random", "random", true, 4,
     "function body(id) for i = 1, 100 do insert(1, (lookup(1) or 0) + 1) end end",
     "local t, me = ets.new('t', {'public'}), self() insert(t, {1, 0}) "
     "for k = 1, 4 do spawn(function() for i = 1, 100 do insert(t, {1, lookup_element(t, 1, 2) + "
     "1}) end send(me, k) end) end "
     "for k = 1, 4 do recv() end",
     ""},
    {"1000 integer messages, random", "random", true, 2,
     "function body(id) if id == 0 then for i = 1, 500 do send(1, i) recv() end else for i = 1, "
     "500 do send(0, recv()) end end end",
     "local me = self() local p = spawn(function() for i = 1, 500 do send(me, recv()) end end) for "
     "i = 1, 500 do send(p, i) recv() end",
     ""},
};

struct Rate {
  double executions, steps;
};

Rate run_lockstep(const Workload& w, double seconds) {
  std::string text = std::string(kHead) + "lockstep.scenario('bench', {" + w.options +
                     "}, function() " + w.guest + " end)";
  const auto program = vm::Program::from_sources({{"bench.lua", text}});
  vm::MachineOptions machine;
  machine.drain = std::strstr(w.options, "drain") != nullptr;
  ExploreOptions options;
  options.strategy = w.strategy;
  // By count, not by wall time: the machine may be shared. Doubled until it is long enough; loading
  // is not counted.
  std::unique_ptr<System> spare;
  for (options.iterations = 500;; options.iterations *= 2) {
    spare = vm::make_machine(program, "bench", machine);
    const double start = bench::cpu_now();
    const ExploreResult r = explore([&] { return std::move(spare); }, options);
    const double cpu = bench::cpu_now() - start;
    if (!r.findings.empty() || r.misuse) {
      std::fprintf(
          stderr, "%s: %s\n", w.name,
          r.misuse ? r.misuse->outcome.reason.c_str() : r.findings[0].outcome.reason.c_str());
      return {0, 0};
    }
    if (cpu >= seconds)
      return {static_cast<double>(r.iterations) / cpu, static_cast<double>(r.steps) / cpu};
  }
}

// What an execution costs before its first operation (the image restored, the root started and
// ended), and what a spawn with a captured closure adds, beside a bare resume and yield.
void print_costs(double seconds) {
  const auto bare =
      bench::run_bare("function body(id) for i = 1, 1000 do add(1) end end", 1, false, seconds);
  const double resume = bare.cpu_seconds / static_cast<double>(bare.steps);
  const auto each = [&](const char* guest) {
    return 1 /
           run_lockstep({"", "random", false, 1, "", guest, "drain = true"}, seconds).executions;
  };
  const double restart = each("");
  const double spawns =
      each("local n, t = 1, {} for k = 1, 100 do spawn(function() t[1] = n + k end) end");
  const double spawn = (spawns - restart) / 100;
  std::printf("%-40s %13.0f ns\n", "bare resume and yield", resume * 1e9);
  std::printf("%-40s %13.0f ns %8.1f times that\n", "restart, all behaviours loaded", restart * 1e9,
              restart / resume);
  std::printf("%-40s %13.0f ns %8.1f times that\n", "spawn, captured closure, its run and end",
              spawn * 1e9, spawn / resume);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 0.3;
  const char* filter = argc > 3 ? argv[3] : "";
  if (!*filter || std::strstr("costs", filter)) print_costs(seconds);
  std::printf("%-40s %16s %16s %8s %8s %8s\n", "workload", "bare /s", "lockstep /s", "median",
              "min", "max");
  for (const Workload& w : kWorkloads) {
    if (!std::strstr(w.name, filter)) continue;
    std::vector<double> ratios;
    double bare_rate = 0, rate = 0;
    for (int i = 0; i < rounds; i++) {
      const auto b =
          bench::run_bare(w.bare, w.processes, std::strcmp(w.strategy, "pct") == 0, seconds);
      const Rate r = run_lockstep(w, seconds);
      bare_rate = (w.by_steps ? static_cast<double>(b.steps) : static_cast<double>(b.executions)) /
                  b.cpu_seconds;
      rate = w.by_steps ? r.steps : r.executions;
      ratios.push_back(bare_rate / rate);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("%-40s %16.0f %16.0f %8.2f %8.2f %8.2f\n", w.name, bare_rate, rate,
                ratios[ratios.size() / 2], ratios.front(), ratios.back());
    std::fflush(stdout);
  }
  return 0;
}
