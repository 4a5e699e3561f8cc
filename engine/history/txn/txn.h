// Transactional isolation levels for txn-register and list-append, after Biswas and Enea, "On the
// complexity of checking transactional consistency" (OOPSLA 2019), with Adya's names for the
// cycles.
//
// A level holds iff there is a total order of the transactions that contains session order and
// writer-before-reader, in which certain other writers come before the one that was read from. Up
// to causal those are known and the test is for a cycle; from prefix on a search finds the order:
// of the transactions (serializable, txn_search.h), or of the writers of each key (prefix, snapshot
// isolation, txn_snapshot.h).
//
// Where a value is written twice to a key, a read does not say whom it read from: then the states
// are searched, as of any other object, for the serializable levels.
//
// A transaction whose outcome is unknown counts if a completed one read from it: then it happened.
#pragma once
#include "engine/history/search/linearizable.h"

namespace lockstep::history {

enum class Level : uint8_t {
  read_committed,
  read_atomic,
  causal,
  prefix,
  snapshot_isolation,
  serializable,
  strict_serializable,
};

// The method of a result that was found by searching the states: values are written twice.
inline constexpr std::string_view kStatesMethod = "search of states";

// Throws ModelError for what is not a transaction of the model. Where a value is written twice to a
// key, only serializable and strict-serializable are decided, of registers; ModelError for others.
Result check_transactions(const History& history, ModelId model, Level level,
                          const Budget& budget = {});

// Independent check of the order that a valid serializable or strict-serializable result carries.
std::string verify_serial_order(const History& history, ModelId model,
                                const std::vector<int32_t>& order, bool real_time);

}  // namespace lockstep::history
