// Transactions decoded: who read from whom, and what is wrong with a read by itself.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/history/model/model.h"

namespace lockstep::history {

inline constexpr int32_t kInitialTxn = -1;

struct TxnRead {
  int32_t key;     // dense
  int32_t source;  // the transaction, or kInitialTxn
};

struct Txn {
  int32_t id;  // index into History::operations()
  int32_t process, call, ret;
  bool ok;
  std::vector<TxnRead> reads;   // of others' writes, in order
  std::vector<int32_t> writes;  // keys, each once, ascending
  bool writes_to(int32_t key) const {
    return std::binary_search(writes.begin(), writes.end(), key);
  }
};

struct VersionEdge {  // list-append: the first wrote the version before the second's
  int32_t from, to, key;
};

struct TxnHistory {
  std::vector<Txn> txns;  // by invocation
  std::vector<Value> keys;
  std::vector<VersionEdge> versions;
  // A value that a key gets twice, or again: nothing else is decoded then.
  std::string repeated;
  int32_t repeated_line = 0;
  std::string anomaly;        // a read that no level allows: "G1a: ..."
  std::vector<int32_t> part;  // its operations
};

// By key: what it held at the start, where the history does not say it and a transaction read it
// before anybody wrote it. Keys that are not there held null.
std::map<Value, Value> initial_values(const History& history);

TxnHistory decode_transactions(const History& history, ModelId model);

}  // namespace lockstep::history
