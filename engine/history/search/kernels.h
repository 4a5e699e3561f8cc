// One kernel for each kind of object: what search.h must know about it. A kernel is built for one
// part (one key, one element) of a history and knows its operations by index.
#pragma once
#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "engine/history/model/model.h"

namespace lockstep::history {

// Defaults for kernels without observers to count.
struct PlainKernel {
  using State = int64_t;
  void placed(int32_t) {}
  void unplaced(int32_t) {}
  State canonical(State state) const { return state; }
  bool hopeless(State, State) const { return false; }
  bool absorbs(int32_t) const { return false; }
  bool absorbable(int32_t) const { return false; }
  size_t bytes() const { return 0; }
};

// Gives equal keys equal small numbers.
template <typename Key>
class Numbering {
 public:
  int32_t operator()(const Key& key) {
    return numbers_.try_emplace(key, static_cast<int32_t>(numbers_.size())).first->second;
  }
  int32_t size() const { return static_cast<int32_t>(numbers_.size()); }

 private:
  std::map<Key, int32_t> numbers_;
};

// register, cas-register, one key of multi-register. A state is the value's number, or kUnobserved:
// some value that no read and no compare-and-set still to come asks for.
class RegisterKernel {
 public:
  using State = int64_t;
  RegisterKernel(const std::vector<Op>& definite, const std::vector<Op>& pending);
  State initial() const { return initial_; }
  bool readonly(int32_t i) const { return ops_[i].kind >= kRead; }
  bool step(int32_t i, State state, State* next) const { return step(ops_[i], state, next); }
  bool step_pending(int32_t j, State state, State* next) const {
    const Compiled& op = pending_[j];
    return (op.kind == kWrite || op.kind == kSwap) && step(op, state, next);
  }
  int32_t cls(int32_t i) const { return absorbable(i) ? 0 : ops_[i].cls; }
  int64_t cls_pending(int32_t j) const { return pending_[j].cls; }
  int32_t class_count() const { return class_count_; }
  void placed(int32_t i) { count(ops_[i], -1); }
  void unplaced(int32_t i) { count(ops_[i], 1); }
  State canonical(State state) const {
    return state >= 0 && observers_[state] == 0 ? kUnobserved : state;
  }
  // `before` is still asked for and nobody can bring it back.
  bool hopeless(State before, State after) const {
    return before >= 0 && before != after && needed_[before] > 0 && producers_[before] == 0;
  }
  bool absorbs(int32_t i) const { return ops_[i].kind == kWrite && !has_mismatch_; }
  bool absorbable(int32_t i) const { return ops_[i].kind == kWrite && observers_[ops_[i].to] == 0; }
  size_t bytes() const { return 0; }

 private:
  static constexpr State kUnobserved = -1;
  enum Kind : uint8_t { kWrite, kSwap, kRead, kSame, kMismatch };  // kSame: cas from v to v
  struct Compiled {
    Kind kind;
    int32_t from, to, cls;
  };
  Compiled compile(const Op& op);
  static bool step(const Compiled& op, State state, State* next) {
    switch (op.kind) {
      case kWrite:
        *next = op.to;
        return true;
      case kSwap:
        *next = op.to;
        return state == op.from;
      case kRead:
      case kSame:
        *next = state;
        return state == op.from;
      case kMismatch:
        *next = state;
        return state != op.from;
    }
    return false;
  }
  void count(const Compiled& op, int32_t by) {
    if (op.kind != kWrite) observers_[op.from] += by;
    if (op.kind != kWrite && op.kind != kMismatch) needed_[op.from] += by;
    if (op.kind == kWrite || op.kind == kSwap) producers_[op.to] += by;
  }

  std::vector<Value> values_;  // by number
  std::vector<Compiled> ops_, pending_;
  std::vector<int32_t> observers_, needed_, producers_;  // by value: operations not placed yet
  State initial_;
  int32_t class_count_ = 0;
  bool has_mismatch_ = false;
};

// counter: the state is the sum.
class CounterKernel : public PlainKernel {
 public:
  CounterKernel(const std::vector<Op>& definite, const std::vector<Op>& pending);
  State initial() const { return 0; }
  bool readonly(int32_t i) const {
    return ops_[i].code == Code::read_counter || (ops_[i].n == 0 && ops_[i].r == kNull);
  }
  bool step(int32_t i, State state, State* next) const {
    const Op& op = ops_[i];
    *next = op.code == Code::read_counter ? state : state + op.n;
    return op.r == kNull || *next == op.m;
  }
  bool step_pending(int32_t j, State state, State* next) const {
    *next = state + pending_[j].n;
    return pending_[j].code != Code::read_counter && pending_[j].n != 0;
  }
  int32_t cls(int32_t i) const { return cls_[i]; }
  int64_t cls_pending(int32_t j) const { return pending_[j].n; }
  int32_t class_count() const { return class_count_; }

 private:
  const std::vector<Op>&ops_, &pending_;
  std::vector<int32_t> cls_;
  int32_t class_count_;
};

// lock and mutex: 0 is free, p + 1 held by process p; a mutex is held by "process 0" always.
class LockKernel : public PlainKernel {
 public:
  LockKernel(const std::vector<Op>& definite, const std::vector<Op>& pending, bool owned)
      : ops_(definite), pending_(pending), owned_(owned) {
    for (const Op& op : definite) processes_ = std::max(processes_, op.process + 1);
    for (const Op& op : pending) processes_ = std::max(processes_, op.process + 1);
  }
  State initial() const { return 0; }
  bool readonly(int32_t i) const {
    return ops_[i].r == kFalse && ops_[i].code == Code::try_acquire;
  }
  bool step(int32_t i, State state, State* next) const {
    *next = state;
    if (readonly(i)) return state != 0;
    return change(ops_[i], state, next);
  }
  bool step_pending(int32_t j, State state, State* next) const {
    return change(pending_[j], state, next);
  }
  int32_t cls(int32_t i) const { return cls(ops_[i]); }
  int64_t cls_pending(int32_t j) const { return cls(pending_[j]); }
  int32_t class_count() const { return 2 * processes_ + 2; }

 private:
  int32_t cls(const Op& op) const {
    return 2 * (owned_ ? op.process : 0) + (op.code == Code::release ? 1 : 0);
  }
  bool change(const Op& op, State state, State* next) const {
    State holder = owned_ ? op.process + 1 : 1;
    *next = op.code == Code::release ? 0 : holder;
    return op.code == Code::release ? state == holder : state == 0;
  }
  const std::vector<Op>&ops_, &pending_;
  bool owned_;
  int32_t processes_ = 0;
};

// States that are sequences of ints, by number. Equal sequences have equal numbers.
class SequenceTable {
 public:
  SequenceTable() { intern({}); }
  int64_t intern(const std::vector<int32_t>& sequence);
  std::pair<const int32_t*, size_t> get(int64_t id) const {
    return {data_.data() + starts_[id], starts_[id + 1] - starts_[id]};
  }
  size_t bytes() const { return data_.capacity() * 4 + starts_.capacity() * 24; }

 private:
  std::vector<int32_t> data_;
  std::vector<size_t> starts_{0};
  std::unordered_multimap<uint64_t, int64_t> ids_;
};

// What queue and stack have in common.
class BufferKernel : public PlainKernel {
 public:
  BufferKernel(const std::vector<Op>& definite, const std::vector<Op>& pending);
  State initial() const { return 0; }
  bool readonly(int32_t i) const {
    return ops_[i].code == Code::peek || (ops_[i].code == Code::take && ops_[i].r == kNull);
  }
  int32_t cls(int32_t i) const { return cls_[i]; }
  int64_t cls_pending(int32_t j) const {
    return pending_[j].code == Code::take ? -1 : pending_[j].a;
  }
  int32_t class_count() const { return class_count_; }

 protected:
  const std::vector<Op>&ops_, &pending_;

 private:
  std::vector<int32_t> cls_;
  int32_t class_count_;
};

// queue: the state is the number of its content, oldest first.
class QueueKernel : public BufferKernel {
 public:
  using BufferKernel::BufferKernel;
  bool step(int32_t i, State state, State* next) { return step(ops_[i], state, next); }
  bool step_pending(int32_t j, State state, State* next) {
    return pending_[j].code != Code::peek && step(pending_[j], state, next);
  }
  size_t bytes() const { return states_.bytes(); }

 private:
  bool step(const Op& op, State state, State* next);
  SequenceTable states_;
  std::vector<int32_t> scratch_;
};

// stack: the state is the number of a cell (value, number of the cell below); 0 is empty.
class StackKernel : public BufferKernel {
 public:
  using BufferKernel::BufferKernel;
  bool step(int32_t i, State state, State* next) { return step(ops_[i], state, next); }
  bool step_pending(int32_t j, State state, State* next) {
    return pending_[j].code != Code::peek && step(pending_[j], state, next);
  }
  size_t bytes() const { return cells_.capacity() * 64; }

 private:
  bool step(const Op& op, State state, State* next);
  std::vector<std::pair<Value, int64_t>> cells_{{kAbsent, 0}};
  std::unordered_map<uint64_t, int64_t> ids_;
};

// set, or one element of it: bits of the elements present, or their sequence's number if there are
// more than 62 of them.
class SetKernel : public PlainKernel {
 public:
  SetKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
            const ValueTable& values);
  State initial() const { return 0; }
  bool readonly(int32_t i) const { return ops_[i].readonly; }
  bool step(int32_t i, State state, State* next) { return step(ops_[i], state, next); }
  bool step_pending(int32_t j, State state, State* next) {
    return !pending_[j].readonly && step(pending_[j], state, next) && *next != state;
  }
  int32_t cls(int32_t i) const { return ops_[i].cls; }
  int64_t cls_pending(int32_t j) const { return pending_[j].cls; }
  int32_t class_count() const { return class_count_; }
  size_t bytes() const { return wide_states_.bytes(); }

 private:
  enum Want : uint8_t { kAny, kIn, kOut, kExactly, kNeverPossible };
  struct Compiled {
    int32_t element;
    Want want;
    bool readonly, adds;
    int64_t content;  // of a read
    int32_t cls;
  };
  Compiled compile(const Op& op, const ValueTable& values);
  bool step(const Compiled& op, State state, State* next);
  int32_t element(Value value) { return elements_(value); }

  Numbering<Value> elements_;
  Numbering<std::tuple<int, int, int>> classes_;
  std::vector<Compiled> ops_, pending_;
  int32_t class_count_ = 0;
  bool wide_ = false;
  SequenceTable wide_states_;
  std::vector<int32_t> scratch_;
};

// A model of the user's.
class ModelKernel : public PlainKernel {
 public:
  ModelKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
              const History& history, Model& model);
  State initial() { return model_.initial(); }
  bool readonly(int32_t i) const { return readonly_[i]; }
  bool step(int32_t i, State state, State* next) { return step(*operations_[i], state, next, i); }
  bool step_pending(int32_t j, State state, State* next) {
    if (pending_readonly_[j]) return false;
    int32_t slot = static_cast<int32_t>(operations_.size()) + j;
    return step(*pending_operations_[j], state, next, slot) && *next != state;
  }
  int32_t cls(int32_t i) const { return cls_[i]; }
  int64_t cls_pending(int32_t j) const { return pending_cls_[j]; }
  int32_t class_count() const { return class_count_; }
  // Of completed operations i and k; of a completed and an indeterminate one.
  bool declares_commuting() const { return model_.declares_commuting(); }
  bool commutes(int32_t i, int32_t k) {
    return commutes(*operations_[i], cls_[i], *operations_[k], cls_[k]);
  }
  bool commutes_pending(int32_t i, int32_t j) {
    return commutes(*operations_[i], cls_[i], *pending_operations_[j], pending_cls_[j]);
  }
  size_t bytes() const { return (known_.size() + commuting_.size()) * 48; }

 private:
  bool step(const Operation& operation, State state, State* next, int32_t slot);
  bool commutes(const Operation& a, int32_t a_class, const Operation& b, int32_t b_class) {
    if (a_class > b_class) return commutes(b, b_class, a, a_class);
    uint64_t key = static_cast<uint64_t>(a_class) << 32 | static_cast<uint32_t>(b_class);
    auto [at, fresh] = commuting_.try_emplace(key, false);
    if (fresh) at->second = model_.commutes(a, b);
    return at->second;
  }
  Model& model_;
  std::vector<const Operation*> operations_, pending_operations_;
  std::vector<char> readonly_, pending_readonly_;
  std::vector<int32_t> cls_, pending_cls_;
  int32_t class_count_ = 0;
  std::unordered_map<uint64_t, std::pair<bool, State>> known_;  // (class, state) -> step
  std::unordered_map<uint64_t, bool> commuting_;                // (class, class)
};

}  // namespace lockstep::history
