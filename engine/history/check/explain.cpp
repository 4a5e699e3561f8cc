#include "engine/history/check/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/history/check/sentence.h"
#include "engine/history/search/sequential_search.h"
#include "engine/history/txn/txn.h"
#include "engine/history/txn/txn_states.h"

namespace lockstep::history {
namespace {

constexpr uint64_t kNodesForCore = 20000;    // of one check while the core is made smaller
constexpr uint64_t kNodesForPrefix = 20000;  // of one check while its end is looked for
constexpr uint64_t kNodesForLongest = 20000;
constexpr size_t kListedMax = 40;  // operations printed of the core

bool changes_nothing(const Op& op) {
  if (is_read(op.code)) return true;
  switch (op.code) {
    case Code::cas:
    case Code::add:
    case Code::remove:
    case Code::try_acquire:
      return op.ok && op.r == kFalse;
    case Code::take:
      return op.ok && op.r == kNull;
    default:
      return false;
  }
}

class Explainer {
 public:
  Explainer(const History& history, ModelId model, Consistency consistency, const Result& result,
            const Budget& budget)
      : history_(history),
        model_(model),
        consistency_(consistency),
        result_(result),
        budget_(budget) {}

  Explanation run() {
    if (is_transactional(model_) ||
        (consistency_ != Consistency::linearizable && consistency_ != Consistency::sequential)) {
      return named_pattern();
    }
    std::vector<Op> all = decode(history_, model_);
    std::vector<char> in(all.size(), result_.part.empty());
    for (int32_t id : result_.part) in[id] = 1;
    for (const Op& op : all) {
      if (in[op.id]) ops_.push_back(op);
    }
    // Where values can be taken out whole, the core comes from the whole history: all outcomes are
    // known there, and the history fails at the latest where the core ends. Else from the prefix.
    bool apart = values_apart();
    if (apart) reduce();
    shorten();
    if (consistency_ == Consistency::linearizable) find_longest();
    if (!apart) reduce();
    say();
    return std::move(out_);
  }

 private:
  // Causal and transactional results come with their pattern or cycle.
  Explanation named_pattern() {
    out_.core = result_.part;
    // The order of two writers may follow from others that are not in the cycle.
    out_.minimal = !result_.part.empty() && result_.method != "snapshots";
    out_.summary = result_.why.substr(0, result_.why.find('\n'));
    out_.text = result_.why + "\n";
    return std::move(out_);
  }

  Verdict decide(const std::vector<Op>& ops, uint64_t nodes) const {
    Budget budget = budget_;
    budget.nodes_max = nodes;
    if (consistency_ == Consistency::sequential) {
      return search_sequential(history_, model_, ops, budget).verdict;
    }
    return check_operations(history_, model_, ops, budget).verdict;
  }
  bool fails(const std::vector<Op>& ops) const {
    return decide(ops, kNodesForCore) == Verdict::invalid;
  }

  // What was known after the event at `position`.
  std::vector<Op> prefix(int32_t position) const {
    std::vector<Op> some;
    for (Op op : ops_) {
      if (op.call > position) break;
      if (op.ret > position) {
        op.ok = false;
        op.ret = kNever;
        op.r = kNull;
        op.m = 0;
      }
      some.push_back(op);
    }
    return some;
  }

  // Prefixes are monotone: what fails keeps failing. So the end is found by halving.
  void shorten() {
    std::vector<const Op*> ends;
    for (const Op& op : ops_) {
      if (op.ok) ends.push_back(&op);
    }
    if (ends.empty()) return;
    std::sort(ends.begin(), ends.end(), [](const Op* x, const Op* y) { return x->ret < y->ret; });
    size_t low = 0, high = ends.size() - 1;  // the prefix to ends[high] fails
    int32_t core_end = -1;
    for (int32_t id : out_.core) core_end = std::max(core_end, history_.operations()[id].ret);
    while (core_end >= 0 && high > 0 && ends[high]->ret > core_end) --high;
    while (low < high) {
      size_t middle = (low + high) / 2;
      Verdict verdict = decide(prefix(ends[middle]->ret), kNodesForPrefix);
      sharp_ &= verdict != Verdict::unknown;
      if (verdict == Verdict::invalid) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    out_.failing_op = ends[high]->id;
    out_.failing_line = history_.operations()[ends[high]->id].ret_line;
    std::vector<Op> some = prefix(ends[high]->ret);
    ops_ = std::move(some);
  }

  void find_longest() {
    Budget budget = budget_;
    budget.nodes_max = kNodesForLongest;
    Result result =
        check_operations(history_, model_, ops_, budget, {.monitors = false, .keep_longest = true});
    if (result.verdict == Verdict::valid) return;  // cannot be
    out_.longest = result.order;
    // As it was known at the end of the prefix: what completed later is open there.
    History cut = history_;
    std::vector<Operation> operations = cut.operations();
    for (const Op& op : ops_) {
      if (!op.ok) {
        operations[op.id].ret = kNever;
        operations[op.id].result = kNull;
      }
    }
    cut.set_operations(std::move(operations));
    std::vector<char> placed(history_.operations().size(), 0);
    for (int32_t id : out_.longest) placed[id] = 1;
    int32_t first_return = kNever;
    for (const Op& op : ops_) {
      if (op.ok && !placed[op.id]) first_return = std::min(first_return, op.ret);
    }
    for (const Op& op : ops_) {
      if (!op.ok || placed[op.id] || op.call > first_return) continue;
      std::string why = refusal(cut, model_, out_.longest, op.id);
      if (why.empty()) why = "could come next, but what must follow then cannot";
      out_.refusals.push_back({op.id, why});
    }
  }

  // Whether taking out all operations of a value leaves a good history good. (An indeterminate one
  // that acted on the value did nothing, then.)
  bool values_apart() const {
    switch (model_) {
      case ModelId::register_:
      case ModelId::cas_register:
      case ModelId::multi_register:
        return std::none_of(ops_.begin(), ops_.end(),
                            [](const Op& op) { return op.code == Code::cas; });
      case ModelId::queue:
      case ModelId::stack:
        return true;
      default:
        return false;
    }
  }

  // Groups of operations that can be taken out without making a good history bad: all operations of
  // one value (of a key), and whatever changes nothing.
  std::vector<std::vector<int32_t>> units() {
    std::vector<std::vector<int32_t>> all;
    by_value_ = values_apart();
    if (by_value_) {
      std::map<std::pair<Value, Value>, std::vector<int32_t>> groups;
      for (size_t i = 0; i < ops_.size(); ++i) {
        const Op& op = ops_[i];
        Value value =
            op.code == Code::read || op.code == Code::take || op.code == Code::peek ? op.r : op.a;
        if (value != kNull) groups[{op.key, value}].push_back(static_cast<int32_t>(i));
      }
      for (auto& [value, members] : groups) all.push_back(members);
    }
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (changes_nothing(ops_[i]) || !ops_[i].ok) all.push_back({static_cast<int32_t>(i)});
    }
    if (!by_value_) {
      // An indeterminate operation must stay: it is what could have saved the history.
      std::erase_if(all, [&](const auto& unit) {
        return !ops_[unit[0]].ok && !changes_nothing(ops_[unit[0]]);
      });
    } else {
      std::erase_if(all, [&](const auto& unit) {
        const Op& op = ops_[unit[0]];
        return unit.size() == 1 && !op.ok && op.code == Code::take;
      });
    }
    return all;
  }

  enum State : char { kIn, kOptional, kOut };

  std::vector<Op> current(const std::vector<State>& states) const {
    std::vector<Op> some;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (states[i] == kOut) continue;
      some.push_back(ops_[i]);
      if (states[i] == kOptional && some.back().ok) {
        some.back().ok = false;
        some.back().ret = kNever;
        some.back().r = kNull;
        some.back().m = 0;
      }
    }
    return some;
  }

  // Delta debugging: changes as many of `units` to `to` as the history still fails with.
  void minimize(const std::vector<std::vector<int32_t>>& units, State to,
                std::vector<State>& states) {
    std::vector<size_t> left(units.size());
    for (size_t i = 0; i < left.size(); ++i) left[i] = i;
    size_t chunk = std::max<size_t>(left.size() / 2, 1);
    while (!left.empty()) {
      bool changed = false;
      for (size_t begin = 0; begin < left.size();) {
        if (budget_.ended()) {
          out_.minimal = false;
          return;
        }
        size_t end = std::min(begin + chunk, left.size());
        std::vector<State> tried = states;
        for (size_t k = begin; k < end; ++k) {
          for (int32_t i : units[left[k]]) tried[i] = std::max(tried[i], to);
        }
        if (tried == states || fails(current(tried))) {
          states = std::move(tried);
          left.erase(left.begin() + static_cast<ptrdiff_t>(begin),
                     left.begin() + static_cast<ptrdiff_t>(end));
          changed = true;
        } else {
          begin = end;
        }
      }
      if (chunk == 1 && !changed) break;
      if (chunk > 1) chunk = std::max<size_t>(chunk / 2, 1);
    }
  }

  void reduce() {
    std::vector<State> states(ops_.size(), kIn);
    out_.minimal = true;
    minimize(units(), kOut, states);
    // What is left and changes the state: is it needed, or may it as well have happened at any
    // time?
    std::vector<std::vector<int32_t>> looser;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (states[i] == kIn && ops_[i].ok && !changes_nothing(ops_[i])) {
        looser.push_back({static_cast<int32_t>(i)});
      }
    }
    bool sequence = model_ == ModelId::queue || model_ == ModelId::stack;
    if (!sequence || !by_value_) minimize(looser, kOptional, states);
    std::vector<Op> rest = current(states);
    if (!fails(rest)) {  // cannot be: each step was checked
      out_.minimal = false;
      for (const Op& op : ops_) out_.core.push_back(op.id);
      return;
    }
    for (const Op& op : rest) {
      if (op.ok) {
        out_.core.push_back(op.id);
      } else {
        ++out_.optional;
        optional_.push_back(op.id);
      }
    }
    // Few enough optional ones are part of the picture: a value that was read may come from them.
    if (out_.optional <= 6) {
      out_.core.insert(out_.core.end(), optional_.begin(), optional_.end());
      std::sort(out_.core.begin(), out_.core.end());
    }
  }

  std::string describe(int32_t id) const { return history_.describe(history_.operations()[id]); }

  // The classic patterns, where the core shows one.
  std::string pattern() const {
    bool queue = model_ == ModelId::queue, stack = model_ == ModelId::stack;
    std::map<Value, std::pair<int32_t, int32_t>> values;  // insert, take
    for (int32_t id : out_.core) {
      const Operation& op = history_.operations()[id];
      std::string_view f = history_.values().as_string(op.f);
      if (queue || stack) {
        bool insert = f == "enqueue" || f == "push";
        Value v = insert ? op.argument : op.result;
        auto& pair = values.try_emplace(v, -1, -1).first->second;
        if (!insert && f != "peek" && pair.second >= 0 && v != kNull) {
          return fmt::format("{} was taken out twice: {}, {}", history_.values().to_json(v),
                             describe(pair.second), describe(id));
        }
        if (f != "peek" || pair.second < 0) (insert ? pair.first : pair.second) = id;
      } else if (f == "read" && op.ok() && op.result != kNull && model_ != ModelId::set &&
                 model_ != ModelId::counter) {
        bool written = false;
        for (const Operation& other : history_.operations()) {
          written |= other.key == op.key && other.argument != kNull && other.call < op.ret &&
                     (other.argument == op.result || mentions(other.argument, op.result));
        }
        if (!written) return describe(id) + " returned what nobody had written";
      }
    }
    if (std::string stale = overwritten(); !stale.empty()) return stale;
    for (auto [v, pair] : values) {
      if (pair.first < 0 && v != kNull) {
        return fmt::format("{} was returned but never put in", history_.values().to_json(v));
      }
    }
    if (queue && values.size() == 2 && !values.count(kNull)) return queue_order(values);
    if (stack && values.size() == 2 && !values.count(kNull)) return stack_order(values);
    if ((queue || stack) && values.count(kNull)) {
      return "it was found empty while something was certainly inside";
    }
    return {};
  }

  // A write, a later one, and a read after that of the first.
  std::string overwritten() const {
    if (out_.core.size() != 3 || model_ == ModelId::set) return {};
    const auto& ops = history_.operations();
    for (int32_t read : out_.core) {
      for (int32_t first : out_.core) {
        for (int32_t second : out_.core) {
          if (read == first || read == second || first == second) continue;
          const Operation &r = ops[read], &a = ops[first], &b = ops[second];
          if (!r.ok() || r.argument != kNull || r.result != a.argument || r.result == kNull)
            continue;
          if (b.argument == kNull || a.ret > b.call || b.ret > r.call) continue;
          return fmt::format("{} returned {}, which was overwritten by {}", describe(read),
                             history_.values().to_json(r.result), describe(second));
        }
      }
    }
    return {};
  }

  bool mentions(Value pair, Value value) const {
    if (history_.values().kind(pair) != ValueTable::Kind::array) return false;
    auto items = history_.values().items(pair);
    return std::find(items.begin(), items.end(), value) != items.end();
  }

  std::string queue_order(const std::map<Value, std::pair<int32_t, int32_t>>& values) const {
    Value v1 = values.begin()->first, v2 = values.rbegin()->first;
    auto first = values.begin()->second, second = values.rbegin()->second;
    const auto& ops = history_.operations();
    if (first.first < 0 || second.first < 0) return {};
    if (ops[second.first].ret < ops[first.first].call) {
      std::swap(v1, v2);
      std::swap(first, second);
    }
    if (ops[first.first].ret > ops[second.first].call) return {};
    std::string a = history_.values().to_json(v1), b = history_.values().to_json(v2);
    if (first.second < 0) {
      return fmt::format("{} was put in before {}, which came out while {} never did", a, b, a);
    }
    return fmt::format("{} was put in before {} but came out after it", a, b);
  }

  std::string stack_order(const std::map<Value, std::pair<int32_t, int32_t>>& values) const {
    const auto& ops = history_.operations();
    for (auto [below, x] : values) {
      for (auto [above, y] : values) {
        if (x.second < 0 || x.first < 0 || y.first < 0 || below == above) continue;
        bool covered =
            ops[x.first].ret < ops[y.first].call && ops[y.first].ret < ops[x.second].call;
        if (!covered) continue;
        if (y.second >= 0 && ops[x.second].ret > ops[y.second].call) continue;
        return fmt::format("{} came out while {} lay on it", history_.values().to_json(below),
                           history_.values().to_json(above));
      }
    }
    return {};
  }

  void say() {
    const std::string refused = refused_sentence(history_, out_);
    if (refused.empty()) out_.refusals.clear();  // the search for the longest order ended elsewhere
    CounterInterval interval;
    if (model_ == ModelId::counter && consistency_ == Consistency::linearizable)
      interval = counter_interval(ops_);
    out_.text += failing_text(history_, out_, sharp_);
    out_.summary = pattern();
    if (interval.op >= 0) out_.summary = counter_sentence(history_, interval);
    if (out_.summary.empty()) out_.summary = refused;
    if (out_.summary.empty()) out_.summary = last_sentence(history_, out_);
    if (!out_.summary.empty()) out_.text += "In short: " + out_.summary + ".\n";
    // All that was added is in the interval; a list of it says no more.
    if (interval.op < 0) out_.text += core_text(history_, out_);
  }

  const History& history_;
  ModelId model_;
  Consistency consistency_;
  const Result& result_;
  Budget budget_;
  std::vector<Op> ops_;
  std::vector<int32_t> optional_;
  bool sharp_ = true;      // the end of the shortest prefix is exact
  bool by_value_ = false;  // values can be taken out whole
  Explanation out_;
};

}  // namespace

std::string failing_text(const History& history, const Explanation& e, bool sharp) {
  if (e.failing_op < 0) return {};
  return fmt::format("Up to {} {} there is no order", history.unit(), e.failing_line) +
         (sharp ? fmt::format("; before {} ended there was one.\n",
                              history.describe(history.operations()[e.failing_op]))
                : std::string(".\n"));
}

namespace {
std::string counted(size_t operations) {
  return operations == 1 ? "1 operation" : fmt::format("{} operations", operations);
}
}  // namespace

std::string core_text(const History& history, const Explanation& e) {
  const auto describe = [&](int32_t id) { return history.describe(history.operations()[id]); };
  std::string text;
  const auto longest = counted(e.longest.size());
  const auto refused = [&](const Refusal& r) { return describe(r.op) + " " + r.why; };
  if (e.refusals.size() == 1 && e.summary == refused(e.refusals[0])) {
    text += fmt::format("The longest order found places the {} before it.\n", longest);
  } else if (!e.refusals.empty()) {
    text += fmt::format("The longest order found places {}. After them:\n", longest);
    for (const Refusal& r : e.refusals) text += fmt::format("    {}\n", refused(r));
  }
  text += fmt::format("{} fail{} by {}{}:\n", counted(e.core.size()), e.core.size() == 1 ? "s" : "",
                      e.core.size() == 1 ? "itself" : "themselves",
                      e.minimal && e.core.size() > 1 ? ", and no fewer of them" : "");
  for (size_t i = 0; i < e.core.size() && i < kListedMax; ++i)
    text += "    " + describe(e.core[i]) + "\n";
  if (e.core.size() > kListedMax) text += "    ...\n";
  if (e.optional > 6)
    text += fmt::format(
        "{} others do not help, even if each may have happened at any time after its start or "
        "never.\n",
        e.optional);
  if (e.core.size() <= kListedMax) text += timeline_text(history, e.core);
  return text;
}

Explanation explain(const History& history, ModelId model, Consistency consistency,
                    const Result& result, const Budget& budget) {
  if (result.method == kStatesMethod) {
    TxnStates states(history);
    bool sequential = consistency == Consistency::serializable;
    return explain(history, states,
                   sequential ? Consistency::sequential : Consistency::linearizable, result,
                   budget);
  }
  return Explainer(history, model, consistency, result, budget).run();
}

}  // namespace lockstep::history
