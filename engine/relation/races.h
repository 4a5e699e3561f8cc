// Races of executions, also of those that pass: conflicting operations of different actors that
// nothing orders but the schedule. Grouped by object and source lines over a sample of executions,
// with a name for the pattern and whether both orders were seen.
//
// Happens-before as in slice.h; two conflicting accesses that are neighbours in it and have no
// other path between them race. The patterns are those of Lu, Park, Seo and Zhou, "Learning from
// Mistakes" (2008), as far as they can be told from footprints and program order; a name says what
// to look at, not that it is a bug.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "engine/boundary/event.h"
#include "engine/boundary/system.h"

namespace lockstep {

enum class RaceKind : uint8_t {
  lost_update,          // read, then write the same; the other's write may come between
  check_then_act,       // read, then act on what was read, which the other's write makes untrue
  publish_before_init,  // a writes first what tells others to look, then what they will look at
  name_race,            // a registered name is looked up, taken or freed
  message_order,        // two messages to one mailbox
  timeout_race,         // a time-out, or a poll, against a message
  exit_race,            // a process's end or flags against who asks, links or monitors
  write_order,          // two writes, the later one stays
  read_order,           // a read before or after a write; nothing more is known
};
const char* race_kind_name(RaceKind kind);  // "lost update"

struct RaceSide {
  std::string what;  // "ets.insert"
  std::string site;  // "a.lua:12", or empty
  friend auto operator<=>(const RaceSide&,
                          const RaceSide&) = default;  // NOLINT(modernize-use-nullptr): its <
};

struct RaceGroup {
  RaceKind kind = RaceKind::read_order;
  std::string object;  // "counter[\"n\"]", "mailbox of P0(root)"
  RaceSide first, second;
  bool first_first = false;   // an execution had `first` before `second`
  bool second_first = false;  // ... and one the other way round
  uint64_t executions = 0;    // of those sampled, in how many it raced
  bool both_orders() const { return first_first && second_first; }
};

struct RaceSummary {
  uint64_t sampled = 0;           // executions looked at
  uint64_t left_out = 0;          // sampled, but too long to be looked at
  std::vector<RaceGroup> groups;  // worst kinds first
  uint64_t one_order() const;     // groups of which only one order was seen
};

class RaceCollector {
 public:
  static constexpr size_t kMostEvents = 1500;  // of one execution

  // One execution, recorded; `system` names its objects and has just run it.
  void add(std::span<const Event> events, const System& system);
  void leave_out() { summary_.left_out++; }
  RaceSummary summary() const;

 private:
  struct Key {
    std::string object;      // without names of processes, which differ between executions
    RaceSide first, second;  // first <= second
    friend auto operator<=>(const Key&,
                            const Key&) = default;  // NOLINT(modernize-use-nullptr): its <
  };
  struct Group {
    std::string object;  // as it was first seen
    RaceKind kind = RaceKind::read_order;
    uint64_t executions = 0;
    bool forth = false, back = false;
    std::set<std::pair<std::string, std::string>> who;  // sides alike: who came before whom
  };
  static Key key(const Event& a, const Event& b, std::string_view object, bool* turned);
  void note_messages(std::span<const Event> events, const System& system);

  std::map<Key, Group> groups_;
  // Receives that took their message, with what brought it: had they given up before, the two would
  // have raced. True: `second` brought it.
  std::set<std::pair<Key, bool>> taken_;
  RaceSummary summary_;
};

}  // namespace lockstep
