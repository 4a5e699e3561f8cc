// What of a history shows that one transaction comes before another: the values of the edge, and of
// the order of two versions the read that fixes it.
#pragma once
#include <string>

#include "engine/history/txn/txn_history.h"

namespace lockstep::history {

// Each empty where the history does not say it.
struct TxnEvidence {
  TxnEvidence(const History& history, const TxnHistory& decoded)
      : history_(history), txns_(decoded) {}
  // The value of the key that the transaction read from outside of itself; that it wrote last.
  std::string read_of(int32_t txn, int32_t key) const;
  std::string written_by(int32_t txn, int32_t key) const;
  // "process 2 read [1,2] (lines 3-4)": a list with a value of the first before one of the second;
  // or the second read what the first had written.
  std::string version_order(int32_t from, int32_t to, int32_t key) const;

 private:
  struct Micro {
    bool read;
    Value value;
  };
  std::vector<Micro> micros(int32_t txn, int32_t key) const;
  const History& history_;
  const TxnHistory& txns_;
};

}  // namespace lockstep::history
