// The graph of what must come before what among transactions, by Adya's names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/history/model/bits.h"

namespace lockstep::history {

// Why one transaction must come before another.
enum class Why : uint8_t { session, wr, ww, rw, real_time };

struct Edge {
  int32_t from, to;
  Why why;
  int32_t key;
};

// Edges between transactions, their closure and their cycles.
class TxnGraph {
 public:
  explicit TxnGraph(size_t n) : out_(n), in_(n) {}
  void add(Edge edge) {
    if (edge.from == edge.to) return;
    out_[edge.from].push_back(static_cast<int32_t>(edges_.size()));
    in_[edge.to].push_back(static_cast<int32_t>(edges_.size()));
    edges_.push_back(edge);
  }
  size_t size() const { return out_.size(); }
  const std::vector<int32_t>& into(size_t node) const { return in_[node]; }
  const Edge& edge(int32_t id) const { return edges_[id]; }

  // past[t]: all before t. False if there is a cycle.
  bool close(BitMatrix& past) const;
  // A shortest cycle, edges in order; with `apart`, one without two rw edges in a row (what
  // snapshot isolation forbids), if there is any.
  std::vector<Edge> cycle(bool apart) const;

 private:
  std::vector<Edge> edges_;
  std::vector<std::vector<int32_t>> out_, in_;
};

}  // namespace lockstep::history
