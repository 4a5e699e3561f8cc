// Which nodes of a search were visited (Lowe's memo), and the mixing that its hashes are made with.
//
// The memo holds 128-bit hashes of (completed set, state): with n nodes a false hit has a chance
// below n^2 / 2^129, 10^-20 for a thousand million nodes. Completed operations only; sets of
// indeterminate ones are compared exactly.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/prng.h"
#include "engine/base/probe.h"

namespace lockstep::history {

// Of one number: such values are summed up (xor) to stand for sets, so every bit has to tell.
inline uint64_t scatter(uint64_t x) { return splitmix64(x); }

// (completed set, state) -> the sets of indeterminate operations it was reached with.
class Memo {
 public:
  explicit Memo(size_t words) : words_(words), slots_(64) {}

  // False if a node that dominates this one is known; else remembers this one.
  bool insert(uint64_t a, uint64_t b, const uint64_t* used) {
    if ((count_ + 1) * 10 > slots_.size() * 7) grow();
    Slot& slot = slots_[probe(
        slots_, a, [&](const Slot& s) { return s.head == kFree || (s.a == a && s.b == b); })];
    bool fresh = slot.head == kFree;
    if (fresh) {
      slot = {a, b, kEnd};
      ++count_;
    }
    if (words_ == 0) return fresh;
    for (int32_t e = slot.head; e != kEnd; e = next_[e]) {
      const uint64_t* known = &used_[static_cast<size_t>(e) * words_];
      bool subset = true;
      for (size_t w = 0; w < words_; ++w) subset &= (known[w] & ~used[w]) == 0;
      if (subset) return false;
    }
    next_.push_back(slot.head);
    slot.head = static_cast<int32_t>(next_.size()) - 1;
    used_.insert(used_.end(), used, used + words_);
    return true;
  }

  size_t bytes() const {
    return slots_.size() * sizeof(Slot) + next_.capacity() * 4 + used_.capacity() * 8;
  }

 private:
  static constexpr int32_t kFree = -2, kEnd = -1;
  struct Slot {
    uint64_t a = 0, b = 0;
    int32_t head = kFree;
  };
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    const auto free = [](const Slot& s) { return s.head == kFree; };
    for (const Slot& slot : old)
      if (!free(slot)) slots_[probe(slots_, slot.a, free)] = slot;
  }
  size_t words_;
  size_t count_ = 0;
  std::vector<Slot> slots_;
  std::vector<int32_t> next_;
  std::vector<uint64_t> used_;
};

}  // namespace lockstep::history
