// A state of an object that remembers who did what, and says in words what an operation meets that
// cannot come next. Slow and simple: for explanations, never for verdicts. A value: copies are
// states of their own.
#pragma once
#include <fmt/format.h>

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "engine/history/model/model.h"

namespace lockstep::history {

class Witness {
 public:
  Witness(const History& history, ModelId model)
      : history_(history), values_(history.values()), model_(model) {}

  // Does `op`; returns why it cannot, or an empty string.
  std::string apply(int32_t id) {
    last_ = id;
    const Operation& op = history_.operations()[id];
    std::string_view f = values_.as_string(op.f);
    switch (model_) {
      case ModelId::register_:
      case ModelId::cas_register:
      case ModelId::multi_register:
      case ModelId::kv:
        return apply_cell(id, op, f);
      case ModelId::queue:
      case ModelId::stack:
        return apply_sequence(id, op, f);
      case ModelId::set:
        return apply_set(id, op, f);
      case ModelId::counter:
        return apply_counter(op, f);
      default:
        return apply_lock(id, op, f);
    }
  }

  // "x = 3", "[1, 2]", "free": what it is now; of keys, that of the last operation.
  std::string state() const {
    switch (model_) {
      case ModelId::register_:
      case ModelId::cas_register:
      case ModelId::multi_register:
      case ModelId::kv: {
        const Value key = last_ < 0 ? kAbsent : history_.operations()[last_].key;
        const auto cell = cells_.find(key);
        const std::string value = cell == cells_.end() ? "null" : cell->second.value;
        return key == kAbsent ? value : json(key) + " = " + value;
      }
      case ModelId::queue:
      case ModelId::stack: {
        std::string text;
        for (const auto& [value, by] : sequence_) text += (text.empty() ? "" : ", ") + json(value);
        return "[" + text + "]";
      }
      case ModelId::set: {
        std::string text;
        for (const auto& [value, by] : members_) text += (text.empty() ? "" : ", ") + json(value);
        return "{" + text + "}";
      }
      case ModelId::counter:
        return std::to_string(sum_);
      default:
        return holder_ < 0 ? "free" : "held, " + by(holder_);
    }
  }

 private:
  struct Cell {
    std::string value = "null";  // as JSON
    int32_t by = -1;
  };

  std::string say(int32_t id) const { return history_.describe(history_.operations()[id]); }
  std::string by(int32_t id) const { return id < 0 ? "initially" : "since " + say(id); }
  std::string json(Value v) const { return values_.to_json(v); }

  std::string apply_cell(int32_t id, const Operation& op, std::string_view f) {
    Cell& cell = cells_[op.key];
    auto now = [&] { return fmt::format("the value is {}, {}", cell.value, by(cell.by)); };
    auto set = [&](const std::string& value) { cell = {value, id}; };
    if (f == "read" || f == "get") {
      if (!op.ok() || json(op.result) == cell.value) return {};
      return fmt::format("returned {}, but {}", json(op.result), now());
    }
    if (f == "write" || f == "put") set(json(op.argument));
    if (f == "delete") set("null");
    if (f == "append") {
      std::string old = cell.value == "null" ? "\"" : cell.value.substr(0, cell.value.size() - 1);
      set(old + json(op.argument).substr(1));
    }
    if (f == "cas") {
      auto pair = values_.items(op.argument);
      bool matches = json(pair[0]) == cell.value;
      if (op.ok() && op.result == kTrue && !matches) {
        return fmt::format("expects {}, but {}", json(pair[0]), now());
      }
      if (op.ok() && op.result == kFalse && matches) {
        return fmt::format("reports that the value was not {}, but {}", json(pair[0]), now());
      }
      if (matches) set(json(pair[1]));
    }
    return {};
  }

  std::string apply_sequence(int32_t id, const Operation& op, std::string_view f) {
    bool queue = model_ == ModelId::queue;
    if (f == "enqueue" || f == "push") {
      sequence_.emplace_back(op.argument, id);
      return {};
    }
    bool empty = sequence_.empty();
    auto head = empty ? std::make_pair(kNull, -1) : queue ? sequence_.front() : sequence_.back();
    if (op.ok() && op.result != head.first) {
      const char* place = queue ? "head" : "top";
      if (empty) return fmt::format("returned {}, but nothing is inside", json(op.result));
      if (op.result == kNull) {
        return fmt::format("found nothing, but {} is inside, {}", json(head.first),
                           by(head.second));
      }
      return fmt::format("returned {}, but the {} is {}, {}", json(op.result), place,
                         json(head.first), by(head.second));
    }
    if (f == "peek" || empty) return {};
    queue ? sequence_.pop_front() : sequence_.pop_back();
    return {};
  }

  std::string apply_set(int32_t id, const Operation& op, std::string_view f) {
    if (f == "read") {
      if (!op.ok()) return {};
      std::map<Value, int> seen;
      for (Value v : values_.items(op.result)) {
        if (seen[v]++ > 0) return fmt::format("returned {} twice", json(v));
        if (!members_.count(v)) return fmt::format("returned {}, which is absent", json(v));
      }
      for (auto [v, since] : members_) {
        if (!seen.count(v)) return fmt::format("misses {}, present {}", json(v), by(since));
      }
      return {};
    }
    bool in = members_.count(op.argument) > 0;
    bool told = op.ok() && (op.result == kTrue || op.result == kFalse);
    bool wanted = f == "add" ? !in : in;
    if (told && wanted != (op.result == kTrue)) {
      if (in) {
        return fmt::format("says that {} was absent, but it is present {}", json(op.argument),
                           by(members_[op.argument]));
      }
      int32_t since = removed_.count(op.argument) ? removed_[op.argument] : -1;
      return fmt::format("says that {} was present, but it is absent {}", json(op.argument),
                         by(since));
    }
    if (f == "add" && !in) members_[op.argument] = id;
    if (f == "remove" && in) {
      members_.erase(op.argument);
      removed_[op.argument] = id;
    }
    return {};
  }

  std::string apply_counter(const Operation& op, std::string_view f) {
    int64_t next = sum_;
    if (f == "add") next += values_.as_integer(op.argument);
    if (f == "inc") ++next;
    if (f == "dec") --next;
    bool tells = op.ok() && f != "add" && op.result != kNull;
    if (tells && values_.as_integer(op.result) != next) {
      return fmt::format("returned {}, but the sum {} {}", json(op.result),
                         f == "read" ? "is" : "would be", next);
    }
    sum_ = next;
    return {};
  }

  std::string apply_lock(int32_t id, const Operation& op, std::string_view f) {
    if (f == "release") {
      bool owner = holder_ >= 0 && (model_ == ModelId::mutex ||
                                    history_.operations()[holder_].process == op.process);
      if (owner) {
        holder_ = -1;
        return {};
      }
      if (!op.ok()) return {};
      return holder_ < 0 ? "released it, but it is free"
                         : "released it, but it is held " + by(holder_);
    }
    bool got = !op.ok() || f == "acquire" || op.result == kTrue;
    if (op.ok() && got && holder_ >= 0) return "acquired it, but it is held " + by(holder_);
    if (!got && holder_ < 0) return "did not get it, but it is free";
    if (got && holder_ < 0) holder_ = id;
    return {};
  }

  const History& history_;
  const ValueTable& values_;
  ModelId model_;
  std::map<Value, Cell> cells_;
  std::deque<std::pair<Value, int32_t>> sequence_;
  std::map<Value, int32_t> members_, removed_;
  int64_t sum_ = 0;
  int32_t holder_ = -1;
  int32_t last_ = -1;
};

}  // namespace lockstep::history
