// Finds a total order of transactions in which each reads what was written last.
//
// Serializable: transactions are placed whole. Prefix and snapshot isolation: the reads of one and
// its writes are placed apart, all reads at one moment (its snapshot), its writes at a later one;
// under snapshot isolation no other writer of the same key may write in between. Memoised on what
// is placed and who wrote each key last; reads that fit are placed at once where they keep nothing
// from others.
#pragma once
#include <vector>

#include "engine/history/txn_history.h"
#include "engine/history/verdict.h"

namespace lockstep::history {

class TxnSearch {
 public:
  enum class Parts : uint8_t { whole, split };
  using Pairs = std::vector<std::pair<int32_t, int32_t>>;

  // `before`: the writes of the first come before those of the second; `visible`: even before its
  // reads. (With whole transactions both are the same.)
  TxnSearch(const TxnHistory& history, Parts parts, bool exclusive, const Pairs& before,
            const Pairs& visible, const Budget& budget);
  Verdict run();
  const std::vector<int32_t>& order() const { return order_; }  // whole transactions

 private:
  struct Item {
    int32_t txn;
    bool reads, writes;
    bool eager;
    std::vector<int32_t> after;  // items that wait for this one
    int32_t waits = 0;
  };
  struct Frame {
    size_t trail;
    int32_t next;
  };
  struct Step {  // for undoing
    int32_t item;
    size_t overwritten;
  };
  bool fits(int32_t item) const;
  void place(int32_t item);
  void undo(size_t trail);
  bool settle();  // eager items; whether everything is placed
  int32_t& readers(int32_t writer, int32_t key) {
    return readers_[static_cast<size_t>(writer + 1) * keys_ + static_cast<size_t>(key)];
  }
  int32_t readers(int32_t writer, int32_t key) const {
    return readers_[static_cast<size_t>(writer + 1) * keys_ + static_cast<size_t>(key)];
  }

  const TxnHistory& history_;
  bool exclusive_;
  Budget budget_;
  size_t keys_;
  std::vector<Item> items_;
  std::vector<char> placed_;
  std::vector<int32_t> last_writer_;  // by key
  std::vector<int32_t> held_;         // by key: transactions between their reads and their writes
  std::vector<int32_t> readers_;      // by writer and key: transactions that have still to read it
  std::vector<Step> trail_;
  std::vector<int32_t> overwritten_;
  std::vector<int32_t> order_;
  uint64_t hash_a_ = 0, hash_b_ = 0;
};

}  // namespace lockstep::history
