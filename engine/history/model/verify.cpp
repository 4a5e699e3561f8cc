#include "engine/history/model/verify.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <optional>
#include <set>

namespace lockstep::history {
namespace {

// One object of each kind; only the one of the model is used.
struct Object {
  std::map<Value, Value> cells;          // registers, by key
  std::map<Value, std::string> strings;  // kv, by key
  std::deque<Value> sequence;            // queue, stack
  std::set<Value> members;               // set
  int64_t sum = 0;                       // counter
  std::optional<int32_t> holder;         // lock, mutex
};

class Simulator {
 public:
  Simulator(const History& history, ModelId model) : values_(history.values()), model_(model) {}

  // Whether `op` may happen now with its result; if so, it does.
  bool apply(const Operation& op) {
    std::string_view f = values_.as_string(op.f);
    switch (model_) {
      case ModelId::register_:
      case ModelId::cas_register:
      case ModelId::multi_register:
        return apply_register(op, f);
      case ModelId::kv:
        return apply_kv(op, f);
      case ModelId::queue:
      case ModelId::stack:
        return apply_sequence(op, f);
      case ModelId::set:
        return apply_set(op, f);
      case ModelId::counter:
        return apply_counter(op, f);
      case ModelId::lock:
      case ModelId::mutex:
        return apply_lock(op, f);
      default:
        return false;
    }
  }

 private:
  bool apply_register(const Operation& op, std::string_view f) {
    Value& cell = o_.cells.try_emplace(op.key, kNull).first->second;
    if (f == "read") return !op.ok() || op.result == cell;
    if (f == "write") {
      cell = op.argument;
      return true;
    }
    Value from = values_.items(op.argument)[0], to = values_.items(op.argument)[1];
    bool matches = cell == from;
    if (op.ok() && matches != (op.result == kTrue)) return false;
    if (matches) cell = to;
    return true;
  }

  bool apply_kv(const Operation& op, std::string_view f) {
    auto at = o_.strings.find(op.key);
    bool there = at != o_.strings.end();
    auto equals = [&](Value v) {
      return v == kNull ? !there : there && at->second == values_.as_string(v);
    };
    auto assign = [&](Value v) {
      if (v == kNull) {
        o_.strings.erase(op.key);
      } else {
        o_.strings[op.key] = std::string(values_.as_string(v));
      }
    };
    if (f == "get") return !op.ok() || equals(op.result);
    if (f == "put") assign(op.argument);
    if (f == "append") o_.strings[op.key] += values_.as_string(op.argument);
    if (f == "delete") o_.strings.erase(op.key);
    if (f == "cas") {
      bool matches = equals(values_.items(op.argument)[0]);
      if (op.ok() && matches != (op.result == kTrue)) return false;
      if (matches) assign(values_.items(op.argument)[1]);
    }
    return true;
  }

  bool apply_sequence(const Operation& op, std::string_view f) {
    bool queue = model_ == ModelId::queue;
    if (f == "enqueue" || f == "push") {
      o_.sequence.push_back(op.argument);
      return true;
    }
    bool empty = o_.sequence.empty();
    Value head = empty ? kNull : queue ? o_.sequence.front() : o_.sequence.back();
    if (op.ok() && op.result != head) return false;
    if (f == "peek" || empty) return true;
    queue ? o_.sequence.pop_front() : o_.sequence.pop_back();
    return true;
  }

  bool apply_set(const Operation& op, std::string_view f) {
    if (f == "read") {
      if (!op.ok()) return true;
      auto items = values_.items(op.result);
      return std::set<Value>(items.begin(), items.end()) == o_.members &&
             items.size() == o_.members.size();
    }
    bool in = o_.members.count(op.argument) > 0;
    bool wanted = f == "add" ? !in : in;
    bool told = op.ok() && (op.result == kTrue || op.result == kFalse);
    if (told && wanted != (op.result == kTrue)) return false;
    if (f == "add") o_.members.insert(op.argument);
    if (f == "remove") o_.members.erase(op.argument);
    return true;
  }

  bool apply_counter(const Operation& op, std::string_view f) {
    if (f == "read") return !op.ok() || values_.as_integer(op.result) == o_.sum;
    if (f == "add") {
      o_.sum += values_.as_integer(op.argument);
      return true;
    }
    o_.sum += f == "inc" ? 1 : -1;
    return !op.ok() || op.result == kNull || values_.as_integer(op.result) == o_.sum;
  }

  bool apply_lock(const Operation& op, std::string_view f) {
    bool free = !o_.holder;
    if (f == "release") {
      bool mine = !free && (model_ == ModelId::mutex || *o_.holder == op.process);
      if (mine) o_.holder.reset();
      return mine || !op.ok();
    }
    if (f == "try_acquire" && op.ok() && free != (op.result == kTrue)) return false;
    if (f == "acquire" && op.ok() && !free) return false;
    if (free) o_.holder = op.process;
    return true;
  }

  const ValueTable& values_;
  ModelId model_;
  Object o_;
};

template <typename Apply>
std::string verify(const History& history, const std::vector<int32_t>& order, bool program_order,
                   const Apply& apply) {
  const std::vector<Operation>& ops = history.operations();
  std::vector<char> seen(ops.size(), 0);
  int32_t latest_call = -1;
  std::vector<int32_t> latest_call_of(static_cast<size_t>(history.process_count()), -1);
  for (int32_t id : order) {
    if (id < 0 || static_cast<size_t>(id) >= ops.size() || seen[id]++) {
      return fmt::format("operation {} is placed twice or does not exist", id);
    }
    const Operation& op = ops[id];
    int32_t& latest = program_order ? latest_call_of[op.process] : latest_call;
    if (op.ret < latest) {
      return fmt::format("{} is placed after one that was invoked later", history.describe(op));
    }
    latest = std::max(latest, op.call);
    if (!apply(op))
      return fmt::format("{} is not possible where it is placed", history.describe(op));
  }
  for (size_t id = 0; id < ops.size(); ++id) {
    if (ops[id].ok() && !seen[id]) return fmt::format("{} is missing", history.describe(ops[id]));
  }
  return {};
}

}  // namespace

std::string verify_order(const History& history, ModelId model, const std::vector<int32_t>& order,
                         bool program_order) {
  Simulator simulator(history, model);
  return verify(history, order, program_order,
                [&](const Operation& op) { return simulator.apply(op); });
}

std::string verify_order(const History& history, Model& model, const std::vector<int32_t>& order,
                         bool program_order) {
  Model::State state = model.initial();
  return verify(history, order, program_order, [&](const Operation& op) {
    std::optional<Model::State> next = model.step(state, op);
    if (!next) return !op.ok();
    state = *next;
    return true;
  });
}

}  // namespace lockstep::history
