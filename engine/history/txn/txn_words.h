// What is said of a cycle of transactions: its name and what shows each of its edges.
#pragma once
#include <string>
#include <vector>

#include "engine/history/search/linearizable.h"
#include "engine/history/txn/txn_graph.h"
#include "engine/history/txn/txn_history.h"

namespace lockstep::history {

class TxnWords {
 public:
  TxnWords(const History& history, const TxnHistory& txns) : history_(history), h_(txns) {}

  std::string key(int32_t key) const;
  std::string say(int32_t txn) const;
  const char* name_of(const std::vector<Edge>& cycle) const;
  // Makes the result invalid, with the cycle as its reason.
  void explain(const std::vector<Edge>& cycle, const std::string& name, const std::string& besides,
               Result& result) const;

 private:
  bool lost_update(int32_t a, int32_t b, int32_t* key) const;

  const History& history_;
  const TxnHistory& h_;
};

}  // namespace lockstep::history
