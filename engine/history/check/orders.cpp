#include "engine/history/check/orders.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/history/check/witness.h"

namespace lockstep::history {
namespace {

constexpr size_t kRedone = 16;    // operations at the end of the longest order that are placed anew
constexpr int kNodes = 4000;      // of the search
constexpr size_t kOrdersMax = 8;  // kept
constexpr size_t kStatesMax = 400;

// The history as it was known when its failing operation completed: what completed later is open.
History known_then(const History& history, int32_t failing_op) {
  const int32_t end = history.operations()[failing_op].ret;
  History cut = history;
  auto operations = cut.operations();
  for (Operation& op : operations) {
    if (op.ret <= end) continue;
    op.ret = kNever;
    op.result = kNull;
    op.ret_line = 0;
  }
  std::erase_if(operations, [&](const Operation& op) { return op.call > end; });
  cut.set_operations(std::move(operations));
  return cut;
}

class ModelState {
 public:
  ModelState(const History& history, Model& model)
      : history_(&history), model_(&model), state_(model.initial()) {}
  std::string apply(int32_t id) {
    const Operation& op = history_->operations()[id];
    const auto next = model_->step(state_, op);
    if (next) return state_ = *next, std::string();
    const auto words = model_->why(state_, op);
    return "is not possible in state " + state() + (words.empty() ? "" : ": " + words);
  }
  std::string state() const { return model_->describe(state_); }

 private:
  const History* history_;
  Model* model_;
  Model::State state_;
};

template <class State>
class Orders {
 public:
  Orders(const History& history, const Explanation& e, State initial)
      : history_(history), e_(e), initial_(std::move(initial)) {}

  std::vector<PartialOrder> all() {
    const auto& ops = history_.operations();
    std::set<Value> keys;  // orders are of one part of the history
    std::set<int32_t> part;
    for (const int32_t id : e_.longest) part.insert(id);
    for (const int32_t id : e_.core) part.insert(id);
    for (const Refusal& r : e_.refusals) part.insert(r.op);
    for (const int32_t id : part)
      if (static_cast<size_t>(id) < ops.size()) keys.insert(ops[id].key);
    placed_.assign(ops.size(), 1);
    for (size_t i = 0; i < ops.size(); ++i)
      if (keys.contains(ops[i].key)) placed_[i] = 0, members_.push_back(static_cast<int32_t>(i));
    const size_t kept = e_.longest.size() - std::min(kRedone, e_.longest.size());
    State state = initial_;
    for (size_t i = 0; i < kept; ++i) {
      if (!state.apply(e_.longest[i]).empty()) return {};  // cannot be
      placed_[e_.longest[i]] = 1;
      order_.push_back(e_.longest[i]);
    }
    longest_.assign(ops.size(), 0);
    // The one that was found already is the first.
    note(e_.longest);
    explore(state);
    return told();
  }

 private:
  void note(const std::vector<int32_t>& order) {
    bool news = false;
    for (const int32_t id : order)
      if (order.size() > longest_[id]) longest_[id] = order.size(), news = true;
    if (news) found_.push_back(order);
  }

  std::vector<int32_t> open() const {
    const auto& ops = history_.operations();
    int32_t first_return = kNever;
    for (const int32_t id : members_)
      if (!placed_[id]) first_return = std::min(first_return, ops[id].ret);
    std::vector<int32_t> out;
    for (const int32_t id : members_)
      if (!placed_[id] && ops[id].call < first_return) out.push_back(id);
    // Those that have completed first.
    std::stable_partition(out.begin(), out.end(), [&](int32_t id) { return ops[id].ok(); });
    return out;
  }

  void explore(const State& state) {
    if (++nodes_ > kNodes) return;
    std::vector<int32_t> sorted = order_;
    std::sort(sorted.begin(), sorted.end());
    if (!seen_.insert({std::move(sorted), state.state()}).second) return;
    bool stuck = true;
    for (const int32_t id : open()) {
      State next = state;
      if (!next.apply(id).empty()) continue;
      if (history_.operations()[id].ok()) stuck = false;
      placed_[id] = 1;
      order_.push_back(id);
      explore(next);
      order_.pop_back();
      placed_[id] = 0;
    }
    if (stuck) note(order_);
  }

  // An order that another one begins with says nothing of its own.
  std::vector<PartialOrder> told() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    std::vector<PartialOrder> out;
    for (auto& order : found_) {
      if (out.size() == kOrdersMax) break;
      const bool useful = std::any_of(order.begin(), order.end(),
                                      [&](int32_t id) { return longest_[id] == order.size(); });
      const bool same = std::any_of(out.begin(), out.end(),
                                    [&](const PartialOrder& p) { return p.order == order; });
      if (useful && !same) out.push_back(describe(order));
    }
    return out;
  }

  PartialOrder describe(const std::vector<int32_t>& order) {
    PartialOrder out;
    out.order = order;
    out.first_state = order.size() - std::min(order.size(), kStatesMax);
    State state = initial_;
    std::vector<char> placed = placed_;
    for (const int32_t id : members_) placed[id] = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      state.apply(order[i]);
      placed[order[i]] = 1;
      if (i >= out.first_state) out.states.push_back(state.state());
    }
    std::swap(placed, placed_);
    for (const int32_t id : open()) {
      if (!history_.operations()[id].ok()) continue;
      State next = state;
      std::string why = next.apply(id);
      if (why.empty()) why = "could come next, but what must follow then cannot";
      out.blocked.push_back({id, std::move(why)});
    }
    std::swap(placed, placed_);
    return out;
  }

  const History& history_;
  const Explanation& e_;
  const State initial_;
  std::vector<char> placed_;
  std::vector<int32_t> members_, order_;
  std::vector<size_t> longest_;
  std::vector<std::vector<int32_t>> found_;
  std::set<std::pair<std::vector<int32_t>, std::string>> seen_;
  int nodes_ = 0;
};

}  // namespace

std::vector<PartialOrder> partial_orders(const History& history, ModelId model,
                                         const Explanation& e) {
  if (e.failing_op < 0 || e.longest.empty() || is_transactional(model)) return {};
  const History cut = known_then(history, e.failing_op);
  return Orders(cut, e, Witness(cut, model)).all();
}

std::vector<PartialOrder> partial_orders(const History& history, Model& model,
                                         const Explanation& e) {
  if (e.failing_op < 0 || e.longest.empty()) return {};
  const History cut = known_then(history, e.failing_op);
  return Orders(cut, e, ModelState(cut, model)).all();
}

}  // namespace lockstep::history
