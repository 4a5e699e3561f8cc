// Several objects at once (keys of multi-register and kv), for properties that are not local. A
// state is the number of the tuple of their states.
#pragma once
#include <memory>

#include "engine/history/model/memo.h"
#include "engine/history/search/kernels.h"

namespace lockstep::history {

template <typename Kernel>
class ProductKernel {
 public:
  using State = int64_t;

  // make(definite, pending) -> std::unique_ptr<Kernel>; it may keep references to its arguments.
  template <typename Make>
  ProductKernel(const std::vector<Op>& definite, const std::vector<Op>& pending, const Make& make) {
    std::map<Value, size_t> numbers;
    auto part_of = [&](const Op& op) -> size_t {
      auto [at, fresh] = numbers.try_emplace(op.key, parts_.size());
      if (fresh) parts_.push_back(std::make_unique<Part>());
      return at->second;
    };
    for (const Op& op : definite) {
      size_t part = part_of(op);
      places_.push_back({part, static_cast<int32_t>(parts_[part]->definite.size())});
      parts_[part]->definite.push_back(op);
    }
    for (const Op& op : pending) {
      size_t part = part_of(op);
      pending_places_.push_back({part, static_cast<int32_t>(parts_[part]->pending.size())});
      parts_[part]->pending.push_back(op);
    }
    std::vector<State> initial;
    for (auto& part : parts_) {
      part->kernel = make(part->definite, part->pending);
      part->class_base = class_count_;
      class_count_ += part->kernel->class_count();
      initial.push_back(part->kernel->initial());
    }
    initial_ = intern(initial);
  }

  State initial() const { return initial_; }
  bool readonly(int32_t i) const { return kernel(places_[i]).readonly(places_[i].index); }
  bool step(int32_t i, State state, State* next) {
    const Place& at = places_[i];
    State before = states_[state][at.part], after;
    if (!kernel(at).step(at.index, before, &after)) return false;
    *next = after == before ? state : with(state, at.part, after);
    return true;
  }
  bool step_pending(int32_t j, State state, State* next) {
    const Place& at = pending_places_[j];
    State before = states_[state][at.part], after;
    if (!kernel(at).step_pending(at.index, before, &after)) return false;
    *next = after == before ? state : with(state, at.part, after);
    return true;
  }
  int32_t cls(int32_t i) const {
    return parts_[places_[i].part]->class_base + kernel(places_[i]).cls(places_[i].index);
  }
  int64_t cls_pending(int32_t j) const {
    const Place& at = pending_places_[j];
    return static_cast<int64_t>(at.part) << 32 | kernel(at).cls_pending(at.index);
  }
  int32_t class_count() const { return class_count_; }
  void placed(int32_t i) { kernel(places_[i]).placed(places_[i].index); }
  void unplaced(int32_t i) { kernel(places_[i]).unplaced(places_[i].index); }
  State canonical(State state) {
    scratch_ = states_[state];
    for (size_t p = 0; p < parts_.size(); ++p) {
      scratch_[p] = parts_[p]->kernel->canonical(scratch_[p]);
    }
    return intern(scratch_);
  }
  bool hopeless(State before, State after) const {
    for (size_t p = 0; p < parts_.size(); ++p) {
      State b = states_[before][p], a = states_[after][p];
      if (a != b && parts_[p]->kernel->hopeless(b, a)) return true;
    }
    return false;
  }
  // What is overwritten is of one key only: leave it to the search.
  bool absorbs(int32_t) const { return false; }
  bool absorbable(int32_t) const { return false; }
  size_t bytes() const { return states_.size() * (parts_.size() * 8 + 96); }

 private:
  struct Place {
    size_t part;
    int32_t index;
  };
  struct Part {
    std::vector<Op> definite, pending;
    std::unique_ptr<Kernel> kernel;
    int32_t class_base = 0;
  };
  Kernel& kernel(const Place& at) const { return *parts_[at.part]->kernel; }
  State with(State state, size_t part, State value) {
    scratch_ = states_[state];
    scratch_[part] = value;
    return intern(scratch_);
  }
  State intern(const std::vector<State>& tuple) {
    auto [at, fresh] = ids_.try_emplace(tuple, static_cast<State>(states_.size()));
    if (fresh) states_.push_back(tuple);
    return at->second;
  }
  struct Hash {
    size_t operator()(const std::vector<State>& tuple) const {
      uint64_t hash = 7;
      for (State s : tuple) hash = scatter(hash ^ static_cast<uint64_t>(s));
      return hash;
    }
  };

  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Place> places_, pending_places_;
  std::vector<std::vector<State>> states_;
  std::unordered_map<std::vector<State>, State, Hash> ids_;
  std::vector<State> scratch_;
  State initial_ = 0;
  int32_t class_count_ = 0;
};

}  // namespace lockstep::history
