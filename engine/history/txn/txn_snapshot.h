// Decides prefix consistency and snapshot isolation: is there an order of the writers of each key
// under which no cycle arises that the level forbids? (Cerone and Gotsman, "Analysing snapshot
// isolation", JACM 2018: session, wr and ww edges, each followed by at most one rw edge, are
// acyclic. Under prefix, ww edges are followed by none.)
//
// A transaction t is two nodes, its snapshot S(t) and its commit C(t). What t depends on committed
// before its snapshot; what overwrites something that it read commits after it. A walk through
// these nodes cannot take two rw edges in a row, so their cycles are the forbidden ones.
//
// Orders that would close a cycle are excluded to a fixpoint, which in most histories leaves
// little; the rest is searched with backtracking, by the order in which the transactions ended
// first.
#pragma once
#include <string>
#include <vector>

#include "engine/history/model/bits.h"
#include "engine/history/model/verdict.h"
#include "engine/history/txn/txn_history.h"

namespace lockstep::history {

class SnapshotSearch {
 public:
  struct Dependency {
    enum class Why : uint8_t { session, wr, ww, rw } why;
    int32_t from, to;  // transactions
    int32_t key;       // -1: none
  };

  // `exclusive`: snapshot isolation, which lets no two that overlap write one key.
  SnapshotSearch(const TxnHistory& history, const std::vector<Dependency>& known, bool exclusive,
                 const Budget& budget);
  Verdict run();
  // Invalid: a cycle, if what is known closes one; with `either`, whichever of `first` and `second`
  // wrote `key` first (the cycle is the one if `first` did).
  const std::vector<Dependency>& cycle() const { return cycle_; }
  bool either() const { return either_; }
  int32_t first() const { return first_; }
  int32_t second() const { return second_; }

 private:
  using Why = Dependency::Why;
  struct Edge {
    int32_t from, to;  // nodes
    Dependency is;
  };
  struct Pair {  // of writers of a key, whose order is not known
    int32_t a, b, key;
    bool done = false;
  };
  struct Frame {
    size_t log, done;
    int32_t pair;
    bool a_first;
  };
  static int32_t snapshot(int32_t t) { return 2 * t; }
  static int32_t commit(int32_t t) { return 2 * t + 1; }

  void find_pairs();
  const std::vector<int32_t>& readers(int32_t t, int32_t key) const;
  template <typename Visit>
  void edges_of(int32_t a, int32_t b, int32_t key, const Visit& visit) const;
  bool possible(int32_t a, int32_t b, int32_t key) const;
  bool close();     // all edges anew; false: a cycle
  bool saturate();  // what is forced before anything is chosen; false: impossible
  bool connect(int32_t from, int32_t to);
  bool choose(int32_t pair, bool a_first);
  bool propagate();
  void undo(const Frame& frame);
  Verdict search(bool by_end, uint64_t conflicts_max);
  void show_cycle(int32_t a, int32_t b, int32_t key);
  bool ended();

  const TxnHistory& h_;
  bool exclusive_;
  Budget budget_;
  size_t nodes_;
  std::vector<Edge> edges_;
  BitMatrix after_;  // [x][y]: y is after x
  std::vector<std::vector<std::pair<int32_t, std::vector<int32_t>>>> readers_;  // by writer, key
  std::vector<Pair> pairs_;
  std::vector<int32_t> done_;  // pairs that are decided, in order
  struct Change {
    uint32_t word;
    uint64_t before;
  };
  std::vector<Change> log_;
  uint64_t ticks_ = 0;
  bool stopped_ = false;
  std::vector<Dependency> cycle_;
  bool either_ = false;
  int32_t first_ = -1, second_ = -1;
};

}  // namespace lockstep::history
