#include "engine/history/search/causal.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/history/model/bits.h"
#include "engine/history/search/sequential_search.h"

namespace lockstep::history {
namespace {

struct Node {
  const Op* op;
  bool write;
  int32_t source = -1;  // read: the node of its write, -1: the initial value
  int32_t key = 0;      // dense
};

class CausalChecker {
 public:
  CausalChecker(const History& history, ModelId model, const Budget& budget)
      : history_(history), model_(model), budget_(budget), ops_(decode(history, model)) {}

  Result run(Causal kind) {
    result_.method = "bad patterns";
    if (!collect()) return result_;
    if (kind == Causal::projection) return projection();
    size_t n = nodes_.size();
    if (n * n / 4 > budget_.bytes_max) {
      result_.why = "the budget of memory is too small for the causal order";
      return result_;
    }
    build_edges();
    BitMatrix past(n, n);
    std::vector<int32_t> all(n);
    for (size_t i = 0; i < n; ++i) all[i] = static_cast<int32_t>(i);
    if (!close(all, past)) return invalid("CyclicCO", "program order and reads-from form a cycle");
    if (!check_cc(past)) return result_;
    if (kind == Causal::ccv && !check_ccv(past)) return result_;
    if (kind == Causal::cm && !check_cm(past)) return result_;
    result_.verdict = Verdict::valid;
    return result_;
  }

 private:
  Result& invalid(const char* pattern, const std::string& what,
                  std::initializer_list<int32_t> nodes = {}) {
    result_.verdict = Verdict::invalid;
    result_.why = fmt::format("{}: {}", pattern, what);
    for (int32_t node : nodes) result_.part.push_back(nodes_[node].op->id);
    return result_;
  }
  std::string say(int32_t node) const {
    return history_.describe(history_.operations()[nodes_[node].op->id]);
  }

  // How it is known that `from` comes before `to`: a shortest way along `before_`.
  void link_chain(int32_t from, int32_t to) {
    std::vector<int32_t> after(nodes_.size(), -1), queue{to};
    for (size_t at = 0; at < queue.size() && after[from] < 0; ++at) {
      for (int32_t earlier : before_[queue[at]]) {
        if (after[earlier] >= 0 || earlier == to) continue;
        after[earlier] = queue[at];
        queue.push_back(earlier);
      }
    }
    for (int32_t node = from; after[node] >= 0; node = after[node]) link(node, after[node]);
  }
  void link_cycle(const std::vector<int32_t>& cycle) {
    for (size_t i = 0; i < cycle.size(); ++i) link(cycle[i], cycle[(i + 1) % cycle.size()]);
  }
  void link(int32_t from, int32_t to) {
    const Node &a = nodes_[from], &b = nodes_[to];
    const char* why = b.source == from                 ? "read by"
                      : a.op->process == b.op->process ? "same process"
                                                       : "must come before";
    result_.links.push_back({a.op->id, b.op->id, why});
  }

  // Nodes: completed operations, and indeterminate writes that somebody read.
  bool collect() {
    std::map<std::pair<Value, Value>, const Op*> writes;
    std::map<std::pair<Value, Value>, int32_t> read;
    for (const Op& op : ops_) {
      const Operation& operation = history_.operations()[op.id];
      if (op.code == Code::cas) {
        throw ModelError(operation.call_line, "f", "causal consistency knows no compare-and-set");
      }
      if (op.code == Code::write) {
        if (op.a == kNull) {
          throw ModelError(operation.call_line, "value", "causal consistency: null is written");
        }
        if (!writes.emplace(std::make_pair(op.key, op.a), &op).second) {
          throw ModelError(operation.call_line, "value",
                           "causal consistency needs values that are written once to a key");
        }
      } else if (op.ok && op.r != kNull) {
        ++read[{op.key, op.r}];
      }
    }
    std::map<Value, int32_t> keys;
    std::map<std::pair<Value, Value>, int32_t> node_of;
    for (const Op& op : ops_) {
      bool write = op.code == Code::write;
      if (!op.ok && (!write || !read.count({op.key, op.a}))) continue;
      int32_t key = keys.try_emplace(op.key, static_cast<int32_t>(keys.size())).first->second;
      if (write) node_of[{op.key, op.a}] = static_cast<int32_t>(nodes_.size());
      nodes_.push_back({&op, write, -1, key});
    }
    key_count_ = keys.size();
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      if (node.write || node.op->r == kNull) continue;
      auto at = node_of.find({node.op->key, node.op->r});
      if (at == node_of.end()) {
        int32_t self = static_cast<int32_t>(i);
        invalid("ThinAirRead", say(self) + " returned what nobody wrote", {self});
        return false;
      }
      node.source = at->second;
    }
    return true;
  }

  void build_edges() {
    before_.assign(nodes_.size(), {});
    std::map<int32_t, int32_t> last;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      int32_t self = static_cast<int32_t>(i);
      const Node& node = nodes_[i];
      if (auto at = last.find(node.op->process); at != last.end()) {
        before_[i].push_back(at->second);
      }
      if (node.op->ok) last[node.op->process] = self;  // an indeterminate one precedes nothing
      if (node.source >= 0) before_[i].push_back(node.source);
    }
  }

  // past[i] = all before i, for the given nodes (closed under `before_`). False if there is a
  // cycle.
  bool close(const std::vector<int32_t>& members, BitMatrix& past) {
    std::vector<char> color(nodes_.size(), 0);  // 1 on the path, 2 done
    std::vector<std::pair<int32_t, size_t>> path;
    for (int32_t root : members) {
      if (color[root] != 0) continue;
      path.emplace_back(root, 0);
      color[root] = 1;
      while (!path.empty()) {
        auto& [node, next] = path.back();
        if (next < before_[node].size()) {
          int32_t earlier = before_[node][next++];
          if (color[earlier] == 1) return false;
          if (color[earlier] == 0) {
            color[earlier] = 1;
            path.emplace_back(earlier, 0);
          }
          continue;
        }
        for (int32_t earlier : before_[node]) {
          past.merge(node, earlier);
          past.set(node, earlier);
        }
        color[node] = 2;
        path.pop_back();
      }
    }
    return true;
  }

  BitMatrix writes_by_key() const {
    BitMatrix writes(key_count_, nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].write) writes.set(nodes_[i].key, i);
    }
    return writes;
  }

  bool check_cc(const BitMatrix& past) {
    BitMatrix writes = writes_by_key();
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      if (node.write) continue;
      int32_t self = static_cast<int32_t>(i), bad = -1;
      past.for_both(i, writes, node.key, [&](size_t w) {
        if (node.source < 0 || past.test(w, static_cast<size_t>(node.source))) {
          bad = static_cast<int32_t>(w);
        }
      });
      if (bad < 0) continue;
      if (node.source < 0) {
        invalid("WriteCOInitRead",
                fmt::format("{} saw nothing, though {} is in its past", say(self), say(bad)),
                {bad, self});
        link_chain(bad, self);
      } else {
        invalid("WriteCORead",
                fmt::format("{} saw {}, though {} came after that and is in its past", say(self),
                            say(node.source), say(bad)),
                {node.source, bad, self});
        link_chain(node.source, bad);
        link_chain(bad, self);
        link(node.source, self);
      }
      return false;
    }
    return true;
  }

  bool check_ccv(const BitMatrix& past) {
    BitMatrix writes = writes_by_key();
    auto saved = before_;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      if (node.write || node.source < 0) continue;
      past.for_both(i, writes, node.key, [&](size_t w) {
        if (static_cast<int32_t>(w) != node.source) {
          before_[node.source].push_back(static_cast<int32_t>(w));
        }
      });
    }
    for (auto& list : before_) {
      std::sort(list.begin(), list.end());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
    BitMatrix order(nodes_.size(), nodes_.size());
    std::vector<int32_t> all(nodes_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
    bool good = close(all, order);
    if (!good) {
      std::vector<int32_t> cycle = find_cycle();
      std::string text = "no order of the writes fits all reads:";
      for (int32_t node : cycle) text += "\n    " + say(node) + " comes before";
      if (!cycle.empty()) text += " the first again";
      invalid("CyclicCF", text);
      link_cycle(cycle);
      for (int32_t node : cycle) result_.part.push_back(nodes_[node].op->id);
    }
    before_ = std::move(saved);
    return good;
  }

  // A shortest cycle through some node of `before_`, in order.
  std::vector<int32_t> find_cycle() const {
    std::vector<int32_t> best;
    size_t roots = 0;
    for (size_t root = 0; root < nodes_.size() && roots < 500; ++root, ++roots) {
      std::vector<int32_t> parent(nodes_.size(), -2), queue{static_cast<int32_t>(root)};
      parent[root] = -1;
      for (size_t at = 0; at < queue.size(); ++at) {
        bool found = false;
        for (int32_t next : before_[queue[at]]) {
          if (next == static_cast<int32_t>(root)) {
            found = true;
            break;
          }
          if (parent[next] == -2) {
            parent[next] = queue[at];
            queue.push_back(next);
          }
        }
        if (!found) continue;
        std::vector<int32_t> cycle;
        for (int32_t node = queue[at]; node >= 0; node = parent[node]) cycle.push_back(node);
        if (best.empty() || cycle.size() < best.size()) best = cycle;
        break;
      }
    }
    return best;
  }

  // For the last operation of each process: its reads order the writes that it knows of.
  bool check_cm(const BitMatrix& past) {
    BitMatrix writes = writes_by_key();
    std::map<int32_t, int32_t> last;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].op->ok) last[nodes_[i].op->process] = static_cast<int32_t>(i);
    }
    auto saved = before_;
    bool good = true;
    for (auto [process, end] : last) {
      good = check_process(process, end, past, writes);
      before_ = saved;
      if (!good) break;
    }
    return good;
  }

  bool check_process(int32_t process, int32_t end, const BitMatrix& past, const BitMatrix& writes) {
    std::vector<int32_t> members, reads;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      int32_t self = static_cast<int32_t>(i);
      if (self != end && !past.test(end, i)) continue;
      members.push_back(self);
      if (!nodes_[i].write && nodes_[i].op->process == process) reads.push_back(self);
    }
    BitMatrix order(nodes_.size(), nodes_.size());
    close(members, order);
    for (bool changed = true; changed;) {
      changed = false;
      for (int32_t r : reads) {
        int32_t source = nodes_[r].source, bad = -1;
        order.for_both(r, writes, nodes_[r].key, [&](size_t w) {
          int32_t write = static_cast<int32_t>(w);
          if (source < 0) {
            bad = write;
          } else if (write != source && !order.test(source, w)) {
            before_[source].push_back(write);
            changed = true;
          }
        });
        if (bad >= 0) {
          invalid("WriteHBInitRead",
                  fmt::format("{} saw nothing, though {} must come before it", say(r), say(bad)),
                  {bad, r});
          link_chain(bad, r);
          return false;
        }
      }
      if (!changed) break;
      for (int32_t m : members) order.clear_row(m);
      if (!close(members, order)) {
        std::vector<int32_t> cycle = find_cycle();
        std::string text = fmt::format("what process {} saw orders writes in a circle:",
                                       history_.process_name(process));
        for (int32_t node : cycle) text += "\n    " + say(node) + " comes before";
        if (!cycle.empty()) text += " the first again";
        invalid("CyclicHB", text);
        link_cycle(cycle);
        for (int32_t node : cycle) result_.part.push_back(nodes_[node].op->id);
        return false;
      }
    }
    return true;
  }

  // Each process with the writes whose values it read: sequentially consistent for itself?
  Result projection() {
    std::map<std::pair<Value, Value>, const Op*> writes;
    for (const Op& op : ops_) {
      if (op.code == Code::write) writes[{op.key, op.a}] = &op;
    }
    for (int32_t p = 0; p < history_.process_count(); ++p) {
      std::vector<char> in(ops_.size(), 0);
      for (const Op& op : ops_) {
        if (op.process != p || (!op.ok && op.code == Code::read)) continue;
        in[op.id] = 1;
        if (op.code == Code::read && op.r != kNull) in[writes[{op.key, op.r}]->id] = 1;
      }
      std::vector<Op> own;
      for (const Op& op : ops_) {
        if (in[op.id]) own.push_back(op);
      }
      Result part = search_sequential(history_, model_, own, budget_);
      if (part.verdict == Verdict::valid) continue;
      result_.verdict = part.verdict;
      result_.why = part.verdict == Verdict::unknown
                        ? part.why
                        : fmt::format("process {} with the writes that it read has no order",
                                      history_.process_name(p));
      for (const Op& op : own) result_.part.push_back(op.id);
      if (part.verdict == Verdict::invalid) return result_;
    }
    if (result_.part.empty()) result_.verdict = Verdict::valid;
    return result_;
  }

  const History& history_;
  ModelId model_;
  Budget budget_;
  std::vector<Op> ops_;
  std::vector<Node> nodes_;
  std::vector<std::vector<int32_t>> before_;
  size_t key_count_ = 0;
  Result result_;
};

}  // namespace

Result check_causal(const History& history, ModelId model, Causal kind, const Budget& budget) {
  return CausalChecker(history, model, budget).run(kind);
}

}  // namespace lockstep::history
