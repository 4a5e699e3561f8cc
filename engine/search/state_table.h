// A flat table of states that were visited: entries of 16 bytes, one word of which says with what.
// At most 7/8 of it are used, and at least 7/16 once it has grown: 18 to 37 bytes a state.
// Never shrinks; says when it is full instead of taking more memory than it may.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/probe.h"

namespace lockstep {

class StateTable {
 public:
  // `most`: bytes. While the table grows, the old one is there as well and not counted.
  explicit StateTable(uint64_t most)
      : most_(std::bit_floor(std::max<uint64_t>(most / sizeof(Entry), 64))) {}

  struct Entry {
    uint64_t key = 0;  // 0: empty
    uint64_t with = 0;
  };
  // The entry of that state, key 0 if there is none yet (then it is for the caller to fill, and to
  // count by added()); null if there is none and no room.
  Entry* find(uint64_t key) {
    if (slots_.empty() || (size_ + 1) * 8 > slots_.size() * 7) grow();
    Entry& entry = slot(key);
    if (entry.key == 0 && (size_ + 1) * 8 > slots_.size() * 7) return nullptr;
    return &entry;
  }
  void added() { size_++; }
  uint64_t size() const { return size_; }

 private:
  Entry& slot(uint64_t key) {
    return slots_[probe(slots_, mix64(key, 1),
                        [key](const Entry& e) { return e.key == 0 || e.key == key; })];
  }
  void grow() {
    if (slots_.size() >= most_) return;
    std::vector<Entry> old(slots_.empty() ? std::min<uint64_t>(most_, 1024) : slots_.size() * 2);
    old.swap(slots_);
    for (const Entry& e : old)
      if (e.key != 0) slot(e.key) = e;
  }
  const uint64_t most_;  // entries
  std::vector<Entry> slots_;
  uint64_t size_ = 0;
};

}  // namespace lockstep
