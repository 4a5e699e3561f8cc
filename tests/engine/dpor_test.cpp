// The reduction against the golden counts: classes by closed form, by other tools, and by the naive
// search.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "engine/base/prng.h"
#include "tests/engine/class_tap.h"
#include "tests/engine/random_program.h"
#include "tests/engine/toy_system.h"
#include "tests/random_seed.h"

namespace lockstep {
namespace {

struct Count {
  uint64_t classes, failing, blocked;
};

Count dpor(const std::string& program, bool equal_writes = false, bool images = true) {
  ExploreOptions o;
  o.strategy = "dpor";
  o.iterations = 0;
  o.max_failures = 0;
  o.strategy_options.reduce.equal_writes = equal_writes;
  o.slice = UINT64_MAX;  // one part gives no execution up
  const ExploreResult r = explore(
      [&] {
        auto system = std::make_unique<ToySystem>(program, images);
        system->run_on = true;
        return system;
      },
      o);
  EXPECT_TRUE(r.exhausted);
  uint64_t failing = 0;
  for (const Finding& f : r.findings) failing += f.times;
  return {r.iterations - r.blocked, failing, r.blocked};
}

uint64_t classes(const std::string& program, bool equal_writes = false) {
  const Count with = dpor(program, equal_writes), without = dpor(program, equal_writes, false);
  EXPECT_EQ(with.classes, without.classes) << program << ": images must not change the search";
  return with.classes;
}

std::string repeat(const std::string& part, int n, const std::string& between = " ") {
  std::string s = part;
  for (int i = 1; i < n; i++) s += between + part;
  return s;
}
std::string processes(const std::string& part, int n) { return repeat(part, n, "|"); }

uint64_t factorial(uint64_t n) { return n < 2 ? 1 : n * factorial(n - 1); }

std::string lastzero(int n) {
  std::string s;
  for (int i = n; i > 0; i--) s += fmt::format("R{0} !{0}0 ", static_cast<char>('a' + i));
  s += "Ra";
  for (int i = 1; i <= n; i++)
    s += fmt::format("|R{} W{}1", static_cast<char>('a' + i - 1), static_cast<char>('a' + i));
  return s;
}

TEST(Dpor, Families) {
  for (int n = 1; n <= 8; n++) EXPECT_EQ(classes("Wx1|" + processes("Rx", n)), 1u << n);
  for (int n = 1; n <= 6; n++) {
    std::string writers;
    for (int i = 0; i < n; i++) writers += fmt::format("{}Wx{}", i ? "|" : "", i + 1);
    EXPECT_EQ(classes(writers), factorial(static_cast<uint64_t>(n)));
    EXPECT_EQ(classes(writers + "|Rx"), factorial(static_cast<uint64_t>(n) + 1));
    EXPECT_EQ(classes(processes("Ix", n)), factorial(static_cast<uint64_t>(n)));
    EXPECT_EQ(classes(processes("Lm Ix Um", n)), factorial(static_cast<uint64_t>(n)));
    EXPECT_EQ(classes(processes("Ax1", n)), 1u);
  }
  for (int n = 2; n <= 4; n++)
    EXPECT_EQ(classes(processes("Rx Wx1", n)),
              factorial(static_cast<uint64_t>(n)) * factorial(static_cast<uint64_t>(n)));
  const uint64_t golden[] = {2, 5, 12, 28, 64, 144, 320, 704, 1536, 3328};
  for (int n = 1; n <= 10; n++) EXPECT_EQ(classes(lastzero(n)), golden[n - 1]) << n;
  EXPECT_EQ(classes("Wx1 Ry|Wy1 Rx"), 3u);                                   // store buffering
  EXPECT_EQ(classes("Wx1 Wy1|Ry Rx"), 3u);                                   // message passing
  EXPECT_EQ(classes("Wx1|Wy1|Rx Ry|Ry Rx"), 15u);                            // IRIW
  EXPECT_EQ(classes(repeat("Lm Um", 4) + "|" + repeat("Lm Um", 4)), 70u);    // C(8, 4)
  EXPECT_EQ(classes(repeat("Lm Um", 7) + "|" + repeat("Lm Um", 7)), 3432u);  // circular buffer
  const uint64_t fib[] = {3, 19, 141};
  for (int n = 1; n <= 3; n++)
    EXPECT_EQ(classes(repeat("Ri Rj Wi", n) + "|" + repeat("Rj Ri Wj", n)), fib[n - 1]);
}

// Names for cells that the notation leaves free.
char cell(size_t i) {
  std::string names;
  for (char c = '!'; c <= '~'; c++)
    if (c != '$' && c != '|') names += c;
  return names.at(i);
}

// Threads allocate blocks for their own inodes, from block 2 i mod 26 on (Flanagan and Godefroid,
// 2005): the fourteenth meets the first.
std::string file_system(int threads) {
  std::map<std::pair<char, int>, size_t> cells;
  const auto name = [&](char kind, int i) {
    return cell(cells.try_emplace({kind, i}, cells.size()).first->second);
  };
  std::string all;
  for (int i = 0; i < threads; i++) {
    const char lock = name('i', i), inode = name('n', i);
    const int first = i * 2 % 26;
    // Take the first block if it is free, else the next, which nobody else wants.
    const char b = name('b', first), u = name('u', first), c = name('b', first + 1),
               v = name('u', first + 1);
    all += fmt::format(
        "{0}L{1} R{2} L{3} R{4} K{4}15 W{4}1 W{2}1 U{3} U{1} ?{4}1 U{3} L{5} R{6} "
        "W{6}1 W{2}1 U{5} U{1}",
        i ? "|" : "", lock, inode, b, u, c, v);
  }
  return all;
}

// Each thread enters four messages into a hash table of 128 places by compare and set, from place
// 7 (11 m + thread) mod 128 on (the same paper): the twelfth meets the first. A message whose place
// nobody else wants is alone with it, and left out.
std::string indexer(int threads) {
  const auto first_place = [](int t, int m) { return (m * 11 + t) * 7 % 128; };
  std::map<int, int> wanted;
  for (int t = 0; t < threads; t++)
    for (int m = 1; m <= 4; m++) wanted[first_place(t, m)]++;
  std::map<int, size_t> cells;
  const auto name = [&](int place) {
    return cell(cells.try_emplace(place % 128, cells.size()).first->second);
  };
  std::string all;
  for (int t = 0; t < threads; t++) {
    all += t ? "|N" : "N";
    for (int m = 1; m <= 4; m++) {
      const int place = first_place(t, m);
      if (wanted[place] > 1)
        all += fmt::format(" Q{0} K{0}13 Q{1} K{1}11 Q{2}", name(place), name(place + 1),
                           name(place + 2));
    }
  }
  return all;
}

TEST(Dpor, PublishedPrograms) {
  for (const auto& [threads, n] : {std::pair{1, 1u},
                                   {8, 1u},
                                   {13, 1u},
                                   {14, 2u},
                                   {15, 4u},
                                   {16, 8u},
                                   {17, 16u},
                                   {18, 32u},
                                   {19, 64u},
                                   {20, 128u}})
    EXPECT_EQ(classes(file_system(threads)), n) << threads;
  for (const auto& [threads, n] :
       {std::pair{4, 1u}, {11, 1u}, {12, 8u}, {13, 64u}, {14, 512u}, {15, 4096u}})
    EXPECT_EQ(classes(indexer(threads)), n) << threads;
  const auto p = [](char a, char b, char c) {
    return fmt::format("R{0} K{0}12 W{1}1 ?{0}1 W{2}0", a, b, c);
  };
  const std::string etsi = p('x', 'y', 'z') + "|" + p('y', 'z', 'x') + "|" + p('z', 'x', 'y');
  EXPECT_EQ(classes(etsi), 7u);
  EXPECT_EQ(classes(etsi, true), 7u);
}

TEST(Dpor, DiningPhilosophersDeadlockOnce) {
  for (int n = 2; n <= 6; n++) {
    std::string s;
    for (int i = 0; i < n; i++)
      s += fmt::format("{0}L{1} L{2} U{2} U{1}", i ? "|" : "", static_cast<char>('a' + i),
                       static_cast<char>('a' + (i + 1) % n));
    const Count count = dpor(s);
    EXPECT_EQ(count.classes, (1u << n) - 1);
    EXPECT_EQ(count.failing, 1u);
  }
}

TEST(Dpor, BugPrograms) {
  EXPECT_EQ(classes("Wa1 Wb1|Wa1 Wb1|Ra Rb"), 36u);      // reorder(2, 1), reading each once
  EXPECT_EQ(classes("La Lb Ub Ua|Lb La Ua Ub"), 3u);     // deadlock01
  EXPECT_EQ(classes("Lm Ix Um|Lm Ix Um|Lm Rx Um"), 6u);  // lazy01
  EXPECT_EQ(classes("Lm Wa1 Um Ln Ra Wb2 Un|Lm Ra Um !a0 Ln Rb Un"), 3u);  // twostage(1, 1)
}

struct Table {
  const char* name;
  const char* program;
  uint64_t all, same_value;
};
const Table kTables[] = {
    {"depend_1", "Wz1|Wx1|Wy1|Rx ?x1 Ry ?y1 Rz|Ry ?y1 Rz", 12, 12},
    {"depend_2", "Wz1|Wy1|Ry ?y1 Rz|Wx1|Rx ?x1 Ry ?y1 Rz", 12, 12},
    {"depend_3", "Wz1|Wx1|Wy1 Wy2|Rx !x0 Ry !y0 Rz|Ry !y0 Rz", 30, 30},
    {"depend_5", "Wz1|Wx1|Wy1 Wy2|Rx !x0 Ry !y0 Rz|Rx", 12, 12},
    {"depend_6", "Ry Rz|Ry|Wz1|Wy1 Wy2", 18, 18},
    {"diff_dep_1", "Wx1|Wy1|Wz1|Rz ?z1 Rx|Ry ?y1 Rx", 9, 9},
    {"diff_dep_3", "Wx1|Wz1|Rz ?z1 Rx|Rx", 6, 6},
    {"ets_cross", "Wx1 Wy1|Wy2 Wx2", 3, 3},
    {"ets_dependencies", "Wx1|Wy2 Rx|Wz3 Rx", 4, 4},
    {"ets_dependencies_n(3)", "Wx1|Ra Rx|Rb Rx|Rc Rx", 8, 8},
    {"etsi_2", "Wx1|Wy1 Rx|Rx ?x1 Ry", 5, 5},
    {"etsi_3", "Wy1|Rz Rx ?x0 Ry|Wx1", 3, 3},
    {"etsi_4", "Wy1|Rx Ry|Wx1", 4, 4},
    {"etsi_5", "Wy1|Wx1|Rx ?x0 Wz1|Rx Ry|Rz", 12, 12},
    {"hairbrush_teeth_1", "Wx1 Wx2|Rx Rx", 6, 6},
    {"hairbrush_teeth_2", "Wx1 Wx2 Wx3|Rx Rx Rx", 20, 20},
    {"hairbrush_teeth_3", "Wx1 Wx2|Rx Rx|Rx Rx", 36, 36},
    {"hairbrush_teeth_4", "Wx1 Wx2 Wx3|Rx Rx Rx|Rx Rx Rx", 400, 400},
    {"many_initials", "Wx1|Wy1|Wz1|Ry Rz ?y1 ?z1 Rx", 5, 5},
    {"manywrite", "Wx1|Wx2|Wy1|Wy2", 4, 4},
    {"manywrite_2", "Ww1|Wx1|Wy1|Wx2|Wy2|Wz1|Wz2|Ww2", 16, 16},
    {"not_prerequisite_1", "Wx1 Wy1|Ry ?y1 Rx|Wy1", 7, 5},
    {"sleeping_races_1", "Wy1|Wx1|Rx ?x1 Ry", 3, 3},
    {"sleeping_races_3_read", "Wy1|Wx1|Rx|Rx ?x1 Ry", 6, 6},
    {"sleeping_races_3_write", "Wy1|Wx1|Wx2|Rx !x0 Ry", 10, 10},
    {"sleeping_races_4", "Wy1|Wx1|Rx|Rx ?x1 Ry|Ry", 12, 12},
    {"sleeping_races_6", "Ww1|Wx1|Wy1|Ry Wz1|Ry ?y1 Rz ?z1 Rx ?x1 Rw", 10, 10},
    {"conditional_readers", "Wx1|Ry ?y0 Rx Wy1|Ry ?y0 Rx Wy1", 12, 8},
    {"conditional_readers_2", "Wx1|Ry ?y0 Rx ?x1 Wy1|Ry ?y0 Rx ?x1 Wy1", 7, 6},
    {"two_writers_readers_1", "Wx1 Wx2|Ry Rx|Ry Rx", 9, 9},
    {"wakeup_many", "Wx1|Wx0|Wx1", 6, 4},
    {"writeread", "Wx1|Wx1 Rx|Wx0 Rx", 22, 18},
    {"ets_writing_same", "Wx2|Rx ?x2 Ry|Wy1 Wx2", 7, 5},
    {"complete_test_1", "Wy1|Wx1|Rx ?x0 Ry|Rx Ry|Wx2", 48, 48},
    {"combination_lock_1", "Wz1|Wx1 Wa1 Ry ?y1 Ww1 Wb0|Rx ?x1 Wy1 Wc0 Rv ?v1 Rz|Rw ?w1 Wv1 Wd0", 6,
     6},
    {"long_chain",
     "Wx1 Ww1|Rx ?x1 Wy1|Ry ?y1 Wa1|Ra ?a1 Wb1|Rb ?b1 Wc1|Rc ?c1 Wz1|Ra ?a1 Rw|Rz ?z1 Rw", 20, 20},
};

TEST(Dpor, TablePrograms) {
  for (const Table& t : kTables) {
    EXPECT_EQ(classes(t.program), t.all) << t.name;
    EXPECT_EQ(classes(t.program, true), t.same_value) << t.name;
  }
}

TEST(Dpor, Messages) {
  EXPECT_EQ(classes("Ta Tb Tc|S0a|S0b|S0c"),
            6u);  // indifferent senders, plain Mazurkiewicz; observers would give 1
  EXPECT_EQ(classes("S2a|S3b|T S4a|T S4b|T T"), 2u);  // independent receivers
  EXPECT_EQ(classes("T T|S0a|S0a"), 2u);              // same messages
  EXPECT_EQ(classes("P P|S0a"), 3u);                  // before, between, after
  EXPECT_EQ(classes("T|S0a Wx1|Rx"), 2u);
}

TEST(Dpor, Values) {
  EXPECT_EQ(classes("Dd3 De2"), 6u);
  EXPECT_EQ(classes("Dd3 Wx1|Dd2 Wx2"), 12u);
  EXPECT_EQ(classes("Dd2 ?d1 Wx1|Rx"), 3u);  // chosen 0: nothing written; chosen 1: before or after
}

// A failing step ends the execution; what the others could have done instead is still explored.
TEST(Dpor, GoesOnAfterAFailureThatEndsTheExecution) {
  ExploreOptions o;
  o.strategy = "dpor";
  o.iterations = 0;
  o.max_failures = 0;
  const ExploreResult r = explore(ToySystem::factory("Rx ?x0 E|Y Y Y Ry ?y0 E|Wx1 Wy1"), o);
  EXPECT_TRUE(r.exhausted);
  EXPECT_EQ(r.findings.size(), 2u);
}

// ---- in parts ----

struct Whole {
  uint64_t executions, steps, blocked, failing;
  std::set<std::string> signatures;
  std::vector<uint64_t> found;  // iterations
  uint64_t pairs, both;
  friend bool operator==(const Whole&, const Whole&) = default;
};
Whole in_parts(const char* strategy, const std::string& program, uint64_t slice, unsigned workers) {
  ExploreOptions o;
  o.strategy = strategy;
  o.iterations = 0;
  o.max_failures = 0;
  o.slice = slice;
  o.workers = workers;
  const ExploreResult r = explore(
      [&] {
        auto system = std::make_unique<ToySystem>(program);
        system->run_on = true;
        return system;
      },
      o);
  EXPECT_TRUE(r.exhausted);
  EXPECT_EQ(r.share, 1);
  Whole w{r.iterations,           r.steps, r.blocked, 0, {}, {}, r.evidence.races.pairs(),
          r.evidence.races.both()};
  for (const Finding& f : r.findings) {
    w.failing += f.times;
    w.signatures.insert(f.outcome.signature());
    w.found.push_back(f.iteration);
  }
  return w;
}

// Cut up after every execution, and never: the same classes, the same failures. And for one way of
// cutting, the same everything whatever the workers are.
TEST(Dpor, PartsExecuteWhatTheWholeDoes) {
  const std::string programs[] = {
      lastzero(5),
      "Wx1|" + processes("Rx", 5),
      processes("Rx Wx1", 3),
      repeat("Lm Um", 4) + "|" + repeat("Lm Um", 4),
      "Dd3 Wx1|Dd2 Wx2|Rx",
      "T T|S0a|S0b",
      "La Lb Ub Ua|Lb Lc Uc Ub|Lc La Ua Uc",
      "Wz1|Wx1 Wa1 Ry ?y1 Ww1 Wb0|Rx ?x1 Wy1 Wc0 Rv ?v1 Rz|Rw ?w1 Wv1 Wd0"};
  for (const std::string& program : programs) {
    SCOPED_TRACE(program);
    const Whole whole = in_parts("dpor", program, UINT64_MAX, 1);
    for (const uint64_t slice : {1, 2, 5}) {
      const Whole one = in_parts("dpor", program, slice, 1);
      EXPECT_EQ(one.executions - one.blocked, whole.executions - whole.blocked);
      EXPECT_EQ(one.failing, whole.failing);
      EXPECT_EQ(one.signatures, whole.signatures);
      EXPECT_EQ(one.pairs, whole.pairs);
      for (const unsigned workers : {2u, 4u})
        EXPECT_EQ(in_parts("dpor", program, slice, workers), one);
    }
  }
}

TEST(Dpor, PartsOfRandomProgramsExecuteWhatTheWholeDoes) {
  Prng rng(99);
  for (int i = 0; i < 150; i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const Whole whole = in_parts("dpor", program, UINT64_MAX, 1),
                one = in_parts("dpor", program, 1, 1);
    EXPECT_EQ(one.executions - one.blocked, whole.executions - whole.blocked);
    EXPECT_EQ(one.failing, whole.failing);
    EXPECT_EQ(one.signatures, whole.signatures);
  }
}

// Where what the steps of a search take comes to half of what it may, values that were not seen yet
// tell no steps apart any more: more classes, the same failures, whatever the workers are. Where it
// comes to all of it, that is no proof.
TEST(Dpor, MemoryForStepsIsBounded) {
  Prng rng(7);
  const auto search = [](const std::string& program, uint64_t bytes, unsigned workers) {
    ExploreOptions o;
    o.strategy = "dpor";
    o.iterations = 0;
    o.max_failures = 0;
    o.slice = 1;
    o.workers = workers;
    o.strategy_options.reduce.equal_writes = true;
    o.strategy_options.step_bytes = bytes;
    return explore(ToySystem::factory(program), o);
  };
  const auto signatures = [](const ExploreResult& r) {
    std::set<std::string> all;
    for (const Finding& f : r.findings) all.insert(f.outcome.signature());
    return all;
  };
  uint64_t more = 0, gave_up = 0;
  for (int i = 0; i < 100; i++) {
    // Two equal writes that the first execution does not come to, and so are new later.
    const std::string program = i ? random_program(rng) : "Rx ?x1 Wy7|Rx ?x1 Wy7|Wx1";
    SCOPED_TRACE(program);
    const ExploreResult all = search(program, 1 << 20, 1);
    ASSERT_TRUE(all.exhausted);
    for (uint64_t bytes = 0; bytes < 4000; bytes += i ? 500 : 50) {
      const ExploreResult r = search(program, bytes, 1), three = search(program, bytes, 3);
      EXPECT_EQ(r.iterations, three.iterations);
      EXPECT_EQ(r.blocked, three.blocked);
      EXPECT_EQ(r.stop, three.stop);
      if (r.stop == StopReason::memory) {
        EXPECT_FALSE(r.exhausted);
        gave_up++;
        continue;
      }
      EXPECT_EQ(signatures(r), signatures(all));
      EXPECT_GE(r.iterations - r.blocked, all.iterations - all.blocked);
      more += r.iterations - r.blocked > all.iterations - all.blocked;
    }
  }
  EXPECT_GT(more, 0u);
  EXPECT_GT(gave_up, 0u);
}

TEST(Dfs, PartsExecuteEachScheduleOnce) {
  for (const std::string program :
       {"Rx Wx1|Rx Wx2|Rx", "Dd3 Wx1|Dd2 Wx2", "La Lb Ub Ua|Lb La Ua Ub"}) {
    SCOPED_TRACE(program);
    const Whole whole = in_parts("dfs", program, UINT64_MAX, 1);
    for (const uint64_t slice : {1, 3}) {
      const Whole one = in_parts("dfs", program, slice, 1);
      EXPECT_EQ(one.executions, whole.executions);
      EXPECT_EQ(one.steps, whole.steps);
      EXPECT_EQ(one.failing, whole.failing);
      EXPECT_EQ(in_parts("dfs", program, slice, 3), one);
    }
  }
}

// Two processes of m free steps: the schedules with at most k preemptions. With none, either goes
// first; each further one cuts one of them somewhere.
TEST(Dfs, BoundOnPreemptions) {
  const auto schedules = [](const std::string& program, int preemptions) {
    ExploreOptions o;
    o.strategy = "dfs";
    o.iterations = 0;
    o.strategy_options.preemptions = preemptions;
    return explore(ToySystem::factory(program), o).iterations;
  };
  const std::string two = "Y Y Y|Y Y Y";
  EXPECT_EQ(schedules(two, -1), 20u);
  // 0: aaabbb, bbbaaa. 1: a^i b^3 a^(3-i) and the other way round, i = 1, 2: 4 more. At most 5
  // cuts.
  EXPECT_EQ(schedules(two, 0), 2u);
  EXPECT_EQ(schedules(two, 1), 6u);
  EXPECT_EQ(schedules(two, 5), 20u);
  EXPECT_EQ(schedules("Y Y Y|Y Y Y|Y Y Y", 0), 6u);
}

// ---- against the naive search on random programs: the same final states and failures, as many
// executions as the naive search sees classes ----

// Final states (with failures and deadlocks) and class fingerprints of all executions.
struct Seen {
  std::set<uint64_t> finals, classes;
  uint64_t executions = 0;
};
Seen all_of(const char* strategy, const std::string& program) {
  Seen seen;
  ToySystem system(program, false);
  const auto s = find_strategy(strategy)->make({});
  ClassTap tap(*s, system);
  for (uint64_t i = 0; s->begin(i, system); i++) {
    system.begin(1, 0);
    tap.begin();
    const Outcome outcome = system.run(tap);
    s->end(outcome, system);
    if (outcome.verdict == Verdict::stopped) continue;
    seen.finals.insert(mix64(system.digest(), static_cast<uint64_t>(outcome.verdict)));
    seen.classes.insert(tap.value());
    seen.executions++;
  }
  return seen;
}

TEST(Dpor, AgreesWithTheNaiveSearchOnRandomPrograms) {
  Prng rng(random_seed(2026));
  for (int i = 0; i < random_programs(300); i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const Seen naive = all_of("dfs", program), reduced = all_of("dpor", program);
    EXPECT_EQ(naive.finals, reduced.finals) << program;
    EXPECT_EQ(naive.classes, reduced.classes) << program;
    EXPECT_EQ(reduced.executions, naive.classes.size()) << program;
  }
}

}  // namespace
}  // namespace lockstep
