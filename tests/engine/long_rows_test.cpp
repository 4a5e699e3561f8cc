#include "engine/dpor/long_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "engine/base/prng.h"

namespace lockstep {
namespace {

using Plain = std::vector<bool>;

void expect_row(const LongRows& rows, size_t row, const Plain& plain) {
  size_t last_open = 0;
  for (size_t w = 0; w < plain.size() / 64; w++) {
    LongRows::Word expected = 0;
    for (size_t b = 0; b < 64; b++) expected |= LongRows::Word{plain[w * 64 + b]} << b;
    ASSERT_EQ(rows.word(row, w), expected) << "row " << row << ", word " << w;
    if (~expected) last_open = w + 1;
    // It may name a word that is full, as long as it leaves out none that is not.
    ASSERT_GE(rows.open_before(row, w + 1), last_open);
    ASSERT_LE(rows.open_before(row, w + 1), w + 1);
  }
}

// The law: rows are sets. Random operations on them, and on plain ones.
TEST(LongRows, AreSets) {
  constexpr size_t kRows = 40, kBits = 20'000 / 64 * 64;
  Prng prng(17);
  LongRows rows;
  rows.resize(kRows);
  std::vector<Plain> plain(kRows, Plain(kBits));
  // Rows reach this far, and grow.
  for (const size_t reach : {size_t{500}, size_t{5'000}, kBits}) {
    rows.resize(reach);
    for (int n = 0; n < 400; n++) {
      const size_t a = prng.below(kRows), b = prng.below(kRows), bit = prng.below(reach);
      switch (prng.below(6)) {
        case 0:
          rows.fill(a, bit);
          plain[a].assign(kBits, false);
          std::fill_n(plain[a].begin(), bit, true);
          break;
        case 1:
          rows.clear(a);
          plain[a].assign(kBits, false);
          break;
        case 2:
          rows.join(a, b);
          for (size_t i = 0; i < kBits; i++)
            if (plain[b][i]) plain[a][i] = true;
          break;
        default:
          rows.set(a, bit);
          plain[a][bit] = true;
      }
    }
    for (size_t i = 0; i < kRows; i++) {
      expect_row(rows, i, plain[i]);
      for (size_t bit = 0; bit < kBits; bit += 97) ASSERT_EQ(rows.test(i, bit), plain[i][bit]);
    }
  }
}

TEST(LongRows, TakeOverPlainRows) {
  const std::vector<LongRows::Word> words = {~LongRows::Word{0}, 5, 0, 0, 0, 0, 0, 0, 1, 0};
  LongRows rows;
  rows.resize(3);
  rows.assign(1, words);
  for (size_t w = 0; w < words.size(); w++) {
    EXPECT_EQ(rows.word(1, w), words[w]);
    EXPECT_EQ(rows.word(0, w), 0u);
  }
}

// n rows, each of all before it, take O(n log n), not O(n^2): nodes that are free are used again.
TEST(LongRows, ShareWhatTheyHaveInCommon) {
  constexpr size_t kRows = 100'000;
  LongRows rows;
  for (int again = 0; again < 2; again++) {
    rows.resize(kRows);
    for (size_t i = 1; i < kRows; i++) {
      rows.clear(i);
      rows.join(i, i - 1);
      rows.set(i, i - 1);
    }
    EXPECT_LT(rows.nodes(), 5 * kRows);
  }
}

}  // namespace
}  // namespace lockstep
