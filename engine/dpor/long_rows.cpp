// Functions that return an Id give one user of it to the caller, and leave those of their
// arguments.
#include "engine/dpor/long_rows.h"

#include <algorithm>

namespace lockstep {

void LongRows::resize(size_t rows) {
  for (size_t i = rows; i < rows_.size(); i++) drop(rows_[i], top_);
  rows_.resize(rows, kEmpty);
  if (rows > 0) grow(rows - 1);
}

void LongRows::grow(size_t bit) {
  while (!spans(bit)) {
    for (Id& row : rows_) {
      if (row == kEmpty) continue;
      Node above{};
      above.child[0] = row;
      row = make(above, top_ + 1);
    }
    top_++;
  }
}

void LongRows::fill(size_t row, size_t count) { replace(row, prefix(top_, count)); }

void LongRows::set(size_t row, size_t bit) {
  if (!test(row, bit)) replace(row, with(rows_[row], top_, bit));
}

void LongRows::join(size_t into, size_t from) {
  replace(into, both(rows_[into], rows_[from], top_));
}

void LongRows::assign(size_t row, std::span<const Word> words) {
  grow(words.size() * 64 - 1);
  replace(row, of(words, top_));
}

LongRows::Word LongRows::word(size_t row, size_t w) const {
  Id id = rows_[row];
  const size_t bit = w * 64;
  if (!spans(bit)) return 0;
  for (unsigned level = top_; id > kFull; level--) {
    if (level == 0) return nodes_[id].words[w % kWords];
    id = nodes_[id].child[bit >> shift(level - 1) & (kFan - 1)];
  }
  return id == kFull ? ~Word{0} : 0;
}

size_t LongRows::open_before(size_t row, size_t w) const {
  if (w > 0 && !spans((w - 1) * 64)) return w;
  return open(rows_[row], top_, 0, w);
}

// In the node whose words begin at `first`, below `end`.
size_t LongRows::open(Id id, unsigned level, size_t first, size_t end) const {
  if (id == kFull || end <= first) return 0;
  const size_t words = size_t{1} << (shift(level) - 6);
  if (id == kEmpty) return std::min(end, first + words);
  if (level == 0) {
    for (size_t i = std::min(end - first, kWords); i-- > 0;)
      if (~nodes_[id].words[i]) return first + i + 1;
    return 0;
  }
  const size_t each = words / kFan;
  for (size_t i = std::min((end - first - 1) / each, kFan - 1) + 1; i-- > 0;)
    if (const size_t found = open(nodes_[id].child[i], level - 1, first + i * each, end))
      return found;
  return 0;
}

// Takes over the users of the children.
LongRows::Id LongRows::make(const Node& node, unsigned level) {
  const bool full =
      level == 0 ? std::all_of(node.words, node.words + kWords, [](Word w) { return !~w; })
                 : std::all_of(node.child, node.child + kFan, [](Id id) { return id == kFull; });
  if (full) return kFull;
  Id id = static_cast<Id>(nodes_.size());
  if (free_.empty()) {
    nodes_.push_back(node);
  } else {
    id = free_.back();
    free_.pop_back();
    nodes_[id] = node;
  }
  nodes_[id].users = 1;
  return id;
}

void LongRows::drop(Id id, unsigned level) {
  if (id <= kFull || --nodes_[id].users > 0) return;
  free_.push_back(id);
  if (level == 0) return;
  for (const Id child : nodes_[id].child) drop(child, level - 1);
}

void LongRows::replace(size_t row, Id by) {
  drop(rows_[row], top_);
  rows_[row] = by;
}

// A copy, whose children have no users by it.
LongRows::Node LongRows::node(Id id, unsigned level) const {
  if (id > kFull) return nodes_[id];
  Node copy{};
  if (level == 0)
    std::fill_n(copy.words, kWords, id == kFull ? ~Word{0} : 0);
  else
    std::fill_n(copy.child, kFan, id);
  return copy;
}

LongRows::Id LongRows::with(Id id, unsigned level, size_t bit) {
  Node node = this->node(id, level);
  if (level == 0) {
    node.words[bit / 64 % kWords] |= Word{1} << bit % 64;
    return make(node, 0);
  }
  const size_t place = bit >> shift(level - 1) & (kFan - 1);
  for (size_t i = 0; i < kFan; i++)
    if (i != place) shared(node.child[i]);
  node.child[place] = with(node.child[place], level - 1, bit);
  return make(node, level);
}

LongRows::Id LongRows::prefix(unsigned level, size_t count) {
  if (count == 0) return kEmpty;
  if (count >> shift(level)) return kFull;
  Node node{};
  if (level == 0) {
    std::fill_n(node.words, count / 64, ~Word{0});
    if (count % 64) node.words[count / 64] = (Word{1} << count % 64) - 1;
    return make(node, 0);
  }
  const size_t place = count >> shift(level - 1);
  std::fill_n(node.child, place, kFull);
  node.child[place] = prefix(level - 1, count - (place << shift(level - 1)));
  return make(node, level);
}

LongRows::Id LongRows::of(std::span<const Word> words, unsigned level) {
  if (std::all_of(words.begin(), words.end(), [](Word w) { return w == 0; })) return kEmpty;
  Node node{};
  if (level == 0) {
    std::copy(words.begin(), words.end(), node.words);
    return make(node, 0);
  }
  const size_t each = size_t{1} << (shift(level - 1) - 6);
  for (size_t i = 0; i < kFan && i * each < words.size(); i++)
    node.child[i] = of(words.subspan(i * each, std::min(each, words.size() - i * each)), level - 1);
  return make(node, level);
}

// One of the two where it has all that the other has: so what steps have in common stays shared.
LongRows::Id LongRows::both(Id a, Id b, unsigned level) {
  if (a == b || b == kEmpty || a == kFull) return shared(a);
  if (a == kEmpty || b == kFull) return shared(b);
  Node node = this->node(a, level);
  const Node other = this->node(b, level);
  bool is_a = true, is_b = true;
  if (level == 0) {
    for (size_t i = 0; i < kWords; i++) {
      const Word of_a = node.words[i], of_b = other.words[i];
      node.words[i] = of_a | of_b;
      is_a &= node.words[i] == of_a;
      is_b &= node.words[i] == of_b;
    }
    return is_a ? shared(a) : is_b ? shared(b) : make(node, 0);
  }
  for (size_t i = 0; i < kFan; i++) {
    const Id of_a = node.child[i], of_b = other.child[i];
    node.child[i] = both(of_a, of_b, level - 1);
    is_a &= node.child[i] == of_a;
    is_b &= node.child[i] == of_b;
  }
  if (!is_a && !is_b) return make(node, level);
  for (const Id child : node.child) drop(child, level - 1);
  return shared(is_a ? a : b);
}

}  // namespace lockstep
