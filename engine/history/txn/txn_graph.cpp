#include "engine/history/txn/txn_graph.h"

#include <algorithm>

namespace lockstep::history {

bool TxnGraph::close(BitMatrix& past) const {
  std::vector<int32_t> waiting(size()), ready;
  for (size_t t = 0; t < size(); ++t) {
    waiting[t] = static_cast<int32_t>(in_[t].size());
    if (waiting[t] == 0) ready.push_back(static_cast<int32_t>(t));
  }
  for (size_t at = 0; at < ready.size(); ++at) {
    for (int32_t e : out_[ready[at]]) {
      int32_t to = edges_[e].to;
      past.merge(to, ready[at]);
      past.set(to, ready[at]);
      if (--waiting[to] == 0) ready.push_back(to);
    }
  }
  return ready.size() == size();
}

std::vector<Edge> TxnGraph::cycle(bool apart) const {
  std::vector<Edge> best;
  for (size_t root = 0; root < size(); ++root) {
    if (out_[root].empty() || in_[root].empty()) continue;
    // A node of the walk: (transaction, whether an rw edge led there).
    std::vector<int32_t> parent(2 * size(), -2), through(2 * size(), -1);
    std::vector<int32_t> queue{static_cast<int32_t>(2 * root)};
    parent[2 * root] = -1;
    int32_t last = -1, last_edge = -1;
    for (size_t at = 0; at < queue.size() && last < 0; ++at) {
      int32_t node = queue[at] / 2;
      bool rw = queue[at] % 2 == 1;
      for (int32_t e : out_[node]) {
        const Edge& edge = edges_[e];
        bool next_rw = edge.why == Why::rw;
        if (apart && rw && next_rw) continue;
        if (edge.to == static_cast<int32_t>(root)) {
          last = queue[at];
          last_edge = e;
          break;
        }
        int32_t next = 2 * edge.to + (apart && next_rw ? 1 : 0);
        if (parent[next] != -2) continue;
        parent[next] = queue[at];
        through[next] = e;
        queue.push_back(next);
      }
    }
    if (last < 0) continue;
    std::vector<Edge> found{edges_[last_edge]};
    for (int32_t node = last; parent[node] != -1; node = parent[node]) {
      found.push_back(edges_[through[node]]);
    }
    std::reverse(found.begin(), found.end());
    if (best.empty() || found.size() < best.size()) best = found;
    if (best.size() == 2) break;
  }
  return best;
}

}  // namespace lockstep::history
