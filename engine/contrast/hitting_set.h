// The smallest set of columns that meets every row: which conditions tell all passing executions
// from the failing one, when each row is a passing execution and a column a condition that it
// breaks. Reiter, "A theory of diagnosis from first principles" (1987), for what hitting sets have
// to do with causes; minimum by iterative deepening, since answers are small.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace lockstep {

class Bits {
 public:
  void push(bool bit) {
    if (size_ % 64 == 0) words_.push_back(0);
    if (bit) words_.back() |= uint64_t{1} << (size_ % 64);
    size_++;
  }
  bool test(size_t i) const { return words_[i / 64] >> (i % 64) & 1; }
  size_t size() const { return size_; }
  size_t count() const;
  bool within(const Bits& other) const;  // all of these are among those; of one size
  void keep(const Bits& other);          // those that are also there
  friend bool operator==(const Bits&, const Bits&) = default;

 private:
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

struct HittingColumn {
  Bits broken_by;         // rows: passing executions that do not keep the condition
  Bits kept_by;           // failing executions that keep it
  uint32_t cost = 0;      // between equals the cheaper one is taken
  bool left_out = false;  // not to be in an answer
};

struct HittingOptions {
  uint32_t most = 6;  // columns in an answer
  uint64_t max_nodes = 200'000;
};

// Indices of columns, ascending. Of the smallest sets the one that most failing executions keep,
// then the cheapest. A set that all failing executions keep is preferred to smaller ones if it has
// at most one more. None: no set of `most` columns meets all rows, or the budget ended.
std::optional<std::vector<uint32_t>> smallest_hitting_set(const std::vector<HittingColumn>& columns,
                                                          size_t rows,
                                                          const HittingOptions& options = {});

}  // namespace lockstep
