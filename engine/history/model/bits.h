// Sets of small integers, as rows of one matrix: transitive closures of operations.
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::history {

class BitMatrix {
 public:
  BitMatrix(size_t rows, size_t columns) : words_((columns + 63) / 64), bits_(rows * words_, 0) {}
  bool test(size_t row, size_t column) const {
    return bits_[row * words_ + column / 64] >> (column % 64) & 1;
  }
  void set(size_t row, size_t column) {
    bits_[row * words_ + column / 64] |= uint64_t{1} << (column % 64);
  }
  // row |= other, whether it changed.
  bool merge(size_t row, size_t other) {
    bool changed = false;
    uint64_t* to = &bits_[row * words_];
    const uint64_t* from = &bits_[other * words_];
    for (size_t w = 0; w < words_; ++w) {
      changed |= (from[w] & ~to[w]) != 0;
      to[w] |= from[w];
    }
    return changed;
  }
  // row |= other and other itself; calls log(word, before) for what changes, for restore().
  template <typename Log>
  void merge_logged(size_t row, size_t other, const Log& log) {
    for (size_t w = 0; w < words_; ++w) {
      uint64_t& to = bits_[row * words_ + w];
      uint64_t with = to | bits_[other * words_ + w];
      if (w == other / 64) with |= uint64_t{1} << (other % 64);
      if (with == to) continue;
      log(row * words_ + w, to);
      to = with;
    }
  }
  void restore(size_t word, uint64_t before) { bits_[word] = before; }
  size_t count(size_t row) const {
    size_t n = 0;
    for (size_t w = 0; w < words_; ++w) {
      n += static_cast<size_t>(std::popcount(bits_[row * words_ + w]));
    }
    return n;
  }
  void clear_row(size_t row) {
    std::fill(bits_.begin() + static_cast<ptrdiff_t>(row * words_),
              bits_.begin() + static_cast<ptrdiff_t>((row + 1) * words_), 0);
  }
  // Calls visit(column) for the columns in the row, and in the row of `mask` of another matrix.
  template <typename Visit>
  void for_both(size_t row, const BitMatrix& other, size_t mask, const Visit& visit) const {
    for (size_t w = 0; w < words_; ++w) {
      uint64_t both = bits_[row * words_ + w] & other.bits_[mask * words_ + w];
      for (; both != 0; both &= both - 1) {
        visit(w * 64 + static_cast<size_t>(std::countr_zero(both)));
      }
    }
  }
  size_t bytes() const { return bits_.size() * 8; }

 private:
  size_t words_;
  std::vector<uint64_t> bits_;
};

}  // namespace lockstep::history
