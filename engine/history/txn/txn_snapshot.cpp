#include "engine/history/txn/txn_snapshot.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace lockstep::history {
namespace {

constexpr uint64_t kConflictsAtFirst = 2000;  // of one way to choose, before the other is tried
constexpr size_t kShownFrom = 1000;           // edges that a shorter cycle is looked for from
constexpr size_t kPropagatedMax = 5000;       // pairs that are looked at again after each choice

}  // namespace

SnapshotSearch::SnapshotSearch(const TxnHistory& history, const std::vector<Dependency>& known,
                               bool exclusive, const Budget& budget)
    : h_(history),
      exclusive_(exclusive),
      budget_(budget),
      nodes_(2 * history.txns.size()),
      after_(nodes_, nodes_) {
  const auto count = static_cast<int32_t>(h_.txns.size());
  readers_.resize(h_.txns.size());
  std::map<std::pair<int32_t, int32_t>, std::vector<int32_t>> of;
  std::vector<std::vector<int32_t>> writers(h_.keys.size());
  for (int32_t t = 0; t < count; ++t) {
    for (int32_t key : h_.txns[t].writes) writers[key].push_back(t);
  }
  for (const Dependency& d : known) {
    bool whole = d.why != Why::ww || exclusive_;
    edges_.push_back({commit(d.from), whole ? snapshot(d.to) : commit(d.to), d});
  }
  for (int32_t t = 0; t < count; ++t) {
    for (const TxnRead& read : h_.txns[t].reads) {
      if (read.source != kInitialTxn) {
        auto& readers = of[{read.source, read.key}];
        if (readers.empty() || readers.back() != t) readers.push_back(t);
        continue;
      }
      for (int32_t writer : writers[read.key]) {
        if (writer == t) continue;
        edges_.push_back({snapshot(t), commit(writer), {Why::rw, t, writer, read.key}});
      }
    }
  }
  for (auto& [place, readers] : of) {
    readers_[place.first].emplace_back(place.second, std::move(readers));
  }
  find_pairs();
}

void SnapshotSearch::find_pairs() {
  std::vector<std::vector<int32_t>> writers(h_.keys.size());
  for (size_t t = 0; t < h_.txns.size(); ++t) {
    for (int32_t key : h_.txns[t].writes) writers[key].push_back(static_cast<int32_t>(t));
  }
  for (size_t key = 0; key < writers.size(); ++key) {
    for (size_t i = 0; i < writers[key].size(); ++i) {
      for (size_t j = i + 1; j < writers[key].size(); ++j) {
        pairs_.push_back({writers[key][i], writers[key][j], static_cast<int32_t>(key)});
      }
    }
  }
  std::stable_sort(pairs_.begin(), pairs_.end(), [&](const Pair& x, const Pair& y) {
    auto end = [&](const Pair& p) { return std::min(h_.txns[p.a].ret, h_.txns[p.b].ret); };
    return end(x) < end(y);
  });
}

const std::vector<int32_t>& SnapshotSearch::readers(int32_t t, int32_t key) const {
  static const std::vector<int32_t> kNone;
  const auto& all = readers_[t];
  auto at = std::lower_bound(all.begin(), all.end(), key,
                             [](const auto& entry, int32_t k) { return entry.first < k; });
  return at != all.end() && at->first == key ? at->second : kNone;
}

// What follows if a wrote the key before b.
template <typename Visit>
void SnapshotSearch::edges_of(int32_t a, int32_t b, int32_t key, const Visit& visit) const {
  visit(Edge{commit(a), exclusive_ ? snapshot(b) : commit(b), {Why::ww, a, b, key}});
  for (int32_t reader : readers(a, key)) {
    if (reader != b) visit(Edge{snapshot(reader), commit(b), {Why::rw, reader, b, key}});
  }
}

bool SnapshotSearch::possible(int32_t a, int32_t b, int32_t key) const {
  bool good = true;
  edges_of(a, b, key, [&](const Edge& e) {
    good = good && !after_.test(static_cast<size_t>(e.to), static_cast<size_t>(e.from));
  });
  return good;
}

bool SnapshotSearch::ended() {
  if ((++ticks_ & 255) == 0 && !stopped_) {
    stopped_ =
        budget_.ended() || ticks_ / 256 > budget_.nodes_max ||
        log_.capacity() * sizeof(Change) + edges_.capacity() * sizeof(Edge) + after_.bytes() >
            budget_.bytes_max;
  }
  return stopped_;
}

bool SnapshotSearch::close() {
  std::vector<std::vector<int32_t>> out(nodes_);
  std::vector<int32_t> waits(nodes_, 0), ready;
  auto link = [&](int32_t from, int32_t to) {
    out[from].push_back(to);
    ++waits[to];
  };
  for (size_t t = 0; 2 * t < nodes_; ++t) {
    link(snapshot(static_cast<int32_t>(t)), commit(static_cast<int32_t>(t)));
  }
  for (const Edge& e : edges_) link(e.from, e.to);
  for (size_t node = 0; node < nodes_; ++node) {
    if (waits[node] == 0) ready.push_back(static_cast<int32_t>(node));
  }
  for (size_t at = 0; at < ready.size(); ++at) {
    for (int32_t to : out[ready[at]]) {
      if (--waits[to] == 0) ready.push_back(to);
    }
  }
  if (ready.size() != nodes_) return false;
  for (size_t at = ready.size(); at-- > 0;) {
    auto node = static_cast<size_t>(ready[at]);
    after_.clear_row(node);
    for (int32_t to : out[node]) {
      after_.merge(node, static_cast<size_t>(to));
      after_.set(node, static_cast<size_t>(to));
    }
  }
  return true;
}

bool SnapshotSearch::saturate() {
  if (!close()) {
    show_cycle(-1, -1, -1);
    return false;
  }
  for (bool changed = true; changed && !stopped_;) {
    changed = false;
    size_t sound = edges_.size();
    for (Pair& pair : pairs_) {
      if (ended()) return true;
      if (pair.done) continue;
      bool ab = possible(pair.a, pair.b, pair.key), ba = possible(pair.b, pair.a, pair.key);
      if (!ab && !ba) {
        edges_.resize(sound);
        either_ = true;
        show_cycle(pair.a, pair.b, pair.key);
        return false;
      }
      if (ab && ba) continue;
      pair.done = true;
      edges_of(ab ? pair.a : pair.b, ab ? pair.b : pair.a, pair.key, [&](const Edge& e) {
        if (after_.test(static_cast<size_t>(e.from), static_cast<size_t>(e.to))) return;
        edges_.push_back(e);
        changed = true;
      });
    }
    if (changed && !close()) {
      show_cycle(-1, -1, -1);
      return false;
    }
  }
  std::erase_if(pairs_, [](const Pair& pair) { return pair.done; });
  return true;
}

// False: it closes a cycle, and nothing is done.
bool SnapshotSearch::connect(int32_t from, int32_t to) {
  auto u = static_cast<size_t>(from), v = static_cast<size_t>(to);
  if (u == v || after_.test(v, u)) return false;
  if (after_.test(u, v)) return true;
  for (size_t x = 0; x < nodes_; ++x) {
    if (x != u && !after_.test(x, u)) continue;
    after_.merge_logged(x, v, [&](size_t word, uint64_t before) {
      log_.push_back({static_cast<uint32_t>(word), before});
    });
  }
  return true;
}

bool SnapshotSearch::choose(int32_t id, bool a_first) {
  Pair& pair = pairs_[id];
  pair.done = true;
  done_.push_back(id);
  bool good = true;
  edges_of(a_first ? pair.a : pair.b, a_first ? pair.b : pair.a, pair.key,
           [&](const Edge& e) { good = good && connect(e.from, e.to); });
  return good;
}

bool SnapshotSearch::propagate() {
  if (pairs_.size() - done_.size() > kPropagatedMax) return true;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const Pair& pair = pairs_[i];
      if (pair.done) continue;
      if (ended()) return true;
      bool ab = possible(pair.a, pair.b, pair.key), ba = possible(pair.b, pair.a, pair.key);
      if (!ab && !ba) return false;
      if (ab && ba) continue;
      if (!choose(static_cast<int32_t>(i), ab)) return false;
      changed = true;
    }
  }
  return true;
}

void SnapshotSearch::undo(const Frame& frame) {
  while (log_.size() > frame.log) {
    after_.restore(log_.back().word, log_.back().before);
    log_.pop_back();
  }
  while (done_.size() > frame.done) {
    pairs_[done_.back()].done = false;
    done_.pop_back();
  }
}

// Unknown also where there were more conflicts than that.
Verdict SnapshotSearch::search(bool by_end, uint64_t conflicts_max) {
  auto a_first = [&](const Pair& pair) {
    const Txn &a = h_.txns[pair.a], &b = h_.txns[pair.b];
    if (by_end) return a.ret < b.ret;
    auto below = [&](int32_t t) { return after_.count(static_cast<size_t>(commit(t))); };
    size_t after_a = below(pair.a), after_b = below(pair.b);
    return after_a != after_b ? after_a > after_b : a.ret < b.ret;
  };
  std::vector<Frame> frames;
  uint64_t conflicts = 0;
  size_t next = 0;
  for (;;) {
    if (ended() || conflicts > conflicts_max) {
      if (!frames.empty()) undo(frames[0]);
      return Verdict::unknown;
    }
    while (next < pairs_.size() && pairs_[next].done) ++next;
    if (next == pairs_.size()) return Verdict::valid;
    const bool prefers_a = a_first(pairs_[next]);
    frames.push_back({log_.size(), done_.size(), static_cast<int32_t>(next), prefers_a});
    bool good = choose(static_cast<int32_t>(next), prefers_a) && propagate();
    while (!good) {
      ++conflicts;
      if (frames.empty()) return Verdict::invalid;
      Frame frame = frames.back();
      frames.pop_back();
      undo(frame);
      next = static_cast<size_t>(frame.pair);
      // The other order now follows from what was chosen before.
      good = choose(frame.pair, !frame.a_first) && propagate();
    }
  }
}

Verdict SnapshotSearch::run() {
  if (!saturate()) return Verdict::invalid;
  for (uint64_t limit = kConflictsAtFirst; !stopped_; limit *= 8) {
    for (bool by_end : {true, false}) {
      Verdict verdict = search(by_end, limit);
      if (verdict != Verdict::unknown) return verdict;
      if (stopped_) break;
    }
  }
  return Verdict::unknown;
}

// A shortest cycle of what is known, with a before b in the key if there is an a.
void SnapshotSearch::show_cycle(int32_t a, int32_t b, int32_t key) {
  std::vector<Edge> all = edges_;
  size_t begin = 0;
  if (a >= 0) {
    first_ = a;
    second_ = b;
    begin = all.size();
    edges_of(a, b, key, [&](const Edge& e) { all.push_back(e); });
  }
  std::vector<std::vector<int32_t>> out(nodes_);  // -1: from a snapshot to its commit
  for (size_t i = 0; i < all.size(); ++i) out[all[i].from].push_back(static_cast<int32_t>(i));
  for (size_t node = 0; node < nodes_; node += 2) out[node].push_back(-1);
  size_t best = SIZE_MAX;
  // Each cycle has an edge that comes last in `all`; of those of a choice, one is new.
  for (size_t e = begin; e < all.size() && best > 2; ++e) {
    if (best != SIZE_MAX && (e > kShownFrom || budget_.ended())) break;
    std::vector<int32_t> through(nodes_, -2), queue{all[e].to};
    bool found = all[e].from == all[e].to;
    through[all[e].to] = static_cast<int32_t>(e);
    for (size_t at = 0; at < queue.size() && !found; ++at) {
      int32_t node = queue[at];
      for (int32_t next : out[node]) {
        int32_t to = next < 0 ? node + 1 : all[next].to;
        if (through[to] != -2) continue;
        through[to] = next;
        queue.push_back(to);
        if ((found = to == all[e].from)) break;
      }
    }
    if (!found) continue;
    std::vector<Dependency> cycle;
    for (int32_t node = all[e].from; node != all[e].to;) {
      int32_t edge = through[node];
      if (edge >= 0) cycle.push_back(all[edge].is);
      node = edge < 0 ? node - 1 : all[edge].from;
    }
    std::reverse(cycle.begin(), cycle.end());
    cycle.insert(cycle.begin(), all[e].is);
    if (cycle.size() >= best) continue;
    best = cycle.size();
    cycle_ = cycle;
  }
}

}  // namespace lockstep::history
