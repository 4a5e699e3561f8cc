#include "engine/history/txn_search.h"

#include <algorithm>

#include "engine/history/memo.h"

namespace lockstep::history {

TxnSearch::TxnSearch(const TxnHistory& history, Parts parts, bool exclusive, const Pairs& before,
                     const Pairs& visible, const Budget& budget)
    : history_(history), exclusive_(exclusive), budget_(budget), keys_(history.keys.size()) {
  bool split = parts == Parts::split;
  std::vector<int32_t> read_item, write_item;
  for (size_t t = 0; t < history.txns.size(); ++t) {
    const Txn& txn = history.txns[t];
    int32_t self = static_cast<int32_t>(t), next = static_cast<int32_t>(items_.size());
    bool readonly = txn.writes.empty();
    read_item.push_back(next);
    write_item.push_back(split ? next + 1 : next);
    if (split) {
      items_.push_back({self, true, false, readonly || !exclusive, {next + 1}});
      items_.push_back({self, false, true, readonly, {}, 1});
    } else {
      items_.push_back({self, true, true, readonly, {}});
    }
  }
  auto link = [&](int32_t from, int32_t to) {
    items_[from].after.push_back(to);
    ++items_[to].waits;
  };
  for (auto [from, to] : before) link(write_item[from], write_item[to]);
  if (split) {
    for (auto [from, to] : visible) link(write_item[from], read_item[to]);
  }
  placed_.assign(items_.size(), 0);
  last_writer_.assign(keys_, kInitialTxn);
  held_.assign(keys_, 0);
  readers_.assign((history.txns.size() + 1) * std::max<size_t>(keys_, 1), 0);
  for (const Txn& txn : history.txns) {
    for (const TxnRead& read : txn.reads) ++readers(read.source, read.key);
  }
}

bool TxnSearch::fits(int32_t id) const {
  const Item& item = items_[id];
  if (placed_[id] || item.waits > 0) return false;
  const Txn& txn = history_.txns[item.txn];
  if (item.reads) {
    for (const TxnRead& read : txn.reads) {
      if (last_writer_[read.key] != read.source) return false;
    }
  }
  for (int32_t key : txn.writes) {
    if (item.writes) {
      int32_t left = readers(last_writer_[key], key);
      if (item.reads) {
        for (const TxnRead& read : txn.reads) left -= read.key == key;
      }
      if (left > 0) return false;  // somebody still has to read what would be overwritten
    }
    if (exclusive_ && item.reads && held_[key] > 0) return false;
  }
  return true;
}

void TxnSearch::place(int32_t id) {
  Item& item = items_[id];
  const Txn& txn = history_.txns[item.txn];
  placed_[id] = 1;
  hash_a_ ^= mix64(4 * static_cast<uint64_t>(id));
  hash_b_ ^= mix64(4 * static_cast<uint64_t>(id) + 1);
  trail_.push_back({id, overwritten_.size()});
  for (int32_t next : item.after) --items_[next].waits;
  if (item.reads) {
    for (const TxnRead& read : txn.reads) --readers(read.source, read.key);
  }
  for (int32_t key : txn.writes) {
    if (exclusive_ && item.reads != item.writes) held_[key] += item.reads ? 1 : -1;
    if (!item.writes) continue;
    overwritten_.push_back(last_writer_[key]);
    auto cell = [&](int32_t writer) {
      return mix64(0x7000000000000000ULL ^ static_cast<uint64_t>(writer + 1) << 24 ^
                   static_cast<uint64_t>(key));
    };
    hash_a_ ^= cell(last_writer_[key]) ^ cell(item.txn);
    hash_b_ ^= mix64(cell(last_writer_[key])) ^ mix64(cell(item.txn));
    last_writer_[key] = item.txn;
  }
}

void TxnSearch::undo(size_t length) {
  while (trail_.size() > length) {
    auto [id, overwritten] = trail_.back();
    trail_.pop_back();
    Item& item = items_[id];
    const Txn& txn = history_.txns[item.txn];
    for (size_t k = txn.writes.size(); k-- > 0;) {
      int32_t key = txn.writes[k];
      if (exclusive_ && item.reads != item.writes) held_[key] -= item.reads ? 1 : -1;
      if (!item.writes) continue;
      last_writer_[key] = overwritten_.back();
      overwritten_.pop_back();
    }
    if (item.reads) {
      for (const TxnRead& read : txn.reads) ++readers(read.source, read.key);
    }
    for (int32_t next : item.after) ++items_[next].waits;
    placed_[id] = 0;
  }
}

bool TxnSearch::settle() {
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < items_.size(); ++i) {
      int32_t id = static_cast<int32_t>(i);
      if (items_[i].eager && fits(id)) {
        place(id);
        again = true;
      }
    }
  }
  return trail_.size() == items_.size();
}

Verdict TxnSearch::run() {
  Memo memo(0);
  std::vector<Frame> frames;
  struct Hashes {
    uint64_t a, b;
  };
  std::vector<Hashes> hashes;
  uint64_t nodes = 0;
  auto enter = [&] {
    if (settle()) return true;
    uint64_t none = 0;
    if (memo.insert(hash_a_, hash_b_, &none)) {
      frames.push_back({trail_.size(), 0});
      hashes.push_back({hash_a_, hash_b_});
    }
    return false;
  };
  bool done = enter();
  while (!done && !frames.empty()) {
    if ((++nodes & 255) == 0) {
      if (budget_.ended()) return Verdict::unknown;
      if (memo.bytes() > budget_.bytes_max || nodes > budget_.nodes_max) return Verdict::unknown;
    }
    Frame& frame = frames.back();
    undo(frame.trail);
    hash_a_ = hashes.back().a;
    hash_b_ = hashes.back().b;
    int32_t next = frame.next;
    while (next < static_cast<int32_t>(items_.size()) && !fits(next)) ++next;
    if (next == static_cast<int32_t>(items_.size())) {
      frames.pop_back();
      hashes.pop_back();
      continue;
    }
    frame.next = next + 1;
    place(next);
    done = enter();
  }
  if (!done) return Verdict::invalid;
  for (const Step& step : trail_) {
    if (items_[step.item].writes) order_.push_back(items_[step.item].txn);
  }
  return Verdict::valid;
}

}  // namespace lockstep::history
