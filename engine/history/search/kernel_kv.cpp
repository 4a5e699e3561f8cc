#include "engine/history/search/kernel_kv.h"

#include <algorithm>

#include "engine/history/model/memo.h"

namespace lockstep::history {
namespace {

// Above this many bytes compared it is not worth finding out which appends nobody sees.
constexpr size_t kAppearsBytesMax = size_t{1} << 28;

}  // namespace

void KvKernel::Counts::resize(size_t n) {
  leaves_ = 1;
  while (leaves_ < n) leaves_ *= 2;
  tree_.assign(2 * leaves_, 0);
}

void KvKernel::Counts::add(int32_t at, int32_t by) {
  for (size_t node = leaves_ + static_cast<size_t>(at); node > 0; node /= 2) tree_[node] += by;
}

int32_t KvKernel::Counts::first_nonzero(int32_t from) const {
  if (static_cast<size_t>(from) >= leaves_) return -1;
  size_t node = leaves_ + static_cast<size_t>(from);
  while (tree_[node] == 0) {
    while (node % 2 == 1) {
      node /= 2;
      if (node <= 1) return -1;
    }
    if (node <= 1) return -1;
    ++node;
  }
  while (node < leaves_) node = tree_[2 * node] > 0 ? 2 * node : 2 * node + 1;
  return static_cast<int32_t>(node - leaves_);
}

KvKernel::KvKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
                   const ValueTable& values) {
  auto note = [&](const Op& op) {
    Value v = op.code == Code::read && op.ok ? op.r : op.code == Code::cas ? op.a : kNull;
    if (v != kNull) observed_.push_back(values.as_string(v));
  };
  for (const Op& op : definite) note(op);
  for (const Op& op : pending) note(op);
  std::sort(observed_.begin(), observed_.end());
  observed_.erase(std::unique(observed_.begin(), observed_.end()), observed_.end());
  asked_.resize(observed_.size() + 1);
  needed_.resize(observed_.size() + 1);
  compile(definite, ops_, values);
  compile(pending, pending_, values);
  find_sources();
  placed_.assign(ops_.size(), 1);
  for (size_t i = 0; i < ops_.size(); ++i) {
    unplaced(static_cast<int32_t>(i));
    placed_[i] = 0;
    has_mismatch_ |= ops_[i].kind == kMismatch;
  }
  for (const Compiled& op : pending_) {
    if (op.kind == kSwap && op.observed >= 0) asked_.add(op.observed, 1);
    if (op.kind == kDelete || (op.kind == kSwap && op.put == kMissing)) ++deletes_;
  }
}

void KvKernel::compile(const std::vector<Op>& in, std::vector<Compiled>& out,
                       const ValueTable& values) {
  auto number = [&](Value v) {
    if (v == kNull) return -1;
    return static_cast<int32_t>(
        std::lower_bound(observed_.begin(), observed_.end(), values.as_string(v)) -
        observed_.begin());
  };
  auto state = [&](Value v) { return v == kNull ? kMissing : state_of(values.as_string(v)); };
  std::map<std::pair<int, std::pair<Value, Value>>, int32_t> classes;
  for (const Op& op : in) {
    Compiled c{kGet, true, {}, kMissing, kMissing, -1, 0};
    Value b = kAbsent;
    switch (op.code) {
      case Code::read:
        if (op.ok) {
          c.observed = number(op.r);
          c.from = state(op.r);
        }
        break;
      case Code::write:
      case Code::append:
        c.kind = op.code == Code::write ? kPut : kAppend;
        c.text = values.as_string(op.a);
        c.put = state(op.a);
        break;
      case Code::erase:
        c.kind = kDelete;
        break;
      default:
        c.kind = op.ok && op.r == kFalse ? kMismatch : kSwap;
        c.observed = number(op.a);
        c.from = state(op.a);
        c.put = state(op.b);
        b = op.b;
    }
    Value a = c.kind == kGet || c.kind == kDelete ? kAbsent : op.a;
    auto key = std::make_pair(static_cast<int>(c.kind), std::make_pair(a, b));
    c.cls = 1 + classes.try_emplace(key, static_cast<int32_t>(classes.size())).first->second;
    out.push_back(c);
  }
  class_count_ = std::max(class_count_, 1 + static_cast<int32_t>(classes.size()));
}

// Which appends are part of some observed string: by a rolling hash over the strings, for each
// length of an append, so in linear time if the lengths are few.
void KvKernel::find_appearing() {
  std::map<size_t, std::vector<Compiled*>> by_length;
  for (Compiled& op : ops_) {
    if (op.kind == kAppend && !op.text.empty()) by_length[op.text.size()].push_back(&op);
  }
  // Only strings that no longer one begins with: whatever is part of one is part of these.
  std::vector<std::string_view> longest;
  size_t bytes = 0;
  for (size_t k = 0; k < observed_.size(); ++k) {
    if (k + 1 < observed_.size() && observed_[k + 1].starts_with(observed_[k])) continue;
    longest.push_back(observed_[k]);
    bytes += observed_[k].size();
  }
  if (bytes * by_length.size() > kAppearsBytesMax) return;
  constexpr uint64_t kBase = 0x9e3779b97f4a7c15ULL;
  auto byte = [](char c) { return static_cast<uint64_t>(static_cast<unsigned char>(c)) + 1; };
  for (auto& [length, appends] : by_length) {
    size_t slots = 4;
    while (slots < 2 * appends.size()) slots *= 2;
    std::vector<std::pair<uint64_t, Compiled*>> table(slots, {0, nullptr});
    for (Compiled* op : appends) {
      op->appears = false;
      uint64_t hash = 0;
      for (char c : op->text) hash = hash * kBase + byte(c);
      size_t at = scatter(hash) & (slots - 1);
      while (table[at].second) at = (at + 1) & (slots - 1);
      table[at] = {hash, op};
    }
    uint64_t power = 1;  // of the byte that leaves the window
    for (size_t i = 0; i < length; ++i) power *= kBase;
    for (std::string_view text : longest) {
      uint64_t hash = 0;
      for (size_t end = 1; end <= text.size(); ++end) {
        hash = hash * kBase + byte(text[end - 1]);
        if (end > length) hash -= power * byte(text[end - length - 1]);
        if (end < length) continue;
        for (size_t at = scatter(hash) & (slots - 1); table[at].second;
             at = (at + 1) & (slots - 1)) {
          if (table[at].first != hash) continue;
          Compiled& op = *table[at].second;
          if (!op.appears) op.appears = op.text == text.substr(end - length, length);
        }
      }
    }
  }
}

void KvKernel::find_sources() {
  find_appearing();
  starts_.resize(observed_.size());
  appends_.resize(observed_.size());
  pending_starts_.resize(observed_.size());
  for (size_t i = 0; i < ops_.size(); ++i) {
    const Compiled& op = ops_[i];
    if (op.kind == kGet || op.kind == kMismatch || op.put < 0) continue;
    auto& lists = op.kind == kAppend ? appends_ : starts_;
    for (int32_t k = first_of(op.put), end = end_of(op.put); k < end; ++k) {
      lists[k].push_back(static_cast<int32_t>(i));
    }
  }
  for (const Compiled& op : pending_) {
    if (op.kind == kGet || op.put < 0) continue;
    // A pending append starts a string only from nothing; taking it for a put prunes less.
    for (int32_t k = first_of(op.put), end = end_of(op.put); k < end; ++k) pending_starts_[k] = 1;
  }
}

int32_t KvKernel::end_of(State state) const {
  int32_t first = first_of(state);
  size_t length = length_of(state);
  if (length == 0) return static_cast<int32_t>(observed_.size());
  std::string_view prefix = observed_[first].substr(0, length);
  auto begin = observed_.begin() + first;
  return static_cast<int32_t>(
      std::partition_point(begin, observed_.end(),
                           [&](std::string_view text) { return text.starts_with(prefix); }) -
      observed_.begin());
}

KvKernel::State KvKernel::extend(State state, std::string_view text) const {
  if (state == kUnobserved) return kUnobserved;
  if (state == kMissing) state = kWholeRange;
  size_t length = length_of(state);
  auto begin = observed_.begin() + first_of(state);
  auto end = observed_.begin() + end_of(state);
  auto at = std::partition_point(
      begin, end, [&](std::string_view candidate) { return candidate.substr(length) < text; });
  if (at == end || !at->substr(length).starts_with(text)) return kUnobserved;
  return static_cast<State>(at - observed_.begin()) << 32 |
         static_cast<State>(length + text.size());
}

bool KvKernel::step(const Compiled& op, State state, State* next) const {
  *next = state;
  switch (op.kind) {
    case kGet:
      return state == op.from;
    case kMismatch:
      return state != op.from;
    case kSwap:
      *next = op.put;
      return state == op.from;
    case kPut:
    case kDelete:
      *next = op.put;
      return true;
    case kAppend:
      *next = op.appears ? extend(state, op.text) : kUnobserved;
      return true;
  }
  return false;
}

void KvKernel::count(const Compiled& op, int32_t by) {
  size_t i = static_cast<size_t>(&op - ops_.data());
  placed_[i] = by < 0;
  if (op.observed >= 0) {
    asked_.add(op.observed, by);
    if (op.kind != kMismatch) needed_.add(op.observed, by);
  }
  if (op.kind == kDelete || (op.kind == kSwap && op.put == kMissing)) deletes_ += by;
}

int32_t KvKernel::first_needed(int32_t first, int32_t end, bool with_mismatch) const {
  int32_t at = (with_mismatch ? asked_ : needed_).first_nonzero(first);
  return at < end ? at : -1;
}

bool KvKernel::hopeless(State before, State after) const {
  if (before < 0 || before == after) return false;
  int32_t first = first_of(before), end = end_of(before);
  int32_t kept_first = end, kept_end = end;
  if (after >= 0) {
    kept_first = first_of(after);
    kept_end = end_of(after);
    if (kept_first <= first && kept_end >= end && length_of(after) <= length_of(before))
      return false;
  }
  for (int32_t k = first_needed(first, end, false); k >= 0;) {
    bool kept = k >= kept_first && k < kept_end && observed_[k].size() >= length_of(after);
    if (!kept) return !can_rebuild(k, after);
    k = kept_end < end ? first_needed(std::max(kept_end, k + 1), end, false) : -1;
  }
  return false;
}

bool KvKernel::can_rebuild(int32_t observed, State after) const {
  if (pending_starts_[observed]) return true;
  for (int32_t i : starts_[observed]) {
    if (!placed_[i]) return true;
  }
  if (after != kMissing && deletes_ == 0) return false;
  for (int32_t i : appends_[observed]) {
    if (!placed_[i]) return true;
  }
  return false;
}

}  // namespace lockstep::history
