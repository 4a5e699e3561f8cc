// One key of kv. A state is a string, but only as far as anybody will see it: a prefix of the
// strings that gets return and compare-and-sets expect. It is stored as (first of the sorted
// observed strings that begin with it, length), which is the same for equal strings and needs no
// copy.
#pragma once
#include <string_view>
#include <vector>

#include "engine/history/search/kernels.h"

namespace lockstep::history {

class KvKernel {
 public:
  using State = int64_t;
  KvKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
           const ValueTable& values);
  State initial() const { return kMissing; }
  bool readonly(int32_t i) const { return ops_[i].kind == kGet || ops_[i].kind == kMismatch; }
  bool step(int32_t i, State state, State* next) const { return step(ops_[i], state, next); }
  bool step_pending(int32_t j, State state, State* next) const {
    return pending_[j].kind != kGet && step(pending_[j], state, next);
  }
  int32_t cls(int32_t i) const { return absorbable(i) ? 0 : ops_[i].cls; }
  int64_t cls_pending(int32_t j) const { return pending_[j].cls; }
  int32_t class_count() const { return class_count_; }
  void placed(int32_t i) { count(ops_[i], -1); }
  void unplaced(int32_t i) { count(ops_[i], 1); }
  State canonical(State state) const {
    return state >= 0 && first_needed(first_of(state), end_of(state), true) < 0 ? kUnobserved
                                                                                : state;
  }
  // A string that somebody still gets was left and cannot be built again.
  bool hopeless(State before, State after) const;
  bool absorbs(int32_t i) const {
    return (ops_[i].kind == kPut || ops_[i].kind == kDelete) && !has_mismatch_;
  }
  bool absorbable(int32_t i) const {
    const Compiled& op = ops_[i];
    if (op.kind == kAppend) return !op.appears;
    return op.kind == kPut &&
           (op.put == kUnobserved || first_needed(first_of(op.put), end_of(op.put), true) < 0);
  }
  size_t bytes() const { return 0; }

 private:
  static constexpr State kUnobserved = -1;  // a string that nobody will see
  static constexpr State kMissing = -2;     // no entry
  enum Kind : uint8_t { kGet, kPut, kAppend, kDelete, kSwap, kMismatch };
  struct Compiled {
    Kind kind;
    bool appears;           // append: its text is part of some observed string
    std::string_view text;  // put, append: the argument
    State from;             // get, cas: the state asked for
    State put;              // put, cas: the state afterwards
    int32_t observed;       // get, cas: number of the string asked for, -1: missing
    int32_t cls;
  };

  static int32_t first_of(State state) { return static_cast<int32_t>(state >> 32); }
  static size_t length_of(State state) { return static_cast<size_t>(state & 0xffffffff); }
  int32_t end_of(State state) const;
  State state_of(std::string_view text) const { return extend(kWholeRange, text); }
  State extend(State state, std::string_view text) const;
  bool step(const Compiled& op, State state, State* next) const;
  void count(const Compiled& op, int32_t by);
  void compile(const std::vector<Op>& in, std::vector<Compiled>& out, const ValueTable& values);
  void find_appearing();
  void find_sources();
  // The first observed string in [first, end) that operations not placed yet ask for, or -1.
  int32_t first_needed(int32_t first, int32_t end, bool with_mismatch) const;
  bool can_rebuild(int32_t observed, State after) const;

  static constexpr State kWholeRange = 0;  // the empty string: first 0, length 0

  // Counts by observed string, with the first nonzero after a place in O(log n).
  class Counts {
   public:
    void resize(size_t n);
    void add(int32_t at, int32_t by);
    int32_t first_nonzero(int32_t from) const;  // -1: none

   private:
    size_t leaves_ = 1;
    std::vector<int32_t> tree_;
  };

  std::vector<std::string_view> observed_;  // sorted
  std::vector<Compiled> ops_, pending_;
  Counts asked_, needed_;  // needed: without mismatches
  // By observed string: operations that can start it: puts of a prefix, appends of one to nothing.
  std::vector<std::vector<int32_t>> starts_;  // definite ones, by index
  std::vector<char> pending_starts_;
  std::vector<std::vector<int32_t>> appends_;  // appends of a prefix, by index
  std::vector<char> placed_;
  int32_t deletes_ = 0;  // not placed yet
  int32_t class_count_ = 0;
  bool has_mismatch_ = false;
};

}  // namespace lockstep::history
