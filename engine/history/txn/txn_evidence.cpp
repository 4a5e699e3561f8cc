#include "engine/history/txn/txn_evidence.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockstep::history {

std::vector<TxnEvidence::Micro> TxnEvidence::micros(int32_t txn, int32_t key) const {
  std::vector<Micro> all;
  const ValueTable& values = history_.values();
  const Operation& op = history_.operations()[txns_.txns[txn].id];
  const Value list = op.ok() && op.result != kNull ? op.result : op.argument;
  for (const Value item : values.items(list)) {
    const auto parts = values.items(item);
    if (parts[1] != txns_.keys[key]) continue;
    const auto name = values.as_name(parts[0]);
    all.push_back({name == "r" || name == "read", parts[2]});
  }
  return all;
}

std::string TxnEvidence::read_of(int32_t txn, int32_t key) const {
  for (const Micro& m : micros(txn, key)) {
    if (!m.read) return {};  // what it reads from here on is its own
    return history_.values().to_json(m.value);
  }
  return {};
}

std::string TxnEvidence::written_by(int32_t txn, int32_t key) const {
  std::string last;
  for (const Micro& m : micros(txn, key))
    if (!m.read) last = history_.values().to_json(m.value);
  return last;
}

std::string TxnEvidence::version_order(int32_t from, int32_t to, int32_t key) const {
  const ValueTable& values = history_.values();
  std::vector<Value> first, second;
  for (const Micro& m : micros(from, key))
    if (!m.read) first.push_back(m.value);
  for (const Micro& m : micros(to, key))
    if (!m.read) second.push_back(m.value);
  const auto among = [](const std::vector<Value>& all, Value v) {
    return std::find(all.begin(), all.end(), v) != all.end();
  };
  for (size_t t = 0; t < txns_.txns.size(); t++) {
    const Operation& op = history_.operations()[txns_.txns[t].id];
    for (const Micro& m : micros(static_cast<int32_t>(t), key)) {
      if (!m.read || !op.ok()) continue;
      bool shows = false;
      if (values.kind(m.value) == ValueTable::Kind::array) {
        bool seen = false;
        for (const Value v : values.items(m.value)) {
          if (among(first, v)) seen = true;
          shows |= seen && among(second, v);
        }
      } else {
        shows = static_cast<int32_t>(t) == to && among(first, m.value);
      }
      if (shows)
        return fmt::format("process {} read {} ({}s {}-{})", history_.process_name(op.process),
                           values.to_json(m.value), history_.unit(), op.call_line, op.ret_line);
    }
  }
  return {};
}

}  // namespace lockstep::history
