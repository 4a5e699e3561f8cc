// Queues in which values repeat, by who takes what instead of by contents.
//
// The contents of a queue are as many states as there are orders of overlapping enqueues, and a
// wrong order shows only when it is taken out. So enqueues are put in order when they come out:
// a step takes one completed dequeue, peek or empty result, and for a dequeue the enqueue whose
// value it took. Enqueues take effect at the earliest times E in the order in which they come out,
// consumers at the earliest times D. A node is (enqueues taken out, consumers placed, last E, last
// D, who was peeked at and must come out next). It fails as soon as an operation that is left had
// to take effect before the last E or D. An empty result at time t needs all enqueues before t to
// be out, so the others come after t. Enqueues that stay come last.
//
// Both windows are as wide as operations overlap, so the number of nodes grows with the length of
// the history times a function of the concurrency, not with the number of contents.
#include <algorithm>

#include "engine/history/model/memo.h"
#include "engine/history/monitors/monitors.h"

namespace lockstep::history {
namespace {

enum Kind : uint8_t { kTake, kPeek, kEmpty };

struct Item {
  const Op* op;
  Kind kind;  // consumers
  Value value;
  int64_t call, ret;
};

// Doubly linked by order of call and by order of return; n is head and end. Removals are undone in
// reverse order.
class Window {
 public:
  void init(const std::vector<Item>& items) {
    items_ = &items;
    n_ = static_cast<int32_t>(items.size());
    std::vector<int32_t> order(items.size());
    for (int32_t i = 0; i < n_; ++i) order[i] = i;
    link(order, next_call_, prev_call_);
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t x, int32_t y) { return items[x].ret < items[y].ret; });
    link(order, next_ret_, prev_ret_);
  }
  int32_t first() const { return next_call_[n_]; }
  int32_t next(int32_t i) const { return next_call_[i]; }
  int32_t end() const { return n_; }
  int64_t return_min() const {
    return next_ret_[n_] == n_ ? int64_t{kNever} : (*items_)[next_ret_[n_]].ret;
  }
  void remove(int32_t i) {
    next_call_[prev_call_[i]] = next_call_[i];
    prev_call_[next_call_[i]] = prev_call_[i];
    next_ret_[prev_ret_[i]] = next_ret_[i];
    prev_ret_[next_ret_[i]] = prev_ret_[i];
  }
  void restore(int32_t i) {
    next_call_[prev_call_[i]] = i;
    prev_call_[next_call_[i]] = i;
    next_ret_[prev_ret_[i]] = i;
    prev_ret_[next_ret_[i]] = i;
  }

 private:
  void link(const std::vector<int32_t>& order, std::vector<int32_t>& next,
            std::vector<int32_t>& prev) const {
    next.resize(static_cast<size_t>(n_) + 1);
    prev.resize(static_cast<size_t>(n_) + 1);
    int32_t last = n_;
    for (int32_t i : order) {
      next[last] = i;
      prev[i] = last;
      last = i;
    }
    next[last] = n_;
    prev[n_] = last;
  }
  const std::vector<Item>* items_ = nullptr;
  int32_t n_ = 0;
  std::vector<int32_t> next_call_, prev_call_, next_ret_, prev_ret_;
};

class QueueSearch {
 public:
  QueueSearch(const Part& part, const Budget& budget) : budget_(budget), memo_(0) {
    for (const auto* list : {&part.definite, &part.pending}) {
      for (const Op& op : *list) {
        const int64_t ret = op.ok ? op.ret : int64_t{kNever};
        if (op.code == Code::insert) {
          enqueues_.push_back({&op, kTake, op.a, op.call, ret});
        } else if (op.ok) {
          const Kind kind = op.r == kNull ? kEmpty : op.code == Code::peek ? kPeek : kTake;
          consumers_.push_back({&op, kind, op.r, op.call, ret});
        } else if (op.code == Code::take) {
          pending_.push_back({&op, kTake, kNull, op.call, ret});
        }
      }
    }
    const auto by_call = [](const Item& x, const Item& y) { return x.call < y.call; };
    for (auto* list : {&enqueues_, &consumers_, &pending_}) {
      std::stable_sort(list->begin(), list->end(), by_call);
    }
    in_.init(enqueues_);
    out_.init(consumers_);
  }

  MonitorAnswer run() {
    if (left() == 0) return valid();
    enter();
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      undo(frame.trail);
      now_ = frame.now;
      if (frame.at == moves_.size()) {
        moves_.resize(frame.begin);
        frames_.pop_back();
        continue;
      }
      const Move move = moves_[frame.at++];
      if (!take(move)) continue;
      if (left() == 0) return valid();
      if (!enter()) return {};
    }
    return {Verdict::invalid, {}};
  }

 private:
  struct Now {
    int64_t in_time = -1, out_time = -1;  // of the last enqueue that came out, the last consumer
    int32_t head = -1;                    // was peeked at and comes out next
    int32_t pending = 0;  // indeterminate dequeues used, in the order of their calls
  };
  struct Move {
    int32_t consumer;  // -1: an indeterminate dequeue
    int32_t enqueue;   // -1: none
    int64_t order;
  };
  struct Frame {
    Now now;
    size_t trail, begin, at;
  };
  struct Step {
    int32_t consumer, enqueue;  // -1: none
    int64_t in_time, out_time;
    const Op* pending;
  };

  size_t left() const { return consumers_.size() - placed_; }

  // Adds the moves of this node. False if the budget ended.
  bool enter() {
    if ((++nodes_ & 255) == 0) {
      const size_t bytes =
          memo_.bytes() + moves_.capacity() * sizeof(Move) + frames_.capacity() * sizeof(Frame);
      if (bytes > budget_.bytes_max || nodes_ > budget_.nodes_max || budget_.ended()) {
        return false;
      }
    }
    Frame frame{now_, trail_.size(), moves_.size(), moves_.size()};
    uint64_t s = scatter(static_cast<uint64_t>(now_.in_time) * 0x9e3779b97f4a7c15ULL +
                         static_cast<uint64_t>(now_.out_time));
    s = scatter(s ^ (static_cast<uint64_t>(static_cast<uint32_t>(now_.head)) << 32 |
                     static_cast<uint32_t>(now_.pending)));
    if (memo_.insert(hash_a_ ^ s, hash_b_ ^ scatter(s), nullptr)) collect();
    frames_.push_back(frame);
    return true;
  }

  // Of two with the same value, the one that returns first and can be as early goes first: they can
  // swap places.
  template <typename Time>
  static bool dominated(const std::vector<Item>& items, int32_t i,
                        const std::vector<int32_t>& known, const Time& time) {
    return std::any_of(known.begin(), known.end(), [&](int32_t k) {
      const Item &x = items[k], &y = items[i];
      return x.kind == y.kind && x.value == y.value && x.ret <= y.ret && time(x) <= time(y);
    });
  }

  void collect() {
    const size_t begin = moves_.size();
    const int64_t in_min = in_.return_min(), out_min = out_.return_min();
    open_in_.clear();
    if (now_.head < 0) {
      // By call, so what dominates an item stands before it, or may be left in beside it.
      const auto time = [&](const Item& x) { return std::max(now_.in_time, x.call); };
      for (int32_t e = in_.first(); e != in_.end() && enqueues_[e].call < in_min; e = in_.next(e)) {
        if (!dominated(enqueues_, e, open_in_, time)) open_in_.push_back(e);
      }
    }
    open_out_.clear();
    const auto time = [&](const Item& x) { return std::max(now_.out_time, x.call); };
    for (int32_t c = out_.first(); c != out_.end() && consumers_[c].call < out_min;
         c = out_.next(c)) {
      if (dominated(consumers_, c, open_out_, time)) continue;
      open_out_.push_back(c);
      const Item& consumer = consumers_[c];
      if (consumer.kind == kEmpty) {
        if (now_.head < 0) moves_.push_back({c, -1, consumer.ret});
      } else if (now_.head >= 0) {
        if (enqueues_[now_.head].value == consumer.value) moves_.push_back({c, -1, consumer.ret});
      } else {
        for (int32_t e : open_in_) {
          if (enqueues_[e].value == consumer.value) moves_.push_back({c, e, consumer.ret});
        }
      }
    }
    if (static_cast<size_t>(now_.pending) < pending_.size() &&
        pending_[now_.pending].call < out_min) {
      if (now_.head >= 0) {
        moves_.push_back({-1, -1, kNever});
      } else {
        for (int32_t e : open_in_) moves_.push_back({-1, e, kNever});
      }
    }
    std::stable_sort(moves_.begin() + static_cast<ptrdiff_t>(begin), moves_.end(),
                     [](const Move& x, const Move& y) { return x.order < y.order; });
  }

  bool take(const Move& move) {
    Step step{move.consumer, move.enqueue, 0, 0, nullptr};
    const Item& who = move.consumer >= 0 ? consumers_[move.consumer] : pending_[now_.pending];
    if (move.consumer < 0) {
      step.pending = who.op;
      ++now_.pending;
    } else {
      out_.remove(move.consumer);
      flip(static_cast<uint64_t>(move.consumer) * 2);
      ++placed_;
    }
    if (move.enqueue >= 0) {
      in_.remove(move.enqueue);
      flip(static_cast<uint64_t>(move.enqueue) * 2 + 1);
      now_.in_time = std::max(now_.in_time, enqueues_[move.enqueue].call);
      now_.out_time = std::max(now_.out_time, now_.in_time);
    }
    now_.out_time = std::max(now_.out_time, who.call);
    if (who.kind == kEmpty) now_.in_time = std::max(now_.in_time, now_.out_time);
    if (who.kind == kPeek && move.enqueue >= 0) now_.head = move.enqueue;
    if (who.kind == kTake) now_.head = -1;
    step.in_time = now_.in_time;
    step.out_time = now_.out_time;
    trail_.push_back(step);
    return now_.out_time < who.ret && out_.return_min() > now_.out_time &&
           in_.return_min() > now_.in_time &&
           (move.enqueue < 0 || now_.in_time < enqueues_[move.enqueue].ret);
  }

  void undo(size_t length) {
    while (trail_.size() > length) {
      const Step step = trail_.back();
      trail_.pop_back();
      if (step.enqueue >= 0) {
        in_.restore(step.enqueue);
        flip(static_cast<uint64_t>(step.enqueue) * 2 + 1);
      }
      if (step.consumer >= 0) {
        out_.restore(step.consumer);
        flip(static_cast<uint64_t>(step.consumer) * 2);
        --placed_;
      }
    }
  }

  void flip(uint64_t key) {
    hash_a_ ^= scatter(2 * key);
    hash_b_ ^= scatter(2 * key + 1);
  }

  // By time; of equal times in the order of the steps, an enqueue before its consumer.
  MonitorAnswer valid() const {
    MonitorAnswer answer{Verdict::valid, {}};
    for (const Step& step : trail_) {
      if (step.enqueue >= 0) answer.order.push_back({enqueues_[step.enqueue].op->id, step.in_time});
      const Op* who = step.consumer >= 0 ? consumers_[step.consumer].op : step.pending;
      answer.order.push_back({who->id, step.out_time});
    }
    for (int32_t e = in_.first(); e != in_.end(); e = in_.next(e)) {
      if (!enqueues_[e].op->ok) continue;
      answer.order.push_back({enqueues_[e].op->id, std::max(now_.in_time, enqueues_[e].call)});
    }
    std::stable_sort(answer.order.begin(), answer.order.end(),
                     [](const Placed& x, const Placed& y) { return x.time < y.time; });
    return answer;
  }

  const Budget& budget_;
  std::vector<Item> enqueues_, consumers_, pending_;
  Window in_, out_;
  Now now_;
  Memo memo_;
  std::vector<Frame> frames_;
  std::vector<Move> moves_;
  std::vector<Step> trail_;
  std::vector<int32_t> open_in_, open_out_;
  uint64_t hash_a_ = 0, hash_b_ = 0, nodes_ = 0;
  size_t placed_ = 0;
};

}  // namespace

MonitorAnswer search_queue(const Part& part, const Budget& budget) {
  return QueueSearch(part, budget).run();
}

}  // namespace lockstep::history
