// Finds a total order of transactions in which each reads what was written last. Memoised on what
// is placed and who wrote each key last; those that only read are placed as soon as they fit.
#pragma once
#include <vector>

#include "engine/history/model/verdict.h"
#include "engine/history/txn/txn_history.h"

namespace lockstep::history {

class TxnSearch {
 public:
  using Pairs = std::vector<std::pair<int32_t, int32_t>>;

  // `before`: the first comes before the second.
  TxnSearch(const TxnHistory& history, const Pairs& before, const Budget& budget);
  Verdict run();
  const std::vector<int32_t>& order() const { return order_; }

 private:
  struct Item {
    bool readonly;
    std::vector<int32_t> reads;   // versions
    std::vector<int32_t> writes;  // versions
    std::vector<int32_t> after;   // items that wait for this one
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
  bool settle();  // those that only read; whether everything is placed

  Budget budget_;
  std::vector<Item> items_;  // by transaction
  std::vector<char> placed_;
  // A version is what one transaction, or nobody, left in a key.
  std::vector<int32_t> key_of_;   // by version
  std::vector<int32_t> readers_;  // by version: transactions that have still to read it
  std::vector<int32_t> latest_;   // by key: its version
  std::vector<Step> trail_;
  std::vector<int32_t> overwritten_;
  std::vector<int32_t> order_;
  uint64_t hash_a_ = 0, hash_b_ = 0;
};

}  // namespace lockstep::history
