#include "engine/history/txn/txn.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/history/search/sequential.h"
#include "engine/history/txn/txn_graph.h"
#include "engine/history/txn/txn_history.h"
#include "engine/history/txn/txn_search.h"
#include "engine/history/txn/txn_snapshot.h"
#include "engine/history/txn/txn_states.h"
#include "engine/history/txn/txn_words.h"

namespace lockstep::history {
namespace {

class TxnChecker {
 public:
  TxnChecker(const History& history, ModelId model, Level level, const Budget& budget)
      : history_(history),
        level_(level),
        lists_(model == ModelId::list_append),
        budget_(budget),
        h_(decode_transactions(history, model)),
        graph_(h_.txns.size()) {}

  Result run() {
    result_.method = "cycles";
    for (auto [key, value] : initial_values(history_)) {
      result_.note += fmt::format("{}{} = {}", result_.note.empty() ? "" : ", ",
                                  history_.values().to_json(key), history_.values().to_json(value));
    }
    if (!h_.repeated.empty()) return states();
    if (!h_.anomaly.empty()) {
      result_.verdict = Verdict::invalid;
      result_.why = h_.anomaly;
      result_.part = h_.part;
      return result_;
    }
    size_t n = h_.txns.size();
    if (n * n / 4 > budget_.bytes_max) {
      result_.why = "the budget of memory is too small for the order of the transactions";
      return result_;
    }
    index();
    add_base();
    BitMatrix past(n, n);
    if (!graph_.close(past)) return cyclic(graph_);
    TxnGraph base = graph_;
    add_known(past);
    if (initial_late_) return result_;
    BitMatrix order(n, n);
    if (!graph_.close(order)) return cyclic(graph_);
    if (level_ <= Level::causal) {
      result_.verdict = Verdict::valid;
      return result_;
    }
    return level_ >= Level::serializable ? search(base) : snapshots(base);
  }

 private:
  void index() {
    writers_.resize(h_.keys.size());
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      for (int32_t key : h_.txns[t].writes) writers_[key].push_back(static_cast<int32_t>(t));
    }
  }

  void add_base() {
    std::map<int32_t, int32_t> last;
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      const Txn& txn = h_.txns[t];
      int32_t self = static_cast<int32_t>(t);
      if (auto at = last.find(txn.process); at != last.end()) {
        graph_.add({at->second, self, Why::session, -1});
      }
      if (txn.ok) last[txn.process] = self;
      for (const TxnRead& read : txn.reads) {
        if (read.source != kInitialTxn) graph_.add({read.source, self, Why::wr, read.key});
      }
    }
    if (level_ == Level::strict_serializable) add_real_time();
  }

  // A before B iff A returned before B was called: it is enough to come from those that returned
  // last before B's call, which nothing between them separates.
  void add_real_time() {
    std::vector<int32_t> by_ret;
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      if (h_.txns[t].ok) by_ret.push_back(static_cast<int32_t>(t));
    }
    std::sort(by_ret.begin(), by_ret.end(),
              [&](int32_t x, int32_t y) { return h_.txns[x].ret < h_.txns[y].ret; });
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      int32_t call = h_.txns[t].call, latest = -1;
      auto end = std::partition_point(by_ret.begin(), by_ret.end(),
                                      [&](int32_t x) { return h_.txns[x].ret < call; });
      for (auto at = end; at != by_ret.begin();) {
        int32_t earlier = *--at;
        if (h_.txns[earlier].ret < latest) break;  // it is before one that is before t
        graph_.add({earlier, static_cast<int32_t>(t), Why::real_time, -1});
        latest = std::max(latest, h_.txns[earlier].call);
      }
    }
  }

  // Another writer of what `reader` read must come before the one that it read from.
  void add_before(int32_t other, const TxnRead& read, int32_t reader) {
    if (other == read.source || other == reader || !h_.txns[other].writes_to(read.key)) return;
    if (read.source != kInitialTxn) {
      graph_.add({other, read.source, Why::ww, read.key});
      return;
    }
    if (initial_late_) return;
    initial_late_ = true;
    result_.verdict = Verdict::invalid;
    result_.why =
        fmt::format("{}: {} saw nothing in key {}, though {} wrote it and must come before",
                    level_ == Level::read_atomic ? "fractured read" : "G-single",
                    words_.say(reader), words_.key(read.key), words_.say(other));
    result_.part = {h_.txns[other].id, h_.txns[reader].id};
  }

  void add_known(const BitMatrix& past) {
    for (const VersionEdge& v : h_.versions) graph_.add({v.from, v.to, Why::ww, v.key});
    std::map<std::pair<int32_t, int32_t>, int32_t> last_write;  // by process, key
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      const Txn& txn = h_.txns[t];
      int32_t self = static_cast<int32_t>(t);
      for (size_t j = 0; j < txn.reads.size(); ++j) {
        const TxnRead& read = txn.reads[j];
        size_t sources = level_ == Level::read_committed ? j : txn.reads.size();
        for (size_t i = 0; i < sources; ++i) {
          if (txn.reads[i].source != kInitialTxn) add_before(txn.reads[i].source, read, self);
        }
        if (level_ == Level::read_committed) continue;
        auto own = last_write.find({txn.process, read.key});
        if (own != last_write.end()) add_before(own->second, read, self);
        if (level_ == Level::read_atomic) continue;
        for (int32_t other : writers_[read.key]) {
          if (past.test(t, static_cast<size_t>(other))) add_before(other, read, self);
        }
      }
      if (!txn.ok) continue;
      for (int32_t key : txn.writes) last_write[{txn.process, key}] = self;
    }
  }

  // What every serial order must contain, to a fixpoint; the graph has a cycle iff false.
  bool saturate(TxnGraph& graph) const {
    size_t n = h_.txns.size();
    std::map<std::tuple<int32_t, int32_t, int32_t>, bool> known;
    for (int round = 0; round < 1000; ++round) {
      BitMatrix past(n, n);
      if (!graph.close(past)) return false;
      bool changed = false;
      for (size_t t = 0; t < n; ++t) {
        for (const TxnRead& read : h_.txns[t].reads) {
          for (int32_t other : writers_[read.key]) {
            int32_t self = static_cast<int32_t>(t);
            if (other == read.source || other == self) continue;
            if (read.source != kInitialTxn && past.test(t, static_cast<size_t>(other)) &&
                !past.test(read.source, static_cast<size_t>(other))) {
              changed |= known.emplace(std::make_tuple(other, read.source, 0), true).second;
              graph.add({other, read.source, Why::ww, read.key});
            }
            bool later =
                read.source == kInitialTxn || past.test(other, static_cast<size_t>(read.source));
            if (later && !past.test(other, t)) {
              changed |= known.emplace(std::make_tuple(self, other, 1), true).second;
              graph.add({self, other, Why::rw, read.key});
            }
          }
        }
      }
      if (!changed) return true;
    }
    return true;
  }

  Result search(const TxnGraph& base) {
    TxnGraph saturated = base;
    for (const VersionEdge& v : h_.versions) saturated.add({v.from, v.to, Why::ww, v.key});
    if (!saturate(saturated)) return cyclic(saturated);
    std::vector<std::pair<int32_t, int32_t>> before;
    for (size_t t = 0; t < saturated.size(); ++t) {
      for (int32_t e : saturated.into(t)) {
        before.emplace_back(saturated.edge(e).from, saturated.edge(e).to);
      }
    }
    result_.method = "search";
    TxnSearch search(h_, before, budget_);
    result_.verdict = search.run();
    if (result_.verdict == Verdict::valid) {
      for (int32_t t : search.order()) result_.order.push_back(h_.txns[t].id);
    } else {
      no_order();
    }
    return result_;
  }

  void no_order() {
    if (result_.verdict == Verdict::unknown) {
      result_.why = "the budget of time or memory ended before a verdict";
      return;
    }
    result_.why = "no order of the transactions fits what they read";
  }

  // Whom a read read from is not known: only the states can be searched.
  Result states() {
    if (level_ < Level::serializable || lists_) {
      throw ModelError(
          h_.repeated_line, "value",
          fmt::format("model {}: {}{}", lists_ ? "list-append" : "txn-register", h_.repeated,
                      lists_ ? ""
                             : ": only linearizable, strict-serializable and "
                               "serializable can be decided then"));
    }
    TxnStates model(history_);
    bool real_time = level_ == Level::strict_serializable;
    Result result = real_time ? check_linearizable(history_, model, budget_)
                              : check_sequential(history_, model, budget_);
    result.method = kStatesMethod;
    result.note = result_.note;
    if (result.verdict == Verdict::invalid && result.why.empty()) {
      result.why = "no order of the transactions fits what they read";
    }
    return result;
  }

  // Prefix and snapshot isolation.
  Result snapshots(const TxnGraph& base) {
    bool exclusive = level_ == Level::snapshot_isolation;
    if (exclusive && find_lost_update()) return result_;
    using Known = SnapshotSearch::Dependency;
    std::vector<Known> known;
    for (size_t t = 0; t < base.size(); ++t) {
      for (int32_t e : base.into(t)) {
        const Edge& edge = base.edge(e);
        bool session = edge.why == Why::session;
        known.push_back(
            {session ? Known::Why::session : Known::Why::wr, edge.from, edge.to, edge.key});
      }
    }
    for (const VersionEdge& v : h_.versions) known.push_back({Known::Why::ww, v.from, v.to, v.key});
    result_.method = "snapshots";
    SnapshotSearch search(h_, known, exclusive, budget_);
    result_.verdict = search.run();
    if (result_.verdict == Verdict::valid) return result_;
    if (result_.verdict == Verdict::unknown || search.cycle().empty()) {
      no_order();
      return result_;
    }
    std::vector<Edge> cycle;
    for (const Known& d : search.cycle()) {
      Why why = d.why == Known::Why::session ? Why::session
                : d.why == Known::Why::wr    ? Why::wr
                : d.why == Known::Why::ww    ? Why::ww
                                             : Why::rw;
      cycle.push_back({d.from, d.to, why, d.key});
    }
    std::string besides;
    if (search.either()) {
      besides =
          fmt::format("; so it is, in another way, if the writes of key {} are the other way round",
                      words_.key(search.cycle()[0].key));
    }
    words_.explain(cycle, words_.name_of(cycle), besides, result_);
    return result_;
  }

  bool find_lost_update() {
    std::map<std::pair<int32_t, int32_t>, int32_t> first;  // by key and version read
    for (size_t t = 0; t < h_.txns.size(); ++t) {
      auto self = static_cast<int32_t>(t);
      for (const TxnRead& read : h_.txns[t].reads) {
        if (!h_.txns[self].writes_to(read.key)) continue;
        auto [at, fresh] = first.try_emplace({read.key, read.source}, self);
        if (fresh || at->second == self) continue;
        result_.verdict = Verdict::invalid;
        words_.explain(
            {{at->second, self, Why::rw, read.key}, {self, at->second, Why::rw, read.key}},
            "lost update", "", result_);
        return true;
      }
    }
    return false;
  }

  Result& cyclic(const TxnGraph& graph) {
    bool apart = level_ == Level::snapshot_isolation || level_ == Level::prefix;
    std::vector<Edge> cycle = graph.cycle(apart);
    if (cycle.empty()) cycle = graph.cycle(false);
    std::string name = words_.name_of(cycle);
    // Two transactions that read the same version of a key and both wrote it.
    if (cycle.size() == 2 && cycle[0].key >= 0 && cycle[0].key == cycle[1].key &&
        (cycle[0].why == Why::rw) != (cycle[1].why == Why::rw) &&
        (cycle[0].why == Why::ww || cycle[1].why == Why::ww)) {
      name = "lost update";
    }
    words_.explain(cycle, name, "", result_);
    return result_;
  }

  const History& history_;
  Level level_;
  bool lists_;
  Budget budget_;
  TxnHistory h_;
  TxnWords words_{history_, h_};
  TxnGraph graph_;
  std::vector<std::vector<int32_t>> writers_;  // by key
  bool initial_late_ = false;
  Result result_;
};

}  // namespace

Result check_transactions(const History& history, ModelId model, Level level,
                          const Budget& budget) {
  return TxnChecker(history, model, level, budget).run();
}

std::string verify_serial_order(const History& history, ModelId model,
                                const std::vector<int32_t>& order, bool real_time) {
  const ValueTable& values = history.values();
  const auto& operations = history.operations();
  bool lists = model == ModelId::list_append;
  std::map<Value, std::vector<Value>> state;
  std::vector<int32_t> latest(static_cast<size_t>(history.process_count()), -1);
  std::vector<char> seen(operations.size(), 0);
  int32_t latest_call = -1;
  for (auto [key, value] : initial_values(history)) state[key] = {value};
  for (int32_t id : order) {
    const Operation& op = operations[id];
    if (seen[id]++) return history.describe(op) + " is placed twice";
    int32_t& bound = real_time ? latest_call : latest[op.process];
    if (op.ret < bound) return history.describe(op) + " is placed after one that began later";
    bound = std::max(bound, op.call);
    for (Value micro : values.items(op.ok() ? op.result : op.argument)) {
      auto parts = values.items(micro);
      std::vector<Value>& cell = state[parts[1]];
      if (values.as_name(parts[0]).starts_with('r')) {
        if (!op.ok() || (history.initial_unsaid() && parts[2] == kNull)) continue;
        std::vector<Value> saw;
        if (lists && parts[2] != kNull) {
          saw.assign(values.items(parts[2]).begin(), values.items(parts[2]).end());
        } else if (!lists && parts[2] != kNull) {
          saw = {parts[2]};
        }
        if (saw != cell) return history.describe(op) + " does not see what it says";
      } else {
        if (!lists) cell.clear();
        cell.push_back(parts[2]);
      }
    }
  }
  for (size_t id = 0; id < operations.size(); ++id) {
    if (operations[id].ok() && !seen[id]) return history.describe(operations[id]) + " is missing";
  }
  return {};
}

}  // namespace lockstep::history
