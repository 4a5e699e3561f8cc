#include "engine/history/txn/txn_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lockstep::history {
namespace {

struct Micro {
  bool read;
  int32_t key;
  Value value;  // read: what was seen; write: the value or element
};

struct Written {
  int32_t op;    // index into operations
  bool last;     // the transaction's last write to the key
  int32_t rank;  // among its writes to the key
};

class TxnDecoder {
 public:
  TxnDecoder(const History& history, ModelId model)
      : history_(history), values_(history.values()), lists_(model == ModelId::list_append) {}

  TxnHistory decode() {
    const auto& operations = history_.operations();
    micros_.resize(operations.size());
    for (size_t i = 0; i < operations.size(); ++i) parse(static_cast<int32_t>(i));
    initial_ = initial_values(history_);
    if (!index_writes()) return std::move(out_);
    choose_transactions();
    if (lists_ && out_.anomaly.empty()) order_versions();
    for (Txn& txn : out_.txns) {
      if (out_.anomaly.empty()) resolve(txn);
    }
    return std::move(out_);
  }

 private:
  using Kind = ValueTable::Kind;

  void fail(const Operation& op, bool result, const std::string& what) {
    throw ModelError(result ? op.ret_line : op.call_line, "value",
                     fmt::format("model {}: {}", lists_ ? "list-append" : "txn-register", what));
  }

  void parse(int32_t id) {
    const Operation& op = history_.operations()[id];
    if (values_.as_string(op.f) != "txn") {
      throw ModelError(
          op.call_line, "f",
          fmt::format("model {}: unknown operation \"{}\" (known: txn)",
                      lists_ ? "list-append" : "txn-register", values_.as_string(op.f)));
    }
    bool result = op.ok() && op.result != kNull;
    if (op.ok() && !result) fail(op, true, "a completed transaction needs its micro-operations");
    Value list = result ? op.result : op.argument;
    if (values_.kind(list) != Kind::array) fail(op, result, "a transaction is an array");
    for (Value item : values_.items(list)) {
      bool good = values_.kind(item) == Kind::array && values_.items(item).size() == 3;
      std::string_view name = good ? values_.as_name(values_.items(item)[0]) : "";
      bool read = name == "r" || name == "read";
      bool write = lists_ ? name == "append" : name == "w" || name == "write";
      if (!read && !write) {
        fail(op, result, "not a micro-operation: " + values_.to_json(item));
      }
      auto parts = values_.items(item);
      if (read && lists_ && op.ok() && parts[2] != kNull && values_.kind(parts[2]) != Kind::array) {
        fail(op, result, "a read returns a list, not " + values_.to_json(parts[2]));
      }
      if (!read && parts[2] == kNull) fail(op, result, "null is written");
      micros_[id].push_back({read, key_of(parts[1]), parts[2]});
    }
  }

  int32_t key_of(Value key) {
    auto [at, fresh] = key_numbers_.try_emplace(key, static_cast<int32_t>(out_.keys.size()));
    if (fresh) out_.keys.push_back(key);
    return at->second;
  }

  // False: a value is there twice.
  bool index_writes() {
    for (size_t i = 0; i < micros_.size(); ++i) {
      std::map<int32_t, Written*> last;
      std::map<int32_t, int32_t> ranks;
      for (const Micro& micro : micros_[i]) {
        if (micro.read) continue;
        auto [at, fresh] = written_.try_emplace({micro.key, micro.value},
                                                Written{static_cast<int32_t>(i), true, 0});
        const Operation& op = history_.operations()[i];
        if (!fresh || micro.value == initial_of(micro.key)) {
          out_.repeated =
              fmt::format("{} is written {} to {}", values_.to_json(micro.value),
                          fresh ? "again" : "twice", values_.to_json(out_.keys[micro.key]));
          out_.repeated_line = op.call_line;
          return false;
        }
        at->second.rank = ranks[micro.key]++;
        if (last[micro.key]) last[micro.key]->last = false;
        last[micro.key] = &at->second;
      }
    }
    return true;
  }

  Value initial_of(int32_t key) const {
    auto at = initial_.find(out_.keys[key]);
    return at == initial_.end() ? kNull : at->second;
  }

  // Completed ones, and others that a completed one read from.
  void choose_transactions() {
    const auto& operations = history_.operations();
    std::vector<char> counts(operations.size());
    for (size_t i = 0; i < operations.size(); ++i) {
      if (!operations[i].ok()) continue;
      counts[i] = 1;
      for (const Micro& micro : micros_[i]) {
        if (!micro.read || micro.value == kNull) continue;
        if (!lists_) {
          mark(micro.key, micro.value, counts);
        } else {
          for (Value item : values_.items(micro.value)) mark(micro.key, item, counts);
        }
      }
    }
    number_.assign(operations.size(), -1);
    for (size_t i = 0; i < operations.size(); ++i) {
      if (!counts[i]) continue;
      const Operation& op = operations[i];
      number_[i] = static_cast<int32_t>(out_.txns.size());
      Txn txn{static_cast<int32_t>(i), op.process, op.call, op.ret, op.ok(), {}, {}};
      for (const Micro& micro : micros_[i]) {
        if (!micro.read) txn.writes.push_back(micro.key);
      }
      std::sort(txn.writes.begin(), txn.writes.end());
      txn.writes.erase(std::unique(txn.writes.begin(), txn.writes.end()), txn.writes.end());
      out_.txns.push_back(std::move(txn));
    }
  }

  void mark(int32_t key, Value value, std::vector<char>& counts) {
    auto at = written_.find({key, value});
    if (at != written_.end()) counts[at->second.op] = 1;
  }

  void anomaly(int32_t op, const char* name, const std::string& what, int32_t other = -1) {
    out_.anomaly =
        fmt::format("{}: {} {}", name, history_.describe(history_.operations()[op]), what);
    out_.part.push_back(op);
    if (other >= 0) out_.part.push_back(other);
  }

  std::string say(Value value, int32_t key) const {
    return fmt::format("{} of key {}", values_.to_json(value), values_.to_json(out_.keys[key]));
  }

  // list-append: the longest list read is the order of versions; every other must be a prefix of
  // it.
  void order_versions() {
    std::vector<std::pair<Value, int32_t>> longest(out_.keys.size(), {kNull, -1});
    for (const Txn& txn : out_.txns) {
      if (!txn.ok) continue;
      for (const Micro& micro : micros_[txn.id]) {
        if (!micro.read || micro.value == kNull) continue;
        auto& best = longest[micro.key];
        if (best.first == kNull ||
            values_.items(micro.value).size() > values_.items(best.first).size()) {
          best = {micro.value, txn.id};
        }
      }
    }
    for (const Txn& txn : out_.txns) {
      if (!txn.ok) continue;
      for (const Micro& micro : micros_[txn.id]) {
        if (!micro.read || micro.value == kNull) continue;
        auto [list, owner] = longest[micro.key];
        auto all = values_.items(list), own = values_.items(micro.value);
        if (!std::equal(own.begin(), own.end(), all.begin())) {
          return anomaly(txn.id, "incompatible-order",
                         fmt::format("saw {}, which is not a prefix of {}",
                                     say(micro.value, micro.key), values_.to_json(list)),
                         owner);
        }
      }
    }
    for (size_t key = 0; key < longest.size(); ++key) {
      if (longest[key].first == kNull) continue;
      std::vector<int32_t> writers;
      std::vector<char> listed(out_.txns.size(), 0);
      for (Value item : values_.items(longest[key].first)) {
        auto at = written_.find({static_cast<int32_t>(key), item});
        if (at == written_.end()) {
          return anomaly(longest[key].second, "G1a",
                         fmt::format("saw {}, which no transaction appended",
                                     say(item, static_cast<int32_t>(key))));
        }
        int32_t writer = number_[at->second.op];
        if (writers.empty() || writers.back() != writer) {
          if (listed[writer] || at->second.rank != 0) {
            return anomaly(longest[key].second, "incompatible-order",
                           fmt::format("saw the appends of one transaction apart, at {}",
                                       say(item, static_cast<int32_t>(key))),
                           at->second.op);
          }
          writers.push_back(writer);
          listed[writer] = 1;
        }
      }
      for (size_t w = 1; w < writers.size(); ++w) {
        out_.versions.push_back({writers[w - 1], writers[w], static_cast<int32_t>(key)});
      }
      if (writers.empty()) continue;
      for (size_t t = 0; t < out_.txns.size(); ++t) {
        const auto& writes = out_.txns[t].writes;
        bool appends =
            std::find(writes.begin(), writes.end(), static_cast<int32_t>(key)) != writes.end();
        if (appends && !listed[t]) {
          out_.versions.push_back(
              {writers.back(), static_cast<int32_t>(t), static_cast<int32_t>(key)});
        }
      }
    }
  }

  void resolve(Txn& txn) {
    if (!txn.ok) return;                        // what it read is unknown
    std::map<int32_t, std::vector<Value>> own;  // by key: its writes so far
    for (const Micro& micro : micros_[txn.id]) {
      if (!micro.read) {
        own[micro.key].push_back(micro.value);
        continue;
      }
      Value seen = micro.value;
      const std::vector<Value>& mine = own[micro.key];
      if (lists_) {
        std::vector<Value> list;
        if (seen != kNull) list.assign(values_.items(seen).begin(), values_.items(seen).end());
        if (list.size() < mine.size() || !std::equal(mine.rbegin(), mine.rend(), list.rbegin())) {
          return anomaly(txn.id, "internal",
                         fmt::format("does not see its own appends in {}", say(seen, micro.key)));
        }
        list.resize(list.size() - mine.size());
        if (list.empty()) {
          txn.reads.push_back({micro.key, kInitialTxn});
        } else {
          external(txn, micro.key, list.back());
        }
      } else if (!mine.empty()) {
        bool known = seen != kNull || !history_.initial_unsaid();
        if (known && seen != mine.back()) {
          return anomaly(txn.id, "internal",
                         fmt::format("saw {} after it wrote {}", say(seen, micro.key),
                                     values_.to_json(mine.back())));
        }
        continue;
      } else if (seen == kNull && history_.initial_unsaid()) {
        continue;  // unknown
      } else if (seen == initial_of(micro.key)) {
        txn.reads.push_back({micro.key, kInitialTxn});
      } else {
        external(txn, micro.key, seen);
      }
      if (!out_.anomaly.empty()) return;
    }
  }

  void external(Txn& txn, int32_t key, Value seen) {
    auto at = written_.find({key, seen});
    if (at == written_.end()) {
      return anomaly(txn.id, "G1a",
                     fmt::format("saw {}, which no transaction wrote", say(seen, key)));
    }
    const Written& written = at->second;
    if (written.op == txn.id) {
      return anomaly(txn.id, "internal", fmt::format("saw {} before it wrote it", say(seen, key)));
    }
    if (!written.last) {
      return anomaly(txn.id, "G1b",
                     fmt::format("saw {}, which its transaction overwrote", say(seen, key)),
                     written.op);
    }
    txn.reads.push_back({key, number_[written.op]});
  }

  const History& history_;
  const ValueTable& values_;
  bool lists_;
  std::vector<std::vector<Micro>> micros_;  // by operation
  std::map<Value, int32_t> key_numbers_;
  std::map<Value, Value> initial_;
  std::map<std::pair<int32_t, Value>, Written> written_;
  std::vector<int32_t> number_;  // by operation: its transaction, -1: does not count
  TxnHistory out_;
};

}  // namespace

std::map<Value, Value> initial_values(const History& history) {
  std::map<Value, Value> initial;
  if (!history.initial_unsaid()) return initial;
  const ValueTable& values = history.values();
  auto writes = [&](Value micro) {
    return !values.as_name(values.items(micro)[0]).starts_with('r');
  };
  std::map<std::pair<Value, Value>, int32_t> written;  // by key and value: when first begun
  std::vector<const Operation*> by_end;
  for (const Operation& op : history.operations()) {
    for (Value micro : values.items(op.ok() ? op.result : op.argument)) {
      auto parts = values.items(micro);
      if (writes(micro)) written.try_emplace({parts[1], parts[2]}, op.call);
    }
    if (op.ok()) by_end.push_back(&op);
  }
  std::sort(by_end.begin(), by_end.end(),
            [](const Operation* x, const Operation* y) { return x->ret < y->ret; });
  for (const Operation* op : by_end) {
    std::vector<Value> own;
    for (Value micro : values.items(op->result)) {
      auto parts = values.items(micro);
      if (writes(micro)) own.push_back(parts[1]);
      if (writes(micro) || parts[2] == kNull ||
          std::find(own.begin(), own.end(), parts[1]) != own.end()) {
        continue;
      }
      auto at = written.find({parts[1], parts[2]});
      bool before = at == written.end() || at->second > op->ret;
      if (before) initial.try_emplace(parts[1], parts[2]);
    }
  }
  return initial;
}

TxnHistory decode_transactions(const History& history, ModelId model) {
  return TxnDecoder(history, model).decode();
}

}  // namespace lockstep::history
