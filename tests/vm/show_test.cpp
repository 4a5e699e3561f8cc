// The state in words: complete, and looked at without a trace.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/vm/random_steps.h"

namespace lockstep {
namespace {

// A random walk; `ask` also has everything shown at each choice.
class Walk final : public Chooser {
 public:
  Walk(System& system, uint64_t seed, bool ask) : system_(system), rng_(seed), ask_(ask) {
    at_rest_ = true;
  }
  size_t choose(const ChoicePoint& point) override {
    if (ask_) look(point);
    return rng_.below(point.count);
  }
  void look(const ChoicePoint& point) {
    system_.contents(contents_);
    system_.show(shown_);
    std::multiset<std::string> now;
    std::set<std::string> names;
    for (const Shown& s : shown_) {
      now.insert(s.what + "|" + s.of + "|" + s.key + "|" + s.value);
      EXPECT_TRUE(names.insert(s.what + "|" + s.of + "|" + s.key).second)
          << "two of one name: " << s.what << " " << s.of << " " << s.key;
      EXPECT_EQ(s.value.find('\n'), std::string::npos) << s.value;
    }
    // What others can see, but for who watches whom by which reference, and logs of histories.
    std::multimap<ObjectId, uint64_t> listed;
    static const std::set<std::string> kOfThese = {"mailbox", "name", "table",   "row",
                                                   "slot",    "link", "channel", "persistent term"};
    for (const Content& c : contents_)
      if (kOfThese.contains(c.what)) listed.emplace(c.object, c.digest);
    if (steps_ > 0 && listed != listed_) {
      changes_++;
      EXPECT_NE(now, before_) << "at step " << point.step;
    }
    listed_ = std::move(listed);
    before_ = std::move(now);
    steps_++;
    for (const Alternative& a : point.alternatives) EXPECT_FALSE(system_.pending(a).empty());
  }
  uint64_t changes() const { return changes_; }

 private:
  System& system_;
  Prng rng_;
  const bool ask_;
  std::vector<Content> contents_;
  std::vector<Shown> shown_;
  std::multiset<std::string> before_;
  std::multimap<ObjectId, uint64_t> listed_;
  uint64_t steps_ = 0, changes_ = 0;
};

class Show : public testing::TestWithParam<Setting> {};

TEST_P(Show, EveryChangeThatOthersSeeAndChangesNothing) {
  Prng rng(random_seed(43));
  const int programs = random_programs(60);
  uint64_t changes = 0;
  for (int i = 0; i < programs; i++) {
    const std::string body = random_steps(rng, GetParam(), 3 + rng.below(2), 5);
    SCOPED_TRACE(body);
    vm::MachineOptions machine = GetParam().machine();
    machine.drain = machine.allow_crashes = true;
    const auto asked = vm::make_machine(program_of(body), "p", machine);
    const auto plain = vm::make_machine(program_of(body), "p", machine);
    for (int k = 0; k < 4; k++) {
      const uint64_t seed = rng.next();
      Walk with(*asked, seed, true), without(*plain, seed, false);
      asked->begin(1, 0);
      const Outcome a = asked->run(with);
      std::vector<Shown> end;
      asked->show(end);
      EXPECT_FALSE(end.empty());
      plain->begin(1, 0);
      const Outcome b = plain->run(without);
      EXPECT_EQ(a.signature(), b.signature());
      EXPECT_EQ(a.reason, b.reason);
      const auto da = asked->decisions(), db = plain->decisions();
      EXPECT_TRUE(std::equal(da.begin(), da.end(), db.begin(), db.end()));
      EXPECT_EQ(asked->digest(), plain->digest());
      changes += with.changes();
    }
  }
  EXPECT_GT(changes, 4u * static_cast<uint64_t>(programs));
}

INSTANTIATE_TEST_SUITE_P(Vm, Show,
                         testing::Values(Setting{.name = "instant"},
                                         Setting{.name = "async", .async = true},
                                         Setting{.name = "racy", .racy = true},
                                         Setting{.name = "nodes", .nodes = true},
                                         Setting{.name = "faults", .nodes = true, .faults = true}),
                         setting_name);

}  // namespace
}  // namespace lockstep
