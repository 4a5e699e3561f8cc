// Waits that spin, under searches that take them to be fair: published programs with counts worked
// out by hand, and random ones against an explicit search of a model that knows no rounds at all.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/vm/random_programs.h"

namespace lockstep {
namespace {

const std::string kAtomics = "local atomics = lockstep.atomics\n";

// `n` processes that run `steps` with their number as `i`; the root goes on when nobody else can,
// so that it adds nothing that could come in another order.
std::string processes(int n, const std::string& steps) {
  return fmt::format(
      "for i = 1, {} do\n  lockstep.spawn(function()\n{}  end)\nend\nlockstep.sleep(1000)\n", n,
      steps);
}

// A count that each increments by reading and writing, in a critical section.
std::string counted_under(int n, const std::string& setup, const std::string& acquire,
                          const std::string& release) {
  return kAtomics + "local cell = atomics.new(1)\n" + setup +
         processes(n, acquire +
                          "    local v = atomics.get(cell, 1)\n"
                          "    atomics.put(cell, 1, v + 1)\n" +
                          release) +
         fmt::format("assert(atomics.get(cell, 1) == {})\n", n);
}

const std::string kTestAndSet =
    "    while atomics.compare_exchange(l, 1, 0, 1) ~= 'ok' do {} end\n";
const std::string kTestAndTestAndSet =
    "    repeat while atomics.get(l, 1) == 1 do {} end\n"
    "    until atomics.exchange(l, 1, 1) == 0\n";
const std::string kFree = "    atomics.put(l, 1, 0)\n";
const std::string kTicket =
    "    local t = atomics.add_get(l, 1, 1)\n"
    "    while atomics.get(l, 2) ~= t - 1 do {} end\n";
const std::string kNext = "    atomics.add(l, 2, 1)\n";
const std::string kInsertNew = "    while not ets.insert_new(t, {{ 'l' }}) do {} end\n";
const std::string kDelete = "    ets.delete(t, 'l')\n";

std::string with_pause(const std::string& loop, bool yields) {
  return fmt::format(fmt::runtime(loop), yields ? "lockstep.yield()" : "");
}

Seen spun(const char* strategy, const std::string& body, vm::MachineOptions machine = {}) {
  return all_of(strategy, program_of(body), "p", {}, machine, 200'000);
}

// Each of n processes takes the lock once and finds it free at its last try only, so what counts is
// the order in which they enter: n!.
TEST(Spin, LocksAreTakenInAsManyOrdersAsThereAre) {
  struct Lock {
    std::string setup, acquire, release;
  };
  const Lock locks[] = {{"local l = atomics.new(1)\n", kTestAndSet, kFree},
                        {"local l = atomics.new(2)\n", kTicket, kNext},
                        {"local t = ets.new('t', { 'public' })\n", kInsertNew, kDelete}};
  const uint64_t factorial[] = {1, 1, 2, 6, 24};
  for (const Lock& lock : locks)
    for (const bool yields : {false, true})
      for (int n = 2; n <= 4; n++) {
        const std::string body =
            counted_under(n, lock.setup, with_pause(lock.acquire, yields), lock.release);
        SCOPED_TRACE(body);
        const Seen seen = spun("dpor", body);
        EXPECT_TRUE(seen.complete);
        EXPECT_EQ(seen.classes(), factorial[n]);
        EXPECT_EQ(seen.outcomes, std::set<std::string>{"passed "});
        if (n > 2) continue;
        EXPECT_EQ(spun("dfs", body).outcomes, seen.outcomes);
        EXPECT_EQ(spun("cache", body).outcomes, seen.outcomes);
      }
}

// The exchange of a process that saw the lock free writes even where it comes too late, so there is
// more to tell apart than the order of entry; every outcome is there all the same.
TEST(Spin, TestAndTestAndSet) {
  for (int n = 2; n <= 3; n++) {
    const std::string body =
        counted_under(n, "local l = atomics.new(1)\n", with_pause(kTestAndTestAndSet, true), kFree);
    const Seen seen = spun("dpor", body);
    EXPECT_TRUE(seen.complete);
    EXPECT_EQ(seen.outcomes, std::set<std::string>{"passed "});
    if (n == 2) {
      EXPECT_EQ(spun("dfs", body).outcomes, seen.outcomes);
    }
  }
}

// A reader of a sequence lock succeeds where it read one even number twice, and then everything in
// between belongs to one write: w + 1 classes for w writes, whatever the reader's failed tries
// were.
TEST(Spin, SequenceLock) {
  for (int w = 1; w <= 4; w++) {
    const std::string body =
        kAtomics +
        fmt::format(
            "local s = atomics.new(3)\n"
            "lockstep.spawn(function()\n  for v = 1, {} do\n"
            "    atomics.put(s, 1, 2 * v - 1)\n    atomics.put(s, 2, v)\n    atomics.put(s, 3, v)\n"
            "    atomics.put(s, 1, 2 * v)\n  end\nend)\n"
            "local found = atomics.new(2)\n"
            "lockstep.spawn(function()\n  while true do\n    local before = atomics.get(s, 1)\n"
            "    if before % 2 == 0 then\n"
            "      local a, b = atomics.get(s, 2), atomics.get(s, 3)\n"
            "      if atomics.get(s, 1) == before then\n        atomics.put(found, 1, a)\n"
            "        atomics.put(found, 2, b)\n        return\n      end\n    end\n  end\nend)\n"
            "lockstep.sleep(1000)\n"
            "error(atomics.get(found, 1) .. '=' .. atomics.get(found, 2), 0)\n",
            w);
    SCOPED_TRACE(body);
    const Seen seen = spun("dpor", body);
    EXPECT_TRUE(seen.complete);
    EXPECT_EQ(seen.classes(), w + 1u);
    std::set<std::string> expected;
    for (int v = 0; v <= w; v++) expected.insert(fmt::format("assertion {}={}", v, v));
    EXPECT_EQ(seen.outcomes, expected);
    EXPECT_EQ(spun("cache", body).outcomes, expected);
  }
}

// Who comes last lets all go on: what counts is the order of arrival.
TEST(Spin, Barrier) {
  for (int n = 2; n <= 4; n++) {
    const Seen seen =
        spun("dpor", kAtomics + "local b = atomics.new(2)\n" +
                         processes(n, fmt::format("    if atomics.add_get(b, 1, 1) == {} then\n"
                                                  "      atomics.put(b, 2, 1)\n    else\n"
                                                  "      while atomics.get(b, 2) == 0 do end\n"
                                                  "    end\n",
                                                  n)));
    EXPECT_TRUE(seen.complete);
    EXPECT_EQ(seen.classes(), n == 2 ? 2u : n == 3 ? 6u : 24u);
    EXPECT_EQ(seen.outcomes, std::set<std::string>{"passed "});
  }
}

TEST(Spin, WhoeverGoesRoundForEverIsALivelock) {
  const std::string take = "    while atomics.compare_exchange(l, {}, 0, 1) ~= 'ok' do end\n";
  const std::string both = kAtomics + "local l = atomics.new(2)\n" +
                           "local root = lockstep.self()\n"
                           "local function worker(i)\n" +
                           fmt::format(fmt::runtime(take), "i") +
                           fmt::format(fmt::runtime(take), "3 - i") +
                           "    atomics.put(l, 1, 0)\n    atomics.put(l, 2, 0)\n"
                           "    lockstep.send(root, i)\nend\n"
                           "for i = 1, 2 do lockstep.spawn(worker, i) end\n"
                           "lockstep.recv()\nlockstep.recv()\n";
  const std::set<std::string> expected = {
      "liveness livelock: P1(worker), P2(worker) can only go round for ever, and nothing else can "
      "happen",
      "passed "};
  for (const char* strategy : {"dfs", "dpor", "cache"}) {
    const Seen seen = spun(strategy, both);
    EXPECT_TRUE(seen.complete);
    EXPECT_EQ(seen.outcomes, expected) << strategy;
  }
}

// A write that changes nothing comes after the last look or before it. Where it came after, the
// wait would look once more, and finds the same.
TEST(Spin, AWriteThatChangesNothingIsNoWayOut) {
  const std::string body = kAtomics +
                           "local a = atomics.new(1)\n"
                           "lockstep.spawn(function() atomics.put(a, 1, 0) end)\n"
                           "while atomics.get(a, 1) == 0 do lockstep.yield() end\n";
  for (const char* strategy : {"dfs", "dpor", "cache"})
    EXPECT_EQ(spun(strategy, body).outcomes,
              std::set<std::string>{
                  "liveness livelock: P0(root) can only go round for ever, and nothing else can "
                  "happen"})
        << strategy;
}

// Rounds that do more than look are not cut short: they end as they did.
TEST(Spin, OnlyRoundsThatOnlyLook) {
  const char* const bodies[] = {
      // counts by itself
      "for _ = 1, 5 do atomics.get(a, 1) end error('5', 0)\n",
      "local n = { 0 }\nwhile n[1] < 5 do n[1] = n[1] + 1 lockstep.yield() end error('5', 0)\n",
      "while (lockstep.get('n') or 0) < 5 do lockstep.put('n', (lockstep.get('n') or 0) + 1) "
      "lockstep.yield() end error('5', 0)\n",
      // counts elsewhere
      "while atomics.get(a, 1) < 5 do atomics.add(a, 1, 1) end error('5', 0)\n",
      "while atomics.add_get(a, 1, 1) < 5 do end error('5', 0)\n",
      // ... in one operation with another that finds that it must wait
      "local t = ets.new('t', { 'public' }) ets.insert(t, { 'n', 0 })\n"
      "local function up() ets.update_counter(t, 'n', 1) ets.insert_new(t, { 'n', 0 }) end\n"
      "while ets.lookup_element(t, 'n', 2) < 5 do ets.transaction(t, { 'n' }, up) end "
      "error('5', 0)\n",
      // time, chance, messages of its own
      "while lockstep.now() < 5 do lockstep.sleep(1) end error('5', 0)\n",
      "repeat lockstep.yield() until lockstep.random(1, 9) == 5 error('5', 0)\n",
      "repeat until lockstep.recv_first(function() return false end, 1) or lockstep.now() == 5 "
      "error('5', 0)\n",
      "for i = 1, 4 do lockstep.send(lockstep.self(), i) end\n"
      "local n = 0 repeat n = n + 1 until not lockstep.recv(0) error(n, 0)\n",
      // a coroutine's frames are not compared, so nothing is said of them
      "local c = coroutine.wrap(function() for i = 1, 5 do atomics.get(a, 1) coroutine.yield(i) "
      "end end)\nrepeat lockstep.yield() until c() == 5 error('5', 0)\n"};
  for (const char* body : bodies)
    for (const char* strategy : {"dfs", "dpor", "cache"})
      EXPECT_EQ(spun(strategy, kAtomics + "local a = atomics.new(1)\n" + body).outcomes,
                std::set<std::string>{"assertion 5"})
          << body << strategy;
}

// What pcall calls has no place in Lua's code of its own: the place is that of the pcall.
TEST(Spin, RoundsThroughPcall) {
  const std::string looks =
      "local function try(note, f, ...) local r = table.pack(pcall(f, ...)) end\n"
      "local root = lockstep.self()\n"
      "local t = ets.new('tab', { 'ordered_set', 'public', { 'heir', root, 'hd' } })\n"
      "ets.insert(t, { 2, 1 })\n"
      "lockstep.spawn(function() try(nil, ets.safe_fixtable, t, false) end)\n"
      "lockstep.spawn(function()\n"
      "  try(nil, ets.lookup, t, 2)\n  try(nil, ets.update_element, t, 2, { 2, 1 })\n"
      "  try(nil, ets.foldr, function(x, sum) return sum * 10 + (x[2] or 0) end, 1, t)\nend)\n"
      "lockstep.sleep(60000)\n"
      "for _, k in ipairs { 1, 2 } do end\n";
  const std::string waits = kAtomics +
                            "local a = atomics.new(1)\n"
                            "lockstep.spawn(function() atomics.put(a, 1, 1) end)\n"
                            "repeat local _, v = pcall(atomics.get, a, 1) until v == 1\n";
  for (const char* strategy : {"dfs", "dpor", "cache"})
    for (const std::string& body : {looks, waits}) {
      const Seen seen = spun(strategy, body);
      EXPECT_TRUE(seen.complete);
      EXPECT_EQ(seen.outcomes, std::set<std::string>{"passed "}) << body << strategy;
    }
}

// All values of a choice are looked at, also in a round that would only look.
TEST(Spin, ChoicesAreMade) {
  for (const char* strategy : {"dfs", "dpor", "cache"}) {
    const Seen seen =
        spun(strategy, kAtomics +
                           "local a = atomics.new(1)\n"
                           "for round = 1, 2 do\n"
                           "  atomics.get(a, 1)\n"
                           "  if lockstep.choose(2) == 2 then error(round, 0) end\nend\n");
    EXPECT_EQ(seen.outcomes, (std::set<std::string>{"assertion 1", "assertion 2", "passed "}));
  }
}

// Time that moves only when nothing else can happen moves while all that could happen is going
// round; each that goes round looks again then.
TEST(Spin, TimePasses) {
  for (const char* strategy : {"dfs", "dpor", "cache"})
    for (const bool racy : {false, true}) {
      vm::MachineOptions machine;
      machine.timers = racy ? vm::TimerMode::racy : vm::TimerMode::quiescent;
      EXPECT_EQ(spun(strategy,
                     kAtomics + "local a = atomics.new(1)\n"
                                "lockstep.spawn(function() lockstep.sleep(2) atomics.put(a, 1, 1) "
                                "lockstep.sleep(2) atomics.put(a, 1, 2) end)\n"
                                "while atomics.get(a, 1) < 2 do lockstep.yield() end\n",
                     machine)
                    .outcomes,
                std::set<std::string>{"passed "})
          << strategy << racy;
    }
}

// Whoever goes round can be killed, by others and by faults, and a message can reach it.
TEST(Spin, TheEndOfOneThatGoesRound) {
  for (const char* strategy : {"dfs", "dpor", "cache"}) {
    EXPECT_EQ(spun(strategy, kAtomics + "local a = atomics.new(1)\n"
                                        "local p, ref = lockstep.spawn_monitor(function()\n"
                                        "  while atomics.get(a, 1) == 0 do end\nend)\n"
                                        "lockstep.exit(p, 'kill')\nerror(lockstep.recv()[5], 0)\n")
                  .outcomes,
              std::set<std::string>{"assertion killed"})
        << strategy;
    EXPECT_EQ(spun(strategy,
                   "local root = lockstep.self()\n"
                   "local p = lockstep.spawn(function()\n"
                   "  repeat until lockstep.recv_first('go', 0)\n"
                   "  lockstep.send(root, lockstep.recv(0) or 'nothing')\nend)\n"
                   "lockstep.send(p, 'noise')\nlockstep.send(p, 'go')\nerror(lockstep.recv(), 0)\n")
                  .outcomes,
              std::set<std::string>{"assertion noise"})
        << strategy;
  }
}

// ---- random programs, against a model ----

constexpr int kSlots = 2;

// What a process does, in the model and in Lua. `put`, `add` and `note` are single operations;
// `until` waits for a value, `both` for two of them that it reads one after the other, `take` and
// `free` are a lock, `send` and `poll` messages.
struct Act {
  enum Kind { put, add, note, until, both, take, free, send, poll } kind;
  int slot, value;
  bool yields;
};
using Acts = std::vector<std::vector<Act>>;

Acts random_acts(Prng& rng, bool polls) {
  Acts all(2 + (rng.below(4) == 0));
  for (auto& acts : all) {
    const uint32_t n = 1 + rng.below(all.size() == 2 ? 4 : 2);
    for (uint32_t i = 0; i < n; i++)
      acts.push_back({static_cast<Act::Kind>(rng.below(polls ? 9 : 8)),
                      static_cast<int>(rng.below(kSlots)), static_cast<int>(1 + rng.below(2)),
                      rng.below(2) == 0});
  }
  return all;
}

// `before`: what the root does first.
std::string in_lua(const Acts& all, const std::string& before) {
  std::string s = kAtomics + before + kLog + "local a, locks = atomics.new(2), atomics.new(2)\n";
  for (size_t p = 0; p < all.size(); p++) {
    s += fmt::format("pids[{}] = lockstep.spawn(function(first)\n  local saw = ''\n", p + 1);
    for (const Act& act : all[p]) {
      const int k = act.slot + 1, v = act.value;
      const char* pause = act.yields ? "lockstep.yield() " : "";
      switch (act.kind) {
        case Act::put:
          s += fmt::format("  atomics.put(a, {}, {})\n", k, v);
          break;
        case Act::add:
          s += fmt::format("  atomics.add(a, {}, {})\n", k, v);
          break;
        case Act::note:
          s += fmt::format("  saw = saw .. atomics.get(a, {})\n", k);
          break;
        case Act::until:
          s += fmt::format("  while atomics.get(a, {}) ~= {} do {}end\n", k, v, pause);
          break;
        case Act::both:
          s += fmt::format("  while atomics.get(a, {}) < {} or atomics.get(a, {}) < {} do {}end\n",
                           k, v, kSlots + 1 - k, 3 - v, pause);
          break;
        case Act::take:
          s += fmt::format("  while atomics.compare_exchange(locks, {}, 0, 1) ~= 'ok' do {}end\n",
                           k, pause);
          break;
        case Act::free:
          s += fmt::format("  atomics.put(locks, {}, 0)\n", k);
          break;
        case Act::send:
          s += "  lockstep.send(first or lockstep.self(), 'm')\n";
          break;
        case Act::poll:
          s += fmt::format("  while not lockstep.recv(0) do {}end\n", pause);
          break;
      }
    }
    s += fmt::format("  ets.insert(log, {{ {}, saw }})\nend, pids[1])\n", p + 1);
  }
  return s + tell_all(static_cast<uint32_t>(all.size()),
                      " .. ' ' .. atomics.get(a, 1) .. atomics.get(a, 2)");
}

struct Model {
  const Acts& acts;
  struct State {
    int slots[kSlots] = {}, locks[kSlots] = {}, mail[3] = {};
    size_t at[3] = {};
    bool second[3] = {};  // of Act::both: the first value was there
    std::string saw[3];
    bool operator<(const State& o) const {
      const auto tie = [](const State& s) {
        return std::tuple(std::to_array(s.slots), std::to_array(s.locks), std::to_array(s.mail),
                          std::to_array(s.at), std::to_array(s.second), s.saw[0], s.saw[1],
                          s.saw[2]);
      };
      return tie(*this) < tie(o);
    }
  };
  std::set<State> met = {};
  std::set<std::string> outcomes = {};

  // The process goes on, if it can by itself; an attempt that fails is no step, but that a wait for
  // two values forgets the first.
  bool step(State& s, size_t p) const {
    if (s.at[p] == acts[p].size()) return false;
    const Act& act = acts[p][s.at[p]];
    const int other = kSlots - 1 - act.slot;
    switch (act.kind) {
      case Act::put:
        s.slots[act.slot] = act.value;
        break;
      case Act::add:
        s.slots[act.slot] += act.value;
        break;
      case Act::note:
        s.saw[p] += std::to_string(s.slots[act.slot]);
        break;
      case Act::until:
        if (s.slots[act.slot] != act.value) return false;
        break;
      case Act::both:
        if (!s.second[p]) {
          if (s.slots[act.slot] < act.value) return false;
          return s.second[p] = true;
        }
        s.second[p] = false;
        if (s.slots[other] < 3 - act.value) return true;
        break;
      case Act::take:
        if (s.locks[act.slot]) return false;
        s.locks[act.slot] = 1;
        break;
      case Act::free:
        s.locks[act.slot] = 0;
        break;
      case Act::send:
        s.mail[0]++;
        break;
      case Act::poll:
        if (!s.mail[p]) return false;
        s.mail[p]--;
        break;
    }
    s.at[p]++;
    return true;
  }
  // Waits for two values that it will not get.
  bool goes_round(const State& s, size_t p) const {
    if (s.at[p] == acts[p].size() || acts[p][s.at[p]].kind != Act::both) return false;
    const Act& act = acts[p][s.at[p]];
    return s.slots[act.slot] < act.value || s.slots[kSlots - 1 - act.slot] < 3 - act.value;
  }
  void explore(const State& s) {
    if (!met.insert(s).second) return;
    bool over = true;
    for (size_t p = 0; p < acts.size(); p++) {
      State next = s;
      if (!step(next, p)) continue;
      over = over && goes_round(s, p);
      explore(next);
    }
    if (!over) return;
    std::string text;
    for (size_t p = 0; p < acts.size(); p++)
      text += " |" + (s.at[p] == acts[p].size() ? s.saw[p] : "?");
    text += " " + std::to_string(s.slots[0]) + std::to_string(s.slots[1]);
    outcomes.insert("assertion " + text);
  }
};

// The root sleeps until all others have ended or go round for ever, and tells what it finds.
void compare_with_model(const std::vector<const char*>& strategies, uint64_t seed, int usual,
                        const Reduce& reduce = {}, const std::string& before = "") {
  Prng rng(random_seed(seed));
  const int programs = random_programs(usual);
  int stuck = 0, compared = 0;
  uint64_t counted = 0, left_out = 0;
  for (int i = 0; i < programs; i++) {
    const Acts acts = random_acts(rng, !reduce.needs_mail());
    const std::string body = in_lua(acts, before);
    SCOPED_TRACE(body);
    Model model{acts};
    model.explore({});
    const vm::Program program = program_of(body);
    for (const char* strategy : strategies) {
      const Seen seen = all_of(strategy, program, "p", reduce, {}, 3'000);
      if (!seen.complete) continue;
      compared++;
      counted += seen.classes();
      left_out += seen.blocked;
      for (const auto& outcome : seen.outcomes) stuck += outcome.find('?') != std::string::npos;
      ASSERT_EQ(seen.outcomes, model.outcomes) << strategy;
    }
  }
  EXPECT_GT(stuck, compared / 8);
  EXPECT_GT(compared, programs / 2 * static_cast<int>(strategies.size()));
  if (programs != usual)
    fmt::print("{} of {} searches ended: {} executions, {} left out, {} stuck outcomes\n", compared,
               programs * static_cast<int>(strategies.size()), counted, left_out, stuck);
}

// A round after which something is not as it was, though all variables are equal: which table is
// which, what the next reference is called, how many tables had a text, a flag, a label. It may go
// round any number of times before it sees the put, so the third time fails.
TEST(Spin, ARoundThatChangesWhatIsNoVariableIsNone) {
  const struct {
    const char *setup, *round;
  } cases[] = {
      {"local h = { {}, {} }\n", "assert(h[1] ~= h[2]) h[1] = h[2]"},
      {"local h = { { {} }, { {} } }\n", "assert(h[1][1] ~= h[2][1]) h[1][1] = h[2][1]"},
      {"local function f() return function() end end\nlocal h = { f(), f() }\n",
       "assert(h[1] ~= h[2]) h[1] = h[2]"},
      {"", "assert(not tostring(lockstep.make_ref()):find('%.3>'))"},
      {"", "assert(not tostring(lockstep.alias()):find('%.3>'))"},
      {"", "assert(not tostring(atomics.new(1)):find('%.3>'))"},
      {"",
       "local _, e = pcall(lockstep.error, lockstep.make_ref())\n"
       "assert(not tostring(e):find('%.3>')) _, e = nil, nil"},
      {"", "assert(not tostring({}):find('#3'))"},
      {"",
       "assert(not string.format('%s', print):find('#3') and not ('%s'):format({}):find('#3'))"},
      {"",
       "local n = lockstep.flag('min_heap_size', 0)\n"
       "lockstep.flag('min_heap_size', n + 1) assert(n < 235) n = nil"},
  };
  for (const auto& c : cases) {
    const std::string body = kAtomics + c.setup +
                             "local a = atomics.new(1)\nlockstep.spawn(atomics.put, a, 1, 1)\n"
                             "while atomics.get(a, 1) == 0 do\n" +
                             c.round + "\nlockstep.yield()\nend\nerror('seen', 0)\n";
    SCOPED_TRACE(body);
    vm::MachineOptions machine;
    machine.limits.max_steps = 60;
    for (const char* strategy : {"dpor", "cache", "dfs"}) {
      const std::set<std::string> outcomes = spun(strategy, body, machine).outcomes;
      EXPECT_TRUE(outcomes.contains("assertion seen")) << strategy;
      EXPECT_TRUE(std::any_of(outcomes.begin(), outcomes.end(), [](const std::string& outcome) {
        return outcome.find("assertion failed!") != std::string::npos;
      })) << strategy;
    }
  }
}

TEST(Spin, RandomProgramsEndAsTheModelSays) { compare_with_model({"dpor", "cache"}, 11, 400); }
// Executions that are gone back to by images, some of them made before it was known what to look
// at.
TEST(Spin, RandomProgramsAfterALongStart) {
  compare_with_model({"dpor", "cache"}, 13, 60, {},
                     "local z = atomics.new(1)\n"
                     "for _ = 1, 40 do lockstep.yield() atomics.put(z, 1, 1) end\n");
}
TEST(Spin, RandomProgramsUnderReductions) {
  compare_with_model({"dpor"}, 14, 100, {.equal_writes = true, .unused_increments = true});
  compare_with_model({"dpor"}, 15, 100,
                     {.equal_writes = true,
                      .unused_increments = true,
                      .unobserved_sends = true,
                      .equal_messages = true});
}
TEST(Spin, RandomProgramsEndAsTheModelSaysByEverySchedule) { compare_with_model({"dfs"}, 12, 80); }

}  // namespace
}  // namespace lockstep
