#include "engine/contrast/hitting_set.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "engine/base/check.h"

namespace lockstep {

size_t Bits::count() const {
  size_t n = 0;
  for (const uint64_t w : words_) n += static_cast<size_t>(std::popcount(w));
  return n;
}

bool Bits::within(const Bits& other) const {
  for (size_t i = 0; i < words_.size(); i++)
    if (words_[i] & ~other.words_[i]) return false;
  return true;
}

void Bits::keep(const Bits& other) {
  for (size_t i = 0; i < words_.size(); i++) words_[i] &= other.words_[i];
}

namespace {

class Search {
 public:
  Search(const std::vector<HittingColumn>& columns, size_t rows, const HittingOptions& options)
      : columns_(columns), rows_(rows), nodes_(options.max_nodes) {}

  // The columns that are worth a look: of two the one that meets no more rows, is kept by no more
  // failing executions and costs no less is left out.
  void reduce(bool necessary) {
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < columns_.size(); i++)
      if (!columns_[i].left_out &&
          (!necessary || columns_[i].kept_by.count() == columns_[i].kept_by.size()))
        order.push_back(i);
    const auto rank = [&](uint32_t i) {
      const HittingColumn& c = columns_[i];
      return std::tuple(-static_cast<int64_t>(c.broken_by.count() + c.kept_by.count()), c.cost, i);
    };
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return rank(a) < rank(b); });
    useful_.clear();
    for (const uint32_t i : order) {
      const bool less = std::any_of(useful_.begin(), useful_.end(), [&](uint32_t k) {
        return columns_[i].broken_by.within(columns_[k].broken_by) &&
               columns_[i].kept_by.within(columns_[k].kept_by);
      });
      if (!less) useful_.push_back(i);
    }
    by_row_.assign(rows_, {});
    for (size_t r = 0; r < rows_; r++)
      for (const uint32_t i : useful_)
        if (columns_[i].broken_by.test(r)) by_row_[r].push_back(i);
  }

  std::optional<std::vector<uint32_t>> of_size(uint32_t size) {
    best_.reset();
    std::vector<uint32_t> chosen;
    std::vector<bool> met(rows_);
    extend(size, chosen, met);
    return best_;
  }
  bool spent() const { return nodes_ == 0; }

 private:
  void extend(uint32_t left, std::vector<uint32_t>& chosen, const std::vector<bool>& met) {
    if (nodes_ == 0) return;
    nodes_--;
    size_t row = rows_;
    for (size_t r = 0; r < rows_; r++)
      if (!met[r] && (row == rows_ || by_row_[r].size() < by_row_[row].size())) row = r;
    if (row == rows_) return judge(chosen);
    if (left == 0) return;
    for (const uint32_t i : by_row_[row]) {
      if (std::find(chosen.begin(), chosen.end(), i) != chosen.end()) continue;
      std::vector<bool> now = met;
      for (size_t r = 0; r < rows_; r++)
        if (columns_[i].broken_by.test(r)) now[r] = true;
      chosen.push_back(i);
      extend(left - 1, chosen, now);
      chosen.pop_back();
    }
  }

  void judge(const std::vector<uint32_t>& chosen) {
    std::vector<uint32_t> set = chosen;
    std::sort(set.begin(), set.end());
    int64_t cost = 0;
    size_t kept = 0;
    if (!set.empty()) {
      Bits all = columns_[set[0]].kept_by;
      for (const uint32_t i : set) all.keep(columns_[i].kept_by), cost += columns_[i].cost;
      kept = all.count();
    }
    LOCKSTEP_CHECK(meets_all(set));
    const auto score = std::tuple(-static_cast<int64_t>(kept), cost, set);
    if (best_ && !(score < score_)) return;
    score_ = score;
    best_ = set;
  }

  bool meets_all(const std::vector<uint32_t>& set) const {
    for (size_t row = 0; row < rows_; row++)
      if (std::none_of(set.begin(), set.end(),
                       [&](uint32_t i) { return columns_[i].broken_by.test(row); }))
        return false;
    return true;
  }

  const std::vector<HittingColumn>& columns_;
  const size_t rows_;
  uint64_t nodes_;
  std::vector<uint32_t> useful_;
  std::vector<std::vector<uint32_t>> by_row_;
  std::optional<std::vector<uint32_t>> best_;
  std::tuple<int64_t, int64_t, std::vector<uint32_t>> score_;
};

}  // namespace

std::optional<std::vector<uint32_t>> smallest_hitting_set(const std::vector<HittingColumn>& columns,
                                                          size_t rows,
                                                          const HittingOptions& options) {
  Search any(columns, rows, options);
  any.reduce(false);
  std::optional<std::vector<uint32_t>> smallest;
  for (uint32_t size = 0; size <= options.most && !smallest && !any.spent(); size++)
    smallest = any.of_size(size);
  if (!smallest) return {};
  Search necessary(columns, rows, options);
  necessary.reduce(true);
  for (uint32_t size = 0; size <= smallest->size() + 1 && !necessary.spent(); size++)
    if (auto exact = necessary.of_size(size)) return exact;
  return smallest;
}

}  // namespace lockstep
