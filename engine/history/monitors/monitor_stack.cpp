// A stack with distinct values, by taking it apart. A value is certainly inside from the first
// return of its operations (push, peeks, pop) to the last call of them: its cover.
//
// 1. A value without a cover (all its operations overlap) fits at a moment, anywhere: put aside.
// 2. A moment that no cover contains splits the history in two, and nothing is lost: of a
//    linearization, take the values of either side for themselves, and put them one after the
//    other.
// 3. In a stretch without such a moment the stack is never empty, so some value lies at the bottom
// all
//    the time: its push was called before anything in the stretch returned, its pop returned after
//    everything was called. Any such value may be taken: put around any linearization of the rest
//    it gives one of the whole. Its peeks are moments at which the rest is empty, so they must lie
//    outside of the covers of the rest; likewise empty results at the outermost level.
// If a stretch has no such value, the history is not linearizable. O(n log n) with segment trees,
// times the number of values that are open at once and wait for a moment for a peek.
//
// A pending push counts only if its value was seen. A pending pop may take any value that stays: a
// choice. If none of the ones tried here fits, and nothing is wrong without the values that stay,
// the search decides.
#include <algorithm>

#include "engine/history/monitors/items.h"

namespace lockstep::history {
namespace {

constexpr int64_t kInfinity = kNever;

// Range add, and the first position from a given one whose value is zero. Values are never
// negative.
class Cover {
 public:
  explicit Cover(int32_t n) : n_(std::max(n, 1)) {
    while (leaves_ < n_) leaves_ *= 2;
    low_.assign(2 * leaves_, 0);
    add_.assign(2 * leaves_, 0);
  }
  // All at once: difference[t] is what changes at t.
  void build(const std::vector<int32_t>& difference) {
    int32_t sum = 0;
    for (int32_t t = 0; t < n_; ++t) low_[leaves_ + t] = sum += difference[static_cast<size_t>(t)];
    for (int32_t node = leaves_ - 1; node > 0; --node) {
      low_[node] = std::min(low_[2 * node], low_[2 * node + 1]);
    }
  }
  void add(int64_t begin, int64_t end, int32_t by) {  // [begin, end)
    end = std::min<int64_t>(end, n_);
    if (begin < end) add(1, 0, leaves_, static_cast<int32_t>(begin), static_cast<int32_t>(end), by);
  }
  // The first free position in [begin, end), or -1.
  int32_t first_free(int64_t begin, int64_t end) const {
    end = std::min<int64_t>(end, n_);
    if (begin >= end) return -1;
    return find(1, 0, leaves_, static_cast<int32_t>(begin), static_cast<int32_t>(end), 0);
  }

 private:
  void add(int32_t node, int32_t from, int32_t to, int32_t begin, int32_t end, int32_t by) {
    if (begin <= from && to <= end) {
      low_[node] += by;
      add_[node] += by;
      return;
    }
    int32_t middle = (from + to) / 2;
    if (begin < middle) add(2 * node, from, middle, begin, end, by);
    if (end > middle) add(2 * node + 1, middle, to, begin, end, by);
    low_[node] = std::min(low_[2 * node], low_[2 * node + 1]) + add_[node];
  }
  int32_t find(int32_t node, int32_t from, int32_t to, int32_t begin, int32_t end,
               int32_t above) const {
    if (to <= begin || from >= end || low_[node] + above > 0) return -1;
    if (to - from == 1) return from;
    int32_t middle = (from + to) / 2;
    int32_t left = find(2 * node, from, middle, begin, end, above + add_[node]);
    return left >= 0 ? left : find(2 * node + 1, middle, to, begin, end, above + add_[node]);
  }
  int32_t n_, leaves_ = 1;
  std::vector<int32_t> low_, add_;
};

// The greatest of a range, and where the next one above a bound is.
class Greatest {
 public:
  explicit Greatest(int32_t n) {
    while (leaves_ < n) leaves_ *= 2;
    top_.assign(2 * leaves_, INT64_MIN);
  }
  template <typename ValueOf>
  void build(int32_t n, const ValueOf& value_of) {
    for (int32_t k = 0; k < n; ++k) top_[leaves_ + k] = value_of(k);
    for (int32_t node = leaves_ - 1; node > 0; --node) {
      top_[node] = std::max(top_[2 * node], top_[2 * node + 1]);
    }
  }
  void set(int32_t at, int64_t value) {
    int32_t node = leaves_ + at;
    top_[node] = value;
    for (node /= 2; node > 0; node /= 2) top_[node] = std::max(top_[2 * node], top_[2 * node + 1]);
  }
  int32_t next_above(int32_t begin, int32_t end, int64_t bound) const {  // -1: none in [begin, end)
    return find(1, 0, leaves_, begin, end, bound);
  }

 private:
  int32_t find(int32_t node, int32_t from, int32_t to, int32_t begin, int32_t end,
               int64_t bound) const {
    if (to <= begin || from >= end || top_[node] <= bound) return -1;
    if (to - from == 1) return from;
    int32_t middle = (from + to) / 2;
    int32_t left = find(2 * node, from, middle, begin, end, bound);
    return left >= 0 ? left : find(2 * node + 1, middle, to, begin, end, bound);
  }
  int32_t leaves_ = 1;
  std::vector<int64_t> top_;
};

struct Item {
  const Op* insert = nullptr;
  const Op* take = nullptr;
  std::vector<const Op*> peeks;
  int64_t cover_begin = 0, cover_end = 0;  // first return, last call
  int64_t gone = 0;                        // return of the pop, beyond infinity if it stays
};

class StackMonitor {
 public:
  StackMonitor(const Part& part, int32_t event_count) : part_(part), events_(event_count) {}

  MonitorAnswer run() {
    Verdict verdict = collect();
    if (verdict != Verdict::valid) return {verdict, {}};
    std::vector<int32_t> stay;
    for (size_t i = 0; i < items_.size(); ++i) {
      if (!items_[i].take) stay.push_back(static_cast<int32_t>(i));
    }
    if (solve()) return {Verdict::valid, std::move(order_)};
    if (stay.empty() || pending_takes_.empty()) return {Verdict::invalid, {}};
    // Pending pops: last in first out, then first in first out.
    for (bool youngest : {true, false}) {
      for (int32_t i : stay) items_[i].take = nullptr;
      std::vector<int32_t> left = stay;
      for (const Op* take : pending_takes_) {
        if (left.empty()) break;
        auto key = [&](int32_t i) {
          int64_t entered = items_[i].insert->ret;
          bool inside = entered < take->call;
          return std::make_pair(!inside, inside == youngest ? -entered : entered);
        };
        auto best = std::min_element(left.begin(), left.end(),
                                     [&](int32_t x, int32_t y) { return key(x) < key(y); });
        items_[*best].take = take;
        left.erase(best);
      }
      for (int32_t i : stay) measure(items_[i]);
      if (solve()) return {Verdict::valid, std::move(order_)};
    }
    // Taking out a value with all its operations leaves a good history good. Without those that
    // stay there is nothing to guess.
    std::erase_if(items_, [](const Item& item) { return !item.take || !item.take->ok; });
    return {solve() ? Verdict::unknown : Verdict::invalid, {}};
  }

 private:
  // A doubly linked list of the linearization being built; stretches are inserted before their
  // node.
  struct Node {
    const Op* op;  // null: a place
    int32_t previous, next;
  };
  struct Stretch {
    int32_t first, end;     // ranks of its values
    int64_t begin, finish;  // its covers
    int32_t place;          // its node
  };

  Verdict collect() {
    const Verdict verdict = collect_items(part_, &items_, &pending_takes_, &empties_);
    if (verdict != Verdict::valid) return verdict;
    for (Item& item : items_) measure(item);
    for (const Item& item : items_) {
      if (!item.take) continue;
      for (const Op* peek : item.peeks) {
        if (item.take->ret < peek->call) return Verdict::invalid;
      }
    }
    return Verdict::valid;
  }

  static void measure(Item& item) {
    item.cover_begin = item.insert->ret;
    item.cover_end = item.take ? item.take->call : kInfinity;
    item.gone = item.take && item.take->ok ? item.take->ret : kInfinity + 1;
    if (item.take) item.cover_begin = std::min<int64_t>(item.cover_begin, item.take->ret);
    item.cover_end = std::max<int64_t>(item.cover_end, item.insert->call);
    for (const Op* peek : item.peeks) {
      item.cover_begin = std::min<int64_t>(item.cover_begin, peek->ret);
      item.cover_end = std::max<int64_t>(item.cover_end, peek->call);
    }
  }

  bool solve() {
    order_.clear();
    failed_ = false;
    nodes_.assign(1, {nullptr, 0, 0});
    std::vector<const Item*> moments;
    std::vector<const Item*> ranked;
    for (const Item& item : items_) {
      (item.cover_begin < item.cover_end ? ranked : moments).push_back(&item);
    }
    std::sort(ranked.begin(), ranked.end(),
              [](const Item* x, const Item* y) { return x->cover_begin < y->cover_begin; });
    ranked_ = std::move(ranked);
    int32_t n = static_cast<int32_t>(ranked_.size());
    Cover cover(events_);
    // Values whose push was called early enough to be at the bottom of their stretch, by their end.
    Greatest sleeping(n), awake(n);
    next_alive_.resize(static_cast<size_t>(n) + 1);
    for (int32_t k = 0; k <= n; ++k) next_alive_[k] = k;
    std::vector<int32_t> difference(static_cast<size_t>(events_) + 1, 0);
    for (const Item* item : ranked_) {
      ++difference[static_cast<size_t>(std::min<int64_t>(item->cover_begin, events_))];
      --difference[static_cast<size_t>(std::min<int64_t>(item->cover_end, events_))];
    }
    cover.build(difference);
    sleeping.build(n, [&](int32_t k) { return -static_cast<int64_t>(ranked_[k]->insert->call); });
    std::vector<Stretch> work;
    split({0, n, 0, kInfinity, 0}, cover, empties_, work);
    if (failed_) return false;
    while (!work.empty()) {
      Stretch s = work.back();
      work.pop_back();
      for (int32_t k; (k = sleeping.next_above(s.first, s.end, -s.begin)) >= 0;) {
        sleeping.set(k, INT64_MIN);
        awake.set(k, ranked_[k]->gone);
      }
      int32_t bottom = awake.next_above(s.first, s.end, s.finish);
      for (; bottom >= 0; bottom = awake.next_above(bottom + 1, s.end, s.finish)) {
        const Item& item = *ranked_[bottom];
        cover.add(item.cover_begin, item.cover_end, -1);
        if (peeks_fit(item, s, cover)) break;
        cover.add(item.cover_begin, item.cover_end, 1);
      }
      if (bottom < 0) return false;
      const Item& item = *ranked_[bottom];
      awake.set(bottom, INT64_MIN);
      next_alive_[bottom] = bottom + 1;
      insert_before(s.place, item.insert);
      if (item.take) {
        s.place = insert_before(s.place, item.take);
      } else {
        s.place = insert_before(s.place, nullptr);
      }
      split(s, cover, item.peeks, work);
      if (failed_) return false;
    }
    return write_order(moments);
  }

  // Where a peek of the value at the bottom of `s` can be: -1 if nowhere.
  static int32_t moment_for(const Op& peek, const Stretch& s, const Cover& cover) {
    int64_t from = std::max<int64_t>(peek.call, s.begin - 1);
    int64_t to = std::min<int64_t>(peek.ret, s.finish == kInfinity ? kInfinity : s.finish + 1);
    return cover.first_free(std::max<int64_t>(from, 0), to);
  }

  static bool peeks_fit(const Item& item, const Stretch& s, const Cover& cover) {
    for (const Op* peek : item.peeks) {
      if (moment_for(*peek, s, cover) < 0) return false;
    }
    return true;
  }

  int32_t alive(int32_t k) {
    while (next_alive_[k] != k) k = next_alive_[k] = next_alive_[next_alive_[k]];
    return k;
  }

  int32_t insert_before(int32_t place, const Op* op) {
    int32_t id = static_cast<int32_t>(nodes_.size());
    int32_t previous = nodes_[place].previous;
    nodes_.push_back({op, previous, place});
    nodes_[previous].next = id;
    nodes_[place].previous = id;
    return id;
  }

  // Cuts `s` at its free moments; `moments` are operations that want to be at such a one.
  void split(const Stretch& s, const Cover& cover, const std::vector<const Op*>& moments,
             std::vector<Stretch>& work) {
    std::vector<std::pair<int64_t, const Op*>> at;
    for (const Op* op : moments) {
      int32_t moment = moment_for(*op, s, cover);
      if (moment < 0) {
        failed_ = true;
        return;
      }
      at.emplace_back(moment, op);
    }
    std::sort(at.begin(), at.end());
    size_t next = 0;
    auto put_moments = [&](int64_t before) {
      for (; next < at.size() && at[next].first < before; ++next) {
        insert_before(s.place, at[next].second);
      }
    };
    for (int32_t k = alive(s.first); k < s.end;) {
      int64_t begin = ranked_[k]->cover_begin;
      int32_t gap = cover.first_free(begin, s.finish);
      int64_t finish = gap < 0 ? s.finish : gap;
      int32_t end = static_cast<int32_t>(
          std::partition_point(ranked_.begin() + k, ranked_.begin() + s.end,
                               [&](const Item* item) { return item->cover_begin < finish; }) -
          ranked_.begin());
      put_moments(begin);
      work.push_back({k, end, begin, finish, insert_before(s.place, nullptr)});
      k = alive(end);
    }
    put_moments(kInfinity);
  }

  bool write_order(std::vector<const Item*>& moments) {
    std::vector<const Op*> sequence;
    for (int32_t node = nodes_[0].next; node != 0; node = nodes_[node].next) {
      if (nodes_[node].op) sequence.push_back(nodes_[node].op);
    }
    std::vector<Placed> placed;
    if (!place_in_order(sequence, &placed)) return false;
    std::sort(moments.begin(), moments.end(),
              [](const Item* x, const Item* y) { return x->cover_end < y->cover_end; });
    size_t next = 0;
    auto put_moments = [&](int64_t before) {
      for (; next < moments.size() && moments[next]->cover_end < before; ++next) {
        const Item& item = *moments[next];
        order_.push_back({item.insert->id, item.cover_end});
        for (const Op* peek : item.peeks) order_.push_back({peek->id, item.cover_end});
        if (item.take) order_.push_back({item.take->id, item.cover_end});
      }
    };
    for (const Placed& p : placed) {
      put_moments(p.time);
      order_.push_back(p);
    }
    put_moments(kInfinity + 2);
    return true;
  }

  const Part& part_;
  int32_t events_;
  std::vector<Item> items_;
  std::vector<const Op*> empties_;
  std::vector<const Op*> pending_takes_;
  std::vector<const Item*> ranked_;  // with a cover, by its begin
  std::vector<int32_t> next_alive_;
  std::vector<Node> nodes_;
  std::vector<Placed> order_;
  bool failed_ = false;
};

}  // namespace

MonitorAnswer monitor_stack(const Part& part, int32_t event_count) {
  return StackMonitor(part, event_count).run();
}

}  // namespace lockstep::history
