// The reason for a verdict on a model of the user's own, of which nothing is known but its steps.
#include <fmt/format.h>

#include <algorithm>

#include "engine/history/check/explain.h"
#include "engine/history/check/sentence.h"

namespace lockstep::history {
namespace {

constexpr uint64_t kNodes = 20000;  // of one check

class ModelExplainer {
 public:
  ModelExplainer(const History& history, Model& model, Consistency consistency,
                 const Result& result, const Budget& budget)
      : history_(history), model_(model), consistency_(consistency), budget_(budget) {
    budget_.nodes_max = kNodes;
    const auto& all = history.operations();
    std::vector<char> in(all.size(), result.part.empty());
    for (int32_t id : result.part) in[id] = 1;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!in[i]) continue;
      ids_.push_back(static_cast<int32_t>(i));
      ops_.push_back(all[i]);
    }
  }

  Explanation run() {
    shorten();
    if (consistency_ == Consistency::linearizable) find_longest();
    reduce();
    say();
    return std::move(out_);
  }

 private:
  Verdict decide(std::vector<Operation> ops) const {
    History part = history_;
    part.set_operations(std::move(ops));
    return check(part, model_, consistency_, budget_).verdict;
  }

  // What was known after the event at `position`.
  std::vector<Operation> prefix(int32_t position) const {
    std::vector<Operation> some;
    for (Operation op : ops_) {
      if (op.call > position) break;
      if (op.ret > position) loosen(op);
      some.push_back(op);
    }
    return some;
  }
  static void loosen(Operation& op) {
    op.ret = kNever;
    op.result = kNull;
    op.ret_line = 0;
  }

  // Prefixes are monotone: what fails keeps failing. So the end is found by halving.
  void shorten() {
    std::vector<int32_t> ends;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (ops_[i].ok()) ends.push_back(static_cast<int32_t>(i));
    }
    if (ends.empty()) return;
    std::sort(ends.begin(), ends.end(),
              [&](int32_t x, int32_t y) { return ops_[x].ret < ops_[y].ret; });
    size_t low = 0, high = ends.size() - 1;
    while (low < high) {
      size_t middle = (low + high) / 2;
      Verdict verdict = decide(prefix(ops_[ends[middle]].ret));
      sharp_ &= verdict != Verdict::unknown;
      if (verdict == Verdict::invalid) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    out_.failing_op = ids_[ends[high]];
    out_.failing_line = ops_[ends[high]].ret_line;
    ops_ = prefix(ops_[ends[high]].ret);
    ids_.resize(ops_.size());
  }

  void find_longest() {
    History part = history_;
    part.set_operations(ops_);
    Result result =
        check_linearizable(part, model_, budget_, {.monitors = false, .keep_longest = true});
    if (result.verdict == Verdict::valid) return;  // cannot be
    Model::State state = model_.initial();
    std::vector<char> placed(ops_.size(), 0);
    for (int32_t i : result.order) {
      out_.longest.push_back(ids_[i]);
      placed[i] = 1;
      state = model_.step(state, ops_[i]).value_or(state);
    }
    int32_t first_return = kNever;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (ops_[i].ok() && !placed[i]) first_return = std::min(first_return, ops_[i].ret);
    }
    for (size_t i = 0; i < ops_.size(); ++i) {
      const Operation& op = ops_[i];
      if (!op.ok() || placed[i] || op.call > first_return) continue;
      std::string why = "could come next, but what must follow then cannot";
      if (!model_.step(state, op)) {
        std::string words = model_.why(state, op);
        why = "is not possible in state " + model_.describe(state);
        if (!words.empty()) why += ": " + words;
      }
      out_.refusals.push_back({ids_[i], why});
    }
  }

  enum State : char { kIn, kOptional, kOut };

  std::vector<Operation> current(const std::vector<State>& states) const {
    std::vector<Operation> some;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (states[i] == kOut) continue;
      some.push_back(ops_[i]);
      if (states[i] == kOptional) loosen(some.back());
    }
    return some;
  }

  // What changes nothing can be left out; of the rest, what is not needed may have happened at any
  // time or never. One at a time, the last first: the failure is at the end.
  void reduce() {
    std::vector<State> states(ops_.size(), kIn);
    out_.minimal = true;
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = ops_.size(); i-- > 0;) {
        if (budget_.ended()) {
          out_.minimal = false;
          changed = false;
          break;
        }
        if (states[i] != kIn) continue;
        const bool idle = model_.readonly(ops_[i]);
        if (!idle && !ops_[i].ok()) {
          states[i] = kOptional;  // as it is
          continue;
        }
        std::vector<State> tried = states;
        tried[i] = idle ? kOut : kOptional;
        if (decide(current(tried)) != Verdict::invalid) continue;
        states = std::move(tried);
        changed = true;
      }
    }
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (states[i] == kIn) out_.core.push_back(ids_[i]);
      out_.optional += states[i] == kOptional;
    }
    if (out_.optional > 6) return;
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (states[i] == kOptional) out_.core.push_back(ids_[i]);
    }
    std::sort(out_.core.begin(), out_.core.end());
  }

  void say() {
    out_.text += failing_text(history_, out_, sharp_);
    out_.summary = refused_sentence(history_, out_);
    if (out_.summary.empty()) {
      out_.refusals.clear();  // the search for the longest order ended elsewhere
      out_.summary = last_sentence(history_, out_);
    }
    if (!out_.summary.empty()) out_.text += "In short: " + out_.summary + ".\n";
    out_.text += core_text(history_, out_);
  }

  const History& history_;
  Model& model_;
  Consistency consistency_;
  Budget budget_;
  std::vector<int32_t> ids_;  // of ops_, in the history
  std::vector<Operation> ops_;
  bool sharp_ = true;
  Explanation out_;
};

}  // namespace

Explanation explain(const History& history, Model& model, Consistency consistency,
                    const Result& result, const Budget& budget) {
  return ModelExplainer(history, model, consistency, result, budget).run();
}

}  // namespace lockstep::history
