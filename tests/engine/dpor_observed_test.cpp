// The reduction that looks at which messages a receive can tell apart, against all executions of
// the naive search.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/base/prng.h"
#include "engine/relation/dependence.h"
#include "tests/engine/toy_system.h"
#include "tests/random_seed.h"

namespace lockstep {
namespace {

// One execution, step by step: who did what, and what it took.
struct Taken {
  ActorId actor;
  uint32_t nth;  // of its actor's steps
  Alternative what;
  uint32_t cause;
};

class Tap final : public Chooser {
 public:
  explicit Tap(Chooser& inner) : inner_(inner) { at_rest_ = true; }
  size_t choose(const ChoicePoint& p) override {
    const size_t pick = inner_.choose(p);
    if (pick == kStop) return pick;
    Taken t{};
    t.actor = p.last;
    if (p.data) t.nth = static_cast<uint32_t>(1000 * (pick + 1));  // the value is part of the name
    if (!p.data) {
      const Alternative& a = p.alternatives[pick];
      t = {a.actor, 0, a, a.cause};
    }
    for (const Taken& other : steps) t.nth += other.actor == t.actor;
    steps.push_back(t);
    return pick;
  }
  std::vector<Taken> steps;

 private:
  Chooser& inner_;
};

// The definition, word by word: a pair is ordered if it is dependent, but not if two messages were
// sent that no receive tells apart, or a poll is not about the message. The class is the pairs that
// are ordered, directly or not, by the names of their steps.
uint64_t observed_class(const std::vector<Taken>& steps, const System& system) {
  const Mail mail = system.mail();
  const size_t n = steps.size();
  const auto arrival_of = [&](size_t at) {
    for (size_t a = 0; a < mail.arrivals.size(); a++)
      if (mail.arrivals[a].at == at) return a;
    return SIZE_MAX;
  };
  const auto reception_of = [&](size_t at) {
    for (size_t r = 0; r < mail.receptions.size(); r++)
      if (mail.receptions[r].at == at) return r;
    return SIZE_MAX;
  };
  const auto taken_before = [&](size_t a, size_t reception) {
    for (size_t r = 0; r < reception; r++)
      if (mail.receptions[r].took == a) return true;
    return false;
  };
  const auto told = [&](size_t a, size_t b) {
    for (size_t r = 0; r < mail.receptions.size(); r++)
      if (mail.receptions[r].took == a && !taken_before(b, r) && system.accepts(r, b)) return true;
    return false;
  };
  std::vector<std::vector<bool>> before(n, std::vector<bool>(n));
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i-- > 0;) {
      bool direct = steps[i].actor == steps[j].actor || steps[j].cause == i + 1;
      if (!direct && dependent(steps[i].what, steps[j].what)) {
        const size_t a = arrival_of(i), b = arrival_of(j), r = reception_of(i), s = reception_of(j);
        const auto about = [&](size_t reception, size_t arrival) {
          const uint32_t took = mail.receptions[reception].took;
          return took == arrival ||
                 (took == Reception::kNothing && system.accepts(reception, arrival));
        };
        direct = a != SIZE_MAX && b != SIZE_MAX   ? told(a, b)
                 : a != SIZE_MAX && s != SIZE_MAX ? about(s, a)
                 : b != SIZE_MAX && r != SIZE_MAX ? about(r, b)
                                                  : true;
      }
      if (!direct) continue;
      before[j][i] = true;
      for (size_t k = 0; k < i; k++)
        if (before[i][k]) before[j][k] = true;
    }
  uint64_t sum = n;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < j; i++)
      if (before[j][i])
        sum += mix64(mix64(steps[i].actor, steps[i].nth), mix64(steps[j].actor, steps[j].nth));
  return sum;
}

struct Seen {
  std::set<uint64_t> finals, classes;
  uint64_t executions = 0, redundant = 0, stopped = 0;
};
Seen all_of(const char* strategy, const std::string& program, const Reduce& reduce) {
  Seen seen;
  ToySystem system(program, false);
  StrategyOptions options;
  options.reduce = reduce;
  const auto s = find_strategy(strategy)->make(options);
  for (uint64_t i = 0; s->begin(i, system) && i < 50'000; i++) {
    Tap tap(*s);
    system.begin(1, 0);
    const Outcome outcome = system.run(tap);
    s->end(outcome, system);
    seen.executions++;
    seen.redundant += s->redundant() + s->discarded();
    if (outcome.verdict == Verdict::stopped) {
      seen.stopped++;
      continue;
    }
    seen.finals.insert(
        mix64(system.digest_but_for_unread(), static_cast<uint64_t>(outcome.verdict)));
    seen.classes.insert(observed_class(tap.steps, system));
  }
  return seen;
}

std::string random_program(Prng& rng) {
  std::string s;
  const uint32_t n = 2 + rng.below(3);
  for (uint32_t p = 0; p < n; p++) {
    if (p) s += "|";
    const uint32_t steps = 1 + rng.below(n == 2 ? 5 : n == 3 ? 4 : 3);
    for (uint32_t i = 0; i < steps; i++) {
      const std::string what(1, static_cast<char>('a' + rng.below(3)));
      const char x = static_cast<char>('x' + rng.below(2));
      switch (rng.below(12)) {
        case 0:
          s += std::string(" R") + x;
          break;
        case 1:
          s += std::string(" W") + x + static_cast<char>('1' + rng.below(2));
          break;
        case 2:
          s += rng.below(3) ? " P" + what : " P";
          break;
        case 3:
        case 4:
          s += rng.below(2) ? " T" + what : " T";
          break;
        case 5:
          s += rng.below(4) ? std::string(" R") + x + " ?" + x + "1" : " Dd2";
          break;
        default:
          s += " S" + std::to_string(rng.below(2)) + what;
      }
    }
  }
  return s;
}

constexpr Reduce kObserved = {.unobserved_sends = true};

TEST(DporObserved, RandomProgramsReachEveryClassOfTheNaiveSearch) {
  Prng rng(random_seed(2018));
  const int programs = random_programs(400);
  uint64_t all = 0, fewer = 0, redundant = 0;
  for (int i = 0; i < programs; i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const Seen naive = all_of("dfs", program, {});
    if (naive.executions >= 50'000) continue;
    const Seen plain = all_of("dpor", program, {}), less = all_of("dpor", program, kObserved);
    EXPECT_EQ(less.finals, naive.finals);
    EXPECT_EQ(less.classes, naive.classes);
    EXPECT_EQ(less.executions - less.redundant - less.stopped, naive.classes.size());
    all += plain.executions;
    fewer += naive.classes.size();
    redundant += less.redundant + less.stopped;
  }
  EXPECT_LT(2 * fewer, all);        // the switch does something
  EXPECT_LT(5 * redundant, fewer);  // and costs little: 12 % of 8,000 programs' executions, most in
                                    // searches that begin anew after four
}

// The naive search's final states, of processes that send equal messages.
TEST(DporObserved, EqualMessagesReachEveryFinalState) {
  Prng rng(random_seed(7));
  const int programs = random_programs(400);
  uint64_t plain_executions = 0, executions = 0, both = 0, redundant = 0;
  for (int i = 0; i < programs; i++) {
    std::string program = random_program(rng);
    for (char& c : program)
      if (c == 'c' || (c == 'b' && rng.below(2))) c = 'a';
    SCOPED_TRACE(program);
    const Seen naive = all_of("dfs", program, {});
    if (naive.executions >= 50'000) continue;
    const Seen plain = all_of("dpor", program, {}),
               less = all_of("dpor", program, {.equal_messages = true}),
               least = all_of("dpor", program, {.unobserved_sends = true, .equal_messages = true});
    EXPECT_EQ(less.finals, naive.finals);
    EXPECT_EQ(least.finals, naive.finals);
    EXPECT_LE(less.executions - less.redundant - less.stopped, plain.executions - plain.stopped);
    // Not than `less` in each: what the searches have learnt when they end is not the same.
    EXPECT_LE(least.executions - least.redundant - least.stopped, plain.executions - plain.stopped);
    plain_executions += plain.executions;
    executions += less.executions - less.redundant;
    both += least.executions - least.redundant;
    redundant += less.redundant + least.redundant;
  }
  EXPECT_LT(executions, plain_executions);
  EXPECT_LT(both, executions);
  EXPECT_LT(redundant, executions);
}

struct Whole {
  uint64_t executions, blocked, failing;
  std::vector<uint64_t> found;  // iterations
  friend bool operator==(const Whole&, const Whole&) = default;
};
Whole in_parts(const std::string& program, const Reduce& reduce, uint64_t slice, unsigned workers) {
  ExploreOptions o;
  o.strategy = "dpor";
  o.iterations = 0;
  o.max_failures = 0;
  o.slice = slice;
  o.workers = workers;
  o.strategy_options.reduce = reduce;
  const ExploreResult r = explore(
      [&] {
        auto system = std::make_unique<ToySystem>(program);
        system->run_on = true;
        return system;
      },
      o);
  EXPECT_TRUE(r.exhausted);
  Whole w{r.iterations, r.blocked, 0, {}};
  for (const Finding& f : r.findings) {
    w.failing += f.times > 0;
    w.found.push_back(f.iteration);
  }
  return w;
}

// Cut up after every execution: the same classes and failures, and the same everything whatever the
// workers are.
TEST(DporObserved, PartsExecuteWhatTheWholeDoes) {
  Prng rng(99);
  for (int i = 0; i < 100; i++) {
    const std::string program = random_program(rng);
    SCOPED_TRACE(program);
    const Whole whole = in_parts(program, kObserved, UINT64_MAX, 1),
                one = in_parts(program, kObserved, 1, 1);
    EXPECT_EQ(one.executions - one.blocked, whole.executions - whole.blocked);
    EXPECT_EQ(one.failing, whole.failing);
    EXPECT_EQ(in_parts(program, kObserved, 1, 3), one);
    constexpr Reduce kBoth = {.unobserved_sends = true, .equal_messages = true};
    const Whole both = in_parts(program, kBoth, 2, 1);
    EXPECT_EQ(both.failing, whole.failing);
    EXPECT_EQ(in_parts(program, kBoth, 2, 4), both);
  }
}

}  // namespace
}  // namespace lockstep
