// Rows of bits of executions that are too long for a bit for each pair of steps: sets of steps that
// share what they have in common, as trees of which only the path to a change is copied.
// Driscoll, Sarnak, Sleator, Tarjan, "Making data structures persistent", STOC 1986. A row is
// mostly the row of one step before it and a few bits more, so it takes O(log n) instead of O(n).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lockstep {

class LongRows {
 public:
  using Word = uint64_t;

  size_t size() const { return rows_.size(); }
  size_t nodes() const { return nodes_.size(); }  // made so far
  void resize(size_t rows);
  void clear(size_t row) { replace(row, kEmpty); }
  // The first `count` bits, and no others.
  void fill(size_t row, size_t count);
  bool test(size_t row, size_t bit) const { return word(row, bit / 64) >> (bit % 64) & 1; }
  void set(size_t row, size_t bit);
  void assign(size_t row, std::span<const Word> words);
  void join(size_t into, size_t from);  // all bits of the one to the other
  // Bits 64 w .. 64 w + 63.
  Word word(size_t row, size_t w) const;
  // The number of the last word before `w` that is not known to have all its bits, and 1; 0: there
  // is none.
  size_t open_before(size_t row, size_t w) const;

 private:
  using Id = uint32_t;
  // Two nodes that any level has, and nobody counts.
  static constexpr Id kEmpty = 0, kFull = 1;
  static constexpr unsigned kLeafBits = 9, kFanBits = 3;  // 8 words, 8 children
  static constexpr size_t kWords = 8, kFan = 8;

  struct Node {
    union {
      Word words[kWords];  // of a leaf: level 0
      Id child[kFan];
    };
    uint32_t users;
  };

  static unsigned shift(unsigned level) { return kLeafBits + kFanBits * level; }
  bool spans(size_t bit) const { return bit >> shift(top_) == 0; }
  void grow(size_t bit);  // levels, until the bit has a place
  Id make(const Node& node, unsigned level);
  Node node(Id id, unsigned level) const;
  Id shared(Id id) {
    if (id > kFull) nodes_[id].users++;
    return id;
  }
  void drop(Id id, unsigned level);
  void replace(size_t row, Id by);
  Id with(Id id, unsigned level, size_t bit);
  Id prefix(unsigned level, size_t count);
  Id of(std::span<const Word> words, unsigned level);
  Id both(Id a, Id b, unsigned level);
  size_t open(Id id, unsigned level, size_t first, size_t end) const;

  unsigned top_ = 0;  // level of the rows' own nodes
  std::vector<Id> rows_;
  std::vector<Node> nodes_ = std::vector<Node>(2);
  std::vector<Id> free_;
};

}  // namespace lockstep
