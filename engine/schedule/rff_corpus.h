// What reads-from fuzzing has learnt: which accesses there are, which reads-from pairs were seen,
// and the abstract schedules that showed new ones.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/prng.h"
#include "engine/boundary/operation.h"
#include "engine/schedule/strategy.h"

namespace lockstep {

using Place =
    uint64_t;  // a static source place and the kind of operation there; 0: the initial value

// "A read at `read` takes its value from a write at `write`", or it does not.
struct Constraint {
  Place read = 0, write = 0;
  bool positive = false;
  friend auto operator<=>(const Constraint&,
                          const Constraint&) = default;  // NOLINT(modernize-use-nullptr): its <
};
using AbstractSchedule = std::vector<Constraint>;

struct RffLesson final : Lesson {
  AbstractSchedule schedule;
  uint64_t signature = 0;                                   // of all its reads-from pairs
  std::vector<std::pair<Place, Place>> pairs;               // that were new to the one who saw them
  std::vector<std::tuple<ObjectId, Place, bool>> accesses;  // likewise; true: a write
  std::vector<Constraint> satisfied;                        // of the schedule, likewise
};

class RffCorpus {
 public:
  RffCorpus() : parents_{{{}, 0}} {}

  // A child of a parent that is drawn with more weight the less often its reads-from pairs were
  // seen.
  AbstractSchedule child(Prng& rng) const;
  void learn(const RffLesson& lesson);

  bool knows_pair(Place read, Place write) const { return pairs_.contains({read, write}); }
  bool knows_satisfied(const Constraint& c) const { return satisfied_.contains(c); }
  bool knows_access(ObjectId object, Place place, bool write) const {
    return accesses_.contains({object, place, write});
  }

 private:
  struct Parent {
    AbstractSchedule schedule;
    uint64_t signature;
  };
  uint32_t weight(const Parent& parent) const;

  std::vector<Parent> parents_;
  std::map<uint64_t, uint64_t> seen_;  // how often a parent's signature was seen
  std::set<std::pair<Place, Place>> pairs_;
  std::set<Constraint> satisfied_;
  std::set<std::tuple<ObjectId, Place, bool>> accesses_;
  std::vector<std::pair<Place, Place>> pool_;  // (read, write) of one object
  std::set<std::pair<Place, Place>> in_pool_;
};

// Rounds in numbers of executions: 1, 1, eight of 2, ten of 4, then a quarter of what came before,
// up to 64, and up to 256 after 4096. In a round nothing is learnt, so that its executions depend
// on what came before it alone.
uint64_t rff_round(uint64_t ordinal);

}  // namespace lockstep
