// Random histories of an atomic object, with a result changed here and there, for the tests of the
// checkers. All draws come from one seeded generator: the same seed, the same histories.
#pragma once
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include "engine/history/model/model.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {

struct Shape {
  std::string model;
  int ops = 6;
  int processes = 3;
  int values = 3;           // domain of arguments; 0: every value once
  int info_percent = 15;    // of operations whose outcome is unknown
  int change_percent = 50;  // of histories in which one result is changed
  int keys = 2;
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool percent(int p) { return below(100) < p; }

  // JSON Lines, as the reader takes them.
  std::string history(const Shape& shape) {
    shape_ = shape;
    object_ = {};
    fresh_ = 0;
    struct Client {
      bool open = false, applied = false;
      std::string f, key, argument, result;
    };
    std::vector<Client> clients(static_cast<size_t>(shape.processes));
    struct Row {
      int process;
      std::string type, f, key, value;
    };
    std::vector<Row> rows;
    int started = 0;
    for (int steps = 0; steps < shape.ops * 20; ++steps) {
      int p = below(shape.processes);
      Client& c = clients[static_cast<size_t>(p)];
      if (!c.open) {
        if (started == shape.ops) continue;
        ++started;
        c = {};
        c.open = true;
        choose(c.f, c.key, c.argument, p);
        rows.push_back({p, "invoke", c.f, c.key, c.argument});
      } else if (!c.applied) {
        c.applied = true;
        if (percent(shape.info_percent)) {
          if (percent(50)) apply(c.f, c.key, c.argument, p, &c.result);
          if (percent(70)) {
            rows.push_back({p, "info", c.f, c.key, "null"});
            c.open = false;
          } else {
            c.open = true;  // never completes
            c.f.clear();
          }
        } else if (!apply(c.f, c.key, c.argument, p, &c.result)) {
          c.applied = false;  // blocked, as an acquire
        }
      } else if (!c.f.empty()) {
        rows.push_back({p, "ok", c.f, c.key, c.result});
        c.open = false;
      }
    }
    if (percent(shape.change_percent)) {
      std::vector<size_t> oks;
      for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].type == "ok") oks.push_back(i);
      }
      if (!oks.empty()) {
        Row& row = rows[oks[static_cast<size_t>(below(static_cast<int>(oks.size())))]];
        row.value = other_result(row.f, row.value);
      }
    }
    std::string text;
    int index = 0;
    for (const Row& row : rows) {
      text += "{\"index\":" + std::to_string(index++) +
              ",\"process\":" + std::to_string(row.process) + ",\"type\":\"" + row.type +
              "\",\"f\":\"" + row.f + "\"";
      if (!row.key.empty()) text += ",\"key\":" + row.key;
      text += ",\"value\":" + row.value + "}\n";
    }
    return text;
  }

 private:
  bool is(const char* model) const { return shape_.model == model; }

  std::string value() {
    return std::to_string(shape_.values > 0 ? 1 + below(shape_.values) : ++fresh_);
  }
  std::string old_value() {
    return std::to_string(1 + below(shape_.values > 0 ? shape_.values : fresh_ + 1));
  }

  void choose(std::string& f, std::string& key, std::string& argument, int process) {
    argument = "null";
    int dice = below(100);
    if (is("register") || is("cas-register") || is("multi-register")) {
      bool cas = !is("register") && shape_.values > 0;
      f = dice < 45 ? "read" : dice < 75 || !cas ? "write" : "cas";
      if (f == "write") argument = value();
      if (f == "cas") argument = "[" + (percent(20) ? "null" : value()) + "," + value() + "]";
    } else if (is("kv")) {
      f = dice < 45   ? "get"
          : dice < 75 ? "append"
          : dice < 88 ? "put"
          : dice < 94 ? "delete"
                      : "cas";
      if (f == "put" || f == "append") argument = "\"" + value() + "\"";
      if (f == "cas") {
        std::string from = percent(20) ? "null" : "\"" + value() + "\"";
        argument = "[" + from + "," + (percent(10) ? "null" : "\"" + value() + "\"") + "]";
      }
    } else if (is("queue")) {
      f = dice < 45 ? "enqueue" : dice < 85 ? "dequeue" : "peek";
      if (f == "enqueue") argument = value();
    } else if (is("stack")) {
      f = dice < 45 ? "push" : dice < 85 ? "pop" : "peek";
      if (f == "push") argument = value();
    } else if (is("set") || is("set-elements")) {
      f = dice < 35                         ? "add"
          : dice < 65                       ? "remove"
          : dice < 85 || is("set-elements") ? "contains"
                                            : "read";
      if (f != "read") argument = std::to_string(1 + below(std::max(shape_.values, 2)));
    } else if (is("counter")) {
      f = dice < 35 ? "read" : dice < 60 ? "add" : dice < 80 ? "inc" : "dec";
      if (f == "add") argument = std::to_string(below(5) - 1);
    } else {
      bool holds = object_.holder == process || percent(5);
      f = holds ? "release" : dice < 60 ? "acquire" : "try_acquire";
    }
    if (is("multi-register") || is("kv")) key = "\"k" + std::to_string(below(shape_.keys)) + "\"";
  }

  bool apply(const std::string& f, const std::string& key, const std::string& argument, int process,
             std::string* result) {
    *result = "null";
    std::string& cell = object_.cells.try_emplace(key, "null").first->second;
    auto pair = [&] {
      size_t comma = argument.find(',');
      return std::make_pair(argument.substr(1, comma - 1),
                            argument.substr(comma + 1, argument.size() - comma - 2));
    };
    if (is("register") || is("cas-register") || is("multi-register") || is("kv")) {
      if (f == "read" || f == "get") *result = cell;
      if (f == "write" || f == "put") cell = argument;
      if (f == "delete") cell = "null";
      if (f == "append") {
        std::string old = cell == "null" ? "" : cell.substr(1, cell.size() - 2);
        cell = "\"" + old + argument.substr(1, argument.size() - 2) + "\"";
      }
      if (f == "cas") {
        auto [from, to] = pair();
        *result = cell == from ? "true" : "false";
        if (cell == from) cell = to;
      }
    } else if (is("queue") || is("stack")) {
      auto& items = object_.items;
      if (f == "enqueue" || f == "push") {
        items.push_back(argument);
      } else if (!items.empty()) {
        *result = is("queue") ? items.front() : items.back();
        if (f != "peek") is("queue") ? items.pop_front() : items.pop_back();
      }
    } else if (is("set") || is("set-elements")) {
      auto& members = object_.members;
      if (f == "read") {
        *result = "[";
        for (const std::string& m : members) *result += (result->size() > 1 ? "," : "") + m;
        *result += "]";
        return true;
      }
      bool in = members.count(argument) > 0;
      *result = (f == "add" ? !in : in) ? "true" : "false";
      if (f == "add") members.insert(argument);
      if (f == "remove") members.erase(argument);
      if (f != "contains" && percent(20)) *result = "null";
    } else if (is("counter")) {
      if (f == "read") *result = std::to_string(object_.sum);
      if (f == "add") object_.sum += std::stoi(argument);
      if (f == "inc" || f == "dec") {
        object_.sum += f == "inc" ? 1 : -1;
        if (percent(70)) *result = std::to_string(object_.sum);
      }
    } else {
      int& holder = object_.holder;
      if (f == "release") {
        if (holder < 0 || (is("lock") && holder != process)) return percent(10);
        holder = -1;
      } else if (holder < 0) {
        holder = process;
        if (f == "try_acquire") *result = "true";
      } else if (f == "try_acquire") {
        *result = "false";
      } else {
        return percent(1);
      }
    }
    return true;
  }

  std::string other_result(const std::string& f, const std::string& old) {
    if (f == "try_acquire" || f == "cas" || f == "add" || f == "remove" || f == "contains") {
      if (is("counter")) return old;
      return old == "true" ? "false" : old == "false" ? "true" : old;
    }
    if (f == "read" && (is("set") || is("set-elements"))) {
      return "[" + std::to_string(1 + below(std::max(shape_.values, 2))) + "]";
    }
    if (is("counter")) return old == "null" ? old : std::to_string(std::stoi(old) + below(5) - 2);
    bool observes = f == "read" || f == "get" || f == "dequeue" || f == "pop" || f == "peek";
    if (!observes) return old;
    if (percent(20)) return "null";
    return is("kv") ? "\"" + old_value() + "\"" : old_value();
  }

  struct Object {
    std::map<std::string, std::string> cells;
    std::deque<std::string> items;
    std::set<std::string> members;
    int sum = 0;
    int holder = -1;
  };
  std::mt19937_64 random_;
  Shape shape_;
  Object object_;
  int fresh_ = 0;
};

inline ModelId model_of(const std::string& name) {
  return *find_model(name == "set-elements" ? "set" : name);
}

}  // namespace lockstep::history
