#include "engine/history/txn/txn_states.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/history/txn/txn_history.h"

namespace lockstep::history {

TxnStates::TxnStates(const History& history)
    : history_(history), unsaid_(history.initial_unsaid()) {
  const ValueTable& values = history.values();
  for (const Operation& op : history.operations()) {
    for (Value micro : values.items(op.ok() ? op.result : op.argument)) {
      Value key = values.items(micro)[1];
      if (numbers_.try_emplace(key, static_cast<int32_t>(keys_.size())).second) {
        keys_.push_back(key);
      }
    }
  }
  std::vector<Value> cells(keys_.size(), kNull);
  for (auto [key, value] : initial_values(history)) cells[numbers_.at(key)] = value;
  intern(cells);
}

Model::State TxnStates::intern(const std::vector<Value>& cells) {
  auto [at, fresh] = known_.try_emplace(cells, static_cast<State>(states_.size()));
  if (fresh) states_.push_back(&at->first);
  return at->second;
}

std::vector<TxnStates::Micro> TxnStates::micros(const Operation& op) const {
  const ValueTable& values = history_.values();
  std::vector<Micro> all;
  for (Value micro : values.items(op.ok() ? op.result : op.argument)) {
    auto parts = values.items(micro);
    bool read = values.as_name(parts[0]).starts_with('r');
    bool anything = read && (!op.ok() || (unsaid_ && parts[2] == kNull));
    all.push_back({read, anything, numbers_.at(parts[1]), parts[2]});
  }
  return all;
}

std::optional<Model::State> TxnStates::step(State state, const Operation& op) {
  std::vector<Value> cells = *states_[state];
  bool changed = false;
  for (const Micro& micro : micros(op)) {
    if (micro.anything) continue;
    if (micro.read && cells[micro.key] != micro.value) return std::nullopt;
    changed |= cells[micro.key] != micro.value;
    cells[micro.key] = micro.value;
  }
  return changed ? intern(cells) : state;
}

bool TxnStates::readonly(const Operation& op) const {
  auto all = micros(op);
  return std::all_of(all.begin(), all.end(), [](const Micro& micro) { return micro.read; });
}

bool TxnStates::commutes(const Operation& a, const Operation& b) const {
  auto of_b = micros(b);
  for (const Micro& x : micros(a)) {
    for (const Micro& y : of_b) {
      if (x.key == y.key && !(x.read && y.read)) return false;
    }
  }
  return true;
}

std::string TxnStates::describe(State state) const {
  std::string text;
  for (size_t i = 0; i < keys_.size(); ++i) {
    text += fmt::format("{}{} = {}", i > 0 ? ", " : "", history_.values().to_json(keys_[i]),
                        history_.values().to_json((*states_[state])[i]));
  }
  return text;
}

std::string TxnStates::why(State state, const Operation& op) {
  std::vector<Value> cells = *states_[state];
  for (const Micro& micro : micros(op)) {
    if (micro.anything) continue;
    if (micro.read && cells[micro.key] != micro.value) {
      return fmt::format("key {} holds {}, not {}", history_.values().to_json(keys_[micro.key]),
                         history_.values().to_json(cells[micro.key]),
                         history_.values().to_json(micro.value));
    }
    cells[micro.key] = micro.value;
  }
  return {};
}

}  // namespace lockstep::history
