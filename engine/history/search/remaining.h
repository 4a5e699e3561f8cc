// The operations of a history that a search has not placed yet, and which of them may come next:
// the open ones, before which nothing else has to come.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/history/model/model.h"

namespace lockstep::history {

// With kProgram only the order of each process counts (sequential consistency): the open operations
// are the next ones of the processes.
enum class Order : uint8_t { kRealTime, kProgram };

template <Order kOrder>
class Remaining {
 public:
  static constexpr bool kProgramOrder = kOrder == Order::kProgram;

  // Both by invocation, `pending` the indeterminate ones.
  Remaining(const std::vector<Op>& definite, const std::vector<Op>& pending)
      : definite_(definite), pending_(pending), n_(static_cast<int32_t>(definite.size())) {
    link();
  }

  // Calls visit(i) for each open completed operation, in a fixed order, until it returns false.
  // visit may place the operation that it is given; those that become open by that are visited too.
  template <typename Visit>
  void for_open(const Visit& visit) {
    if constexpr (kProgramOrder) {
      for (size_t p = 0; p < queues_.size(); ++p) {
        while (at_[p] < static_cast<int32_t>(queues_[p].size())) {
          int32_t before = at_[p];
          if (!visit(queues_[p][static_cast<size_t>(before)])) return;
          if (at_[p] == before) break;
        }
      }
    } else {
      for (int32_t i = next_call_[n_]; i != n_ && definite_[i].call < return_min();) {
        int32_t following = next_call_[i];
        if (!visit(i)) return;
        i = following;
      }
    }
  }

  bool is_open_pending(int32_t j) const {
    if constexpr (kProgramOrder) {
      return at_[static_cast<size_t>(pending_[j].process)] >= ready_at_[j];
    } else {
      return pending_[j].call < return_min();
    }
  }

  // In real time: the one that returns first, and all that were invoked before `time`.
  int32_t first_to_return() const { return next_ret_[n_]; }
  template <typename Visit>
  void for_called_before(int32_t time, const Visit& visit) const {
    for (int32_t i = next_call_[n_]; i != n_ && definite_[i].call < time; i = next_call_[i]) {
      visit(i);
    }
  }

  void take(int32_t i) {
    if constexpr (kProgramOrder) {
      ++at_[static_cast<size_t>(definite_[i].process)];
    } else {
      next_call_[prev_call_[i]] = next_call_[i];
      prev_call_[next_call_[i]] = prev_call_[i];
      next_ret_[prev_ret_[i]] = next_ret_[i];
      prev_ret_[next_ret_[i]] = prev_ret_[i];
    }
  }
  // The one that was taken last.
  void put_back(int32_t i) {
    if constexpr (kProgramOrder) {
      --at_[static_cast<size_t>(definite_[i].process)];
    } else {
      next_call_[prev_call_[i]] = i;
      prev_call_[next_call_[i]] = i;
      next_ret_[prev_ret_[i]] = i;
      prev_ret_[next_ret_[i]] = i;
    }
  }

 private:
  int32_t return_min() const {
    int32_t first = next_ret_[n_];
    return first == n_ ? kNever : definite_[first].ret;
  }

  void link_processes() {
    int32_t processes = 0;
    for (const Op& op : definite_) processes = std::max(processes, op.process + 1);
    for (const Op& op : pending_) processes = std::max(processes, op.process + 1);
    queues_.resize(static_cast<size_t>(processes));
    at_.resize(static_cast<size_t>(processes));
    ready_at_.resize(pending_.size());
    size_t j = 0;
    for (int32_t i = 0; i <= n_; ++i) {
      for (; j < pending_.size() && (i == n_ || pending_[j].call < definite_[i].call); ++j) {
        ready_at_[j] =
            static_cast<int32_t>(queues_[static_cast<size_t>(pending_[j].process)].size());
      }
      if (i < n_) queues_[static_cast<size_t>(definite_[i].process)].push_back(i);
    }
  }

  void link() {
    if constexpr (kProgramOrder) {
      link_processes();
      return;
    }
    next_call_.resize(n_ + 1);
    prev_call_.resize(n_ + 1);
    next_ret_.resize(n_ + 1);
    prev_ret_.resize(n_ + 1);
    std::vector<int32_t> by_ret(n_);
    for (int32_t i = 0; i < n_; ++i) by_ret[i] = i;
    std::sort(by_ret.begin(), by_ret.end(),
              [&](int32_t x, int32_t y) { return definite_[x].ret < definite_[y].ret; });
    int32_t call = n_, ret = n_;
    for (int32_t i = 0; i < n_; ++i) {
      next_call_[call] = i;
      prev_call_[i] = call;
      call = i;
      next_ret_[ret] = by_ret[i];
      prev_ret_[by_ret[i]] = ret;
      ret = by_ret[i];
    }
    next_call_[call] = n_;
    prev_call_[n_] = call;
    next_ret_[ret] = n_;
    prev_ret_[n_] = ret;
  }

  const std::vector<Op>& definite_;
  const std::vector<Op>& pending_;
  int32_t n_;
  // Doubly linked lists of the operations not placed yet; n_ is head and end.
  std::vector<int32_t> next_call_, prev_call_, next_ret_, prev_ret_;
  std::vector<std::vector<int32_t>> queues_;  // program order: the operations of each process
  std::vector<int32_t> at_;                   // and how many of them are placed
  std::vector<int32_t> ready_at_;             // an indeterminate one is open once so many are
};

}  // namespace lockstep::history
