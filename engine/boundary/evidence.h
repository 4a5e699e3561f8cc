// What a search did that its verdict is worth nothing without: a proof over a scenario that
// asserts nothing, or whose processes never ran, is true and empty. Sums and unions over
// executions, so the order in which parts are merged does not show.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/flat_map.h"

namespace lockstep {

// Pairs of events that conflicted with nothing between them, and in which order they came. An event
// is named by who took it and how many steps it had taken (stable over executions).
class RacingPairs {
 public:
  static constexpr size_t kMost = 1 << 20;  // beyond it pairs are no longer told apart
  void saw(uint64_t first, uint64_t second);
  void merge(const RacingPairs& other);
  uint64_t pairs() const { return pairs_; }
  uint64_t both() const { return both_; }  // of these, seen in both orders
  bool full() const { return pairs_ >= kMost; }
  struct Orders {
    uint64_t low = 0, high = 0;
    uint8_t bits = 0;  // 1: low first, 2: high first
  };
  std::vector<Orders> all() const;
  void add(const std::vector<Orders>& pairs);

 private:
  void add(uint64_t low, uint64_t high, uint8_t bits);
  FlatMap<Orders> orders_;
  uint64_t pairs_ = 0, both_ = 0;
};

struct Evidence {
  struct Process {
    std::string name;  // where it was first seen
    bool ran = false;  // performed an operation in some execution
  };
  struct Unread {
    std::string path;         // "P1 -> P0(root)"
    uint64_t executions = 0;  // that ended with messages of this path in the mailbox
    uint64_t messages = 0;
    uint64_t last = 0;  // the execution counted last
  };
  uint64_t executions = 0;  // that came to an end
  uint64_t longest = 0;     // steps
  uint64_t assertions = 0;  // calls of assert, along each execution
  uint64_t asserting = 0;   // executions with at least one
  uint64_t drew = 0;        // executions that drew random numbers, which the seed fixes
  uint64_t unread = 0;      // executions that ended with messages nobody read
  uint64_t states = 0;      // different ones with a choice, where a strategy tells them apart
  uint64_t untold = 0;      // choices in states that could not be told apart from others
  std::map<uint64_t, Process> processes;  // by actor key
  std::map<uint64_t, Unread> paths;       // by sender and receiver
  RacingPairs races;

  uint64_t idle() const;  // processes that never performed an operation
  void merge(const Evidence& later);
};

}  // namespace lockstep
