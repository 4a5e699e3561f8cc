#include "engine/history/txn/txn_search.h"

#include <algorithm>

#include "engine/history/model/memo.h"

namespace lockstep::history {

TxnSearch::TxnSearch(const TxnHistory& history, const Pairs& before, const Budget& budget)
    : budget_(budget), items_(history.txns.size()), placed_(history.txns.size(), 0) {
  const auto keys = static_cast<int32_t>(history.keys.size());
  for (int32_t key = 0; key < keys; ++key) {  // the initial versions
    key_of_.push_back(key);
    latest_.push_back(key);
  }
  std::vector<int32_t> first_version;
  for (const Txn& txn : history.txns) {
    first_version.push_back(static_cast<int32_t>(key_of_.size()));
    key_of_.insert(key_of_.end(), txn.writes.begin(), txn.writes.end());
  }
  readers_.assign(key_of_.size(), 0);
  for (size_t t = 0; t < items_.size(); ++t) {
    const Txn& txn = history.txns[t];
    Item& item = items_[t];
    item.readonly = txn.writes.empty();
    for (size_t w = 0; w < txn.writes.size(); ++w) {
      item.writes.push_back(first_version[t] + static_cast<int32_t>(w));
    }
    for (const TxnRead& read : txn.reads) {
      int32_t version = read.key;
      if (read.source != kInitialTxn) {
        const std::vector<int32_t>& writes = history.txns[read.source].writes;
        auto at = std::lower_bound(writes.begin(), writes.end(), read.key);
        version = first_version[read.source] + static_cast<int32_t>(at - writes.begin());
      }
      item.reads.push_back(version);
      ++readers_[version];
    }
  }
  for (auto [from, to] : before) {
    items_[from].after.push_back(to);
    ++items_[to].waits;
  }
}

bool TxnSearch::fits(int32_t id) const {
  const Item& item = items_[id];
  if (placed_[id] || item.waits > 0) return false;
  for (int32_t version : item.reads) {
    if (latest_[key_of_[version]] != version) return false;
  }
  for (int32_t version : item.writes) {
    int32_t overwritten = latest_[key_of_[version]], left = readers_[overwritten];
    for (int32_t read : item.reads) left -= read == overwritten;
    if (left > 0) return false;  // somebody still has to read what would be overwritten
  }
  return true;
}

void TxnSearch::place(int32_t id) {
  Item& item = items_[id];
  placed_[id] = 1;
  hash_a_ ^= scatter(4 * static_cast<uint64_t>(id));
  hash_b_ ^= scatter(4 * static_cast<uint64_t>(id) + 1);
  trail_.push_back({id, overwritten_.size()});
  for (int32_t next : item.after) --items_[next].waits;
  for (int32_t version : item.reads) --readers_[version];
  auto cell = [](int32_t version) {
    return scatter(0x7000000000000000ULL ^ static_cast<uint64_t>(version));
  };
  for (int32_t version : item.writes) {
    int32_t& latest = latest_[key_of_[version]];
    overwritten_.push_back(latest);
    hash_a_ ^= cell(latest) ^ cell(version);
    hash_b_ ^= scatter(cell(latest)) ^ scatter(cell(version));
    latest = version;
  }
}

void TxnSearch::undo(size_t length) {
  while (trail_.size() > length) {
    int32_t id = trail_.back().item;
    trail_.pop_back();
    Item& item = items_[id];
    for (size_t w = item.writes.size(); w-- > 0;) {
      latest_[key_of_[item.writes[w]]] = overwritten_.back();
      overwritten_.pop_back();
    }
    for (int32_t version : item.reads) ++readers_[version];
    for (int32_t next : item.after) ++items_[next].waits;
    placed_[id] = 0;
  }
}

bool TxnSearch::settle() {
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < items_.size(); ++i) {
      int32_t id = static_cast<int32_t>(i);
      if (items_[i].readonly && fits(id)) {
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
      if (memo.bytes() + frames.size() * 32 > budget_.bytes_max || nodes > budget_.nodes_max)
        return Verdict::unknown;
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
  for (const Step& step : trail_) order_.push_back(step.item);
  return Verdict::valid;
}

}  // namespace lockstep::history
