// A queue with distinct values is a total order on values in which they enter and in which they
// leave. (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", 2013, give the
// four bad patterns of enqueue and dequeue; peeks and pending operations are ours.)
//
// 1. What happens at the head to one value, its peeks and its dequeue, is one block. If its first
//    return comes before its last call, no other value is at the head in between: such forward
//    blocks must be disjoint, and each is shrunk to a moment. Then blocks are intervals, as
//    enqueues are.
// 2. Two interval orders, of entering and of leaving, fit together iff some value is minimal in
// both,
//    again and again: its removal is what `Order` does.
// 3. An empty result fits at a moment at which no value is certainly inside: entered (the first
// return
//    of its operations is past) and not gone (the last call is still to come).
// 4. A pending enqueue counts only if its value was seen. A pending dequeue may take any value that
// no
//    other dequeue returned; the one that must be gone first gets the one that was called first.
#include <algorithm>
#include <queue>

#include "engine/history/monitors/items.h"

namespace lockstep::history {
namespace {

constexpr int64_t kInfinity = kNever;

struct Item {
  const Op* insert = nullptr;
  const Op* take = nullptr;
  std::vector<const Op*> peeks;
  int64_t enter_call = 0, enter_return = 0;  // of the enqueue
  int64_t first_return = kInfinity;          // of its block at the head
  int64_t last_call = kInfinity;             // kInfinity: it stays
  int64_t leave_call = 0, leave_return = 0;  // of the block, after shrinking
  int32_t epoch = 0;                         // how many empty moments lie before it
};

class QueueMonitor {
 public:
  QueueMonitor(const Part& part, int32_t event_count) : part_(part), events_(event_count) {}

  MonitorAnswer run() {
    Verdict verdict = decide();
    // With peeks the choice of the values that pending dequeues take is not shown to be the best.
    if (verdict == Verdict::invalid && guessed_) {
      // Taking out a value with all its operations leaves a good history good, and without those
      // that stay there is nothing to guess.
      std::erase_if(items_, [](const Item& item) { return !item.take || !item.take->ok; });
      order_.clear();
      late_ = false;
      bool bad =
          !shrink_blocks(items_) || !find_empty_moments() || order_items() == Verdict::invalid;
      verdict = bad ? Verdict::invalid : Verdict::unknown;
    }
    return {verdict, verdict == Verdict::valid ? std::move(order_) : std::vector<Placed>{}};
  }

 private:
  Verdict decide() {
    Verdict verdict = collect();
    if (verdict != Verdict::valid) return verdict;
    give_pending_takes();
    if (!shrink_blocks(items_) || !find_empty_moments()) return Verdict::invalid;
    return order_items();
  }

  Verdict collect() {
    std::vector<const Op*> empties;
    const Verdict verdict = collect_items(part_, &items_, &pending_takes_, &empties);
    for (const Op* op : empties) empties_.push_back({op, 0});
    for (Item& item : items_) measure(item);
    return verdict;
  }

  static void measure(Item& item) {
    item.first_return = item.take ? item.take->ret : kInfinity;
    item.last_call = item.take ? item.take->call : kInfinity;
    for (const Op* peek : item.peeks) {
      item.first_return = std::min<int64_t>(item.first_return, peek->ret);
      item.last_call = std::max<int64_t>(item.last_call, peek->call);
    }
    item.enter_call = item.insert->call;
    item.enter_return = std::min<int64_t>(item.insert->ret, item.first_return);
    item.last_call = std::max(item.last_call, item.enter_call);
  }

  void give_pending_takes() {
    std::vector<Item*> stay;
    std::vector<Item> leave;
    bool peeked = false;
    for (Item& item : items_) {
      if (item.take) {
        leave.push_back(item);
      } else {
        stay.push_back(&item);
        peeked |= !item.peeks.empty();
      }
    }
    if (stay.empty() || pending_takes_.empty()) return;
    // By entering order, and without peeks, it is the best choice for everything at once: of two
    // that are given the other way round, the later one has no constraint that the earlier one has
    // not.
    guessed_ = peeked;
    if (!shrink_blocks(leave)) return;  // invalid anyway
    // The latest that each must be gone: before the first value that entered after it leaves.
    std::sort(leave.begin(), leave.end(),
              [](const Item& x, const Item& y) { return x.enter_call < y.enter_call; });
    std::vector<int64_t> bound(leave.size() + 1, 4 * kInfinity + 8);
    for (size_t k = leave.size(); k-- > 0;) {
      bound[k] = std::min(bound[k + 1], leave[k].leave_return);
    }
    auto deadline = [&](const Item* item) {
      auto after = std::partition_point(leave.begin(), leave.end(), [&](const Item& other) {
        return other.enter_call < item->enter_return;
      });
      int64_t latest = bound[after - leave.begin()];
      if (item->first_return < kInfinity) latest = std::min(latest, 4 * item->first_return + 1);
      return std::make_pair(latest, item->enter_return);
    };
    std::sort(stay.begin(), stay.end(),
              [&](const Item* x, const Item* y) { return deadline(x) < deadline(y); });
    std::sort(pending_takes_.begin(), pending_takes_.end(),
              [](const Op* x, const Op* y) { return x->call < y->call; });
    for (size_t k = 0; k < stay.size() && k < pending_takes_.size(); ++k) {
      stay[k]->take = pending_takes_[k];
      measure(*stay[k]);
    }
  }

  static bool shrink_blocks(std::vector<Item>& items) {
    std::vector<std::pair<int64_t, int64_t>> forward;
    for (const Item& item : items) {
      if (item.first_return < item.last_call)
        forward.emplace_back(item.first_return, item.last_call);
    }
    std::sort(forward.begin(), forward.end());
    for (size_t k = 1; k < forward.size(); ++k) {
      if (forward[k - 1].second > forward[k].first) return false;
    }
    auto moment = [&](int64_t time, int64_t inside) {
      auto after = std::partition_point(forward.begin(), forward.end(),
                                        [&](const auto& f) { return f.first < time; });
      if (after != forward.begin() && time < (after - 1)->second) {
        return 4 * (after - 1)->first + inside;
      }
      return 4 * time;
    };
    for (Item& item : items) {
      if (item.first_return < item.last_call) {
        item.leave_call = 4 * item.first_return + 1;
        item.leave_return = 4 * item.first_return + 2;
      } else {
        item.leave_call = moment(item.last_call, 3);
        item.leave_return =
            item.first_return == kInfinity ? 4 * kInfinity + 4 : moment(item.first_return, 0);
        if (item.leave_call > item.leave_return) return false;
      }
    }
    return true;
  }

  bool find_empty_moments() {
    if (empties_.empty()) return true;
    std::vector<int32_t> inside(static_cast<size_t>(events_) + 2, 0);
    for (const Item& item : items_) {
      if (item.enter_return >= item.last_call) continue;
      ++inside[item.enter_return];
      if (item.last_call < events_) --inside[item.last_call];
    }
    std::vector<int32_t> next_free(static_cast<size_t>(events_) + 1, events_);
    for (int32_t t = 1; t < events_; ++t) inside[t] += inside[t - 1];
    for (int32_t t = events_; t-- > 0;) next_free[t] = inside[t] == 0 ? t : next_free[t + 1];
    for (Item& item : items_) item.epoch = 0;
    for (Empty& empty : empties_) {
      empty.moment = next_free[empty.op->call];
      if (empty.moment >= empty.op->ret) return false;
    }
    std::sort(empties_.begin(), empties_.end(),
              [](const Empty& x, const Empty& y) { return x.moment < y.moment; });
    for (Item& item : items_) {
      auto at = std::partition_point(empties_.begin(), empties_.end(),
                                     [&](const Empty& e) { return e.moment < item.last_call; });
      item.epoch = static_cast<int32_t>(at - empties_.begin());
    }
    return true;
  }

  // Takes, again and again, a value that may enter first and leave first.
  Verdict order_items() {
    size_t n = items_.size();
    auto sorted = [&](auto key) {
      std::vector<int32_t> by(n);
      for (size_t i = 0; i < n; ++i) by[i] = static_cast<int32_t>(i);
      std::sort(by.begin(), by.end(),
                [&](int32_t x, int32_t y) { return key(items_[x]) < key(items_[y]); });
      return by;
    };
    auto enter_calls = sorted([](const Item& i) { return i.enter_call; });
    auto enter_returns = sorted([](const Item& i) { return i.enter_return; });
    auto leave_calls = sorted([](const Item& i) { return i.leave_call; });
    auto leave_returns = sorted([](const Item& i) { return i.leave_return; });
    std::vector<char> free(n, 0), gone(n, 0);
    std::priority_queue<std::pair<int32_t, int32_t>, std::vector<std::pair<int32_t, int32_t>>,
                        std::greater<>>
        ready;
    auto release = [&](int32_t i) {
      if (++free[i] == 2) ready.emplace(items_[i].epoch, i);
    };
    size_t ec = 0, er = 0, lc = 0, lr = 0;
    std::vector<int32_t> order;
    while (order.size() < n) {
      while (gone[enter_returns[er]]) ++er;
      while (gone[leave_returns[lr]]) ++lr;
      int64_t enter = items_[enter_returns[er]].enter_return;
      int64_t leave = items_[leave_returns[lr]].leave_return;
      while (ec < n && items_[enter_calls[ec]].enter_call <= enter) release(enter_calls[ec++]);
      while (lc < n && items_[leave_calls[lc]].leave_call <= leave) release(leave_calls[lc++]);
      if (ready.empty()) return Verdict::invalid;
      int32_t i = ready.top().second;
      ready.pop();
      gone[i] = 1;
      order.push_back(i);
    }
    return schedule(order);
  }

  // Earliest times; what must come before something else is handled before it.
  Verdict schedule(const std::vector<int32_t>& order) {
    int64_t enter = -1, leave = -1;
    size_t empty = 0;
    auto place = [&](const Op* op, int64_t not_before) {
      int64_t time = std::max<int64_t>(op->call, not_before);
      if (time >= op->ret) late_ = true;
      order_.push_back({op->id, time});
      return time;
    };
    auto empty_results = [&](size_t before) {
      for (; empty < before; ++empty) {
        leave = place(empties_[empty].op, std::max(leave, empties_[empty].moment));
        enter = std::max(enter, leave);
      }
    };
    for (int32_t i : order) {
      Item& item = items_[i];
      empty_results(static_cast<size_t>(item.epoch));
      enter = place(item.insert, enter);
      std::sort(item.peeks.begin(), item.peeks.end(),
                [](const Op* x, const Op* y) { return x->call < y->call; });
      if (item.take || !item.peeks.empty()) leave = std::max(leave, enter);
      for (const Op* peek : item.peeks) leave = place(peek, leave);
      if (item.take) leave = place(item.take, leave);
    }
    empty_results(empties_.size());
    if (late_) return Verdict::unknown;
    std::stable_sort(order_.begin(), order_.end(),
                     [](const Placed& x, const Placed& y) { return x.time < y.time; });
    return Verdict::valid;
  }

  struct Empty {
    const Op* op;
    int64_t moment;
  };
  const Part& part_;
  int32_t events_;
  std::vector<Item> items_;
  std::vector<Empty> empties_;
  std::vector<const Op*> pending_takes_;
  std::vector<Placed> order_;
  bool guessed_ = false;
  bool late_ = false;
};

}  // namespace

MonitorAnswer monitor_queue(const Part& part, int32_t event_count) {
  return QueueMonitor(part, event_count).run();
}

}  // namespace lockstep::history
