#include "engine/history/search/kernels.h"

#include <tuple>

#include "engine/history/model/memo.h"

namespace lockstep::history {

RegisterKernel::RegisterKernel(const std::vector<Op>& definite, const std::vector<Op>& pending) {
  values_.push_back(kNull);
  auto note = [&](const Op& op) {
    if (op.code == Code::read) {
      if (op.ok) values_.push_back(op.r);
    } else {
      values_.push_back(op.a);
      if (op.code == Code::cas) values_.push_back(op.b);
    }
  };
  for (const Op& op : definite) note(op);
  for (const Op& op : pending) note(op);
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
  observers_.resize(values_.size());
  needed_.resize(values_.size());
  producers_.resize(values_.size());
  std::vector<std::pair<int64_t, int32_t*>> swaps;
  auto add = [&](const std::vector<Op>& in, std::vector<Compiled>& out) {
    out.reserve(in.size());
    for (const Op& op : in) out.push_back(compile(op));
  };
  add(definite, ops_);
  add(pending, pending_);
  // Classes: 0 writes that nobody observes, then one for each value written, then one for each
  // swap.
  for (auto* list : {&ops_, &pending_}) {
    for (Compiled& op : *list) {
      if (op.kind == kWrite) op.cls = 1 + op.to;
      if (op.kind == kSwap) {
        swaps.emplace_back(static_cast<int64_t>(op.from) << 32 | op.to, &op.cls);
      }
    }
  }
  class_count_ = 1 + static_cast<int32_t>(values_.size());
  std::sort(swaps.begin(), swaps.end());
  for (size_t k = 0; k < swaps.size(); ++k) {
    if (k == 0 || swaps[k].first != swaps[k - 1].first) ++class_count_;
    *swaps[k].second = class_count_ - 1;
  }
  for (const Compiled& op : ops_) {
    count(op, 1);
    has_mismatch_ |= op.kind == kMismatch;
  }
  for (const Compiled& op : pending_) {
    if (op.kind == kSwap) ++observers_[op.from];
    if (op.kind == kWrite || op.kind == kSwap) ++producers_[op.to];
  }
  initial_ = std::lower_bound(values_.begin(), values_.end(), kNull) - values_.begin();
}

RegisterKernel::Compiled RegisterKernel::compile(const Op& op) {
  auto number = [&](Value v) {
    return static_cast<int32_t>(std::lower_bound(values_.begin(), values_.end(), v) -
                                values_.begin());
  };
  if (op.code == Code::read) return {kRead, op.ok ? number(op.r) : 0, 0, 0};
  if (op.code == Code::write) return {kWrite, 0, number(op.a), 0};
  int32_t from = number(op.a), to = number(op.b);
  if (op.ok && op.r == kFalse) return {kMismatch, from, to, 0};
  return {from == to ? kSame : kSwap, from, to, 0};
}

CounterKernel::CounterKernel(const std::vector<Op>& definite, const std::vector<Op>& pending)
    : ops_(definite), pending_(pending) {
  Numbering<std::tuple<int64_t, bool, int64_t>> classes;
  cls_.reserve(definite.size());
  for (const Op& op : definite) {
    bool reads = op.code == Code::read_counter;
    cls_.push_back(reads ? 0 : classes({op.n, op.r != kNull, op.m}));
  }
  class_count_ = classes.size() + 1;
}

int64_t SequenceTable::intern(const std::vector<int32_t>& sequence) {
  uint64_t hash = sequence.size();
  for (int32_t item : sequence) hash = scatter(hash ^ static_cast<uint64_t>(item));
  auto [first, last] = ids_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    auto [data, size] = get(at->second);
    if (size == sequence.size() && std::equal(data, data + size, sequence.begin())) {
      return at->second;
    }
  }
  int64_t id = static_cast<int64_t>(starts_.size()) - 1;
  data_.insert(data_.end(), sequence.begin(), sequence.end());
  starts_.push_back(data_.size());
  ids_.emplace(hash, id);
  return id;
}

namespace {

// Inserts by value, takes by result.
int32_t number_classes(const std::vector<Op>& ops, std::vector<int32_t>& cls) {
  Numbering<std::pair<int, Value>> classes;
  for (const Op& op : ops) {
    cls.push_back(classes({static_cast<int>(op.code), op.code == Code::insert ? op.a : op.r}));
  }
  return classes.size() + 1;
}

}  // namespace

BufferKernel::BufferKernel(const std::vector<Op>& definite, const std::vector<Op>& pending)
    : ops_(definite), pending_(pending), class_count_(number_classes(definite, cls_)) {}

bool QueueKernel::step(const Op& op, State state, State* next) {
  auto [data, size] = states_.get(state);
  *next = state;
  if (op.code == Code::insert) {
    scratch_.assign(data, data + size);
    scratch_.push_back(op.a);
    *next = states_.intern(scratch_);
    return true;
  }
  if (op.ok && (size == 0 ? kNull : data[0]) != op.r) return false;
  if (op.code == Code::peek) return true;
  if (size == 0) return op.ok;  // an indeterminate dequeue of nothing is useless
  scratch_.assign(data + 1, data + size);
  *next = states_.intern(scratch_);
  return true;
}

bool StackKernel::step(const Op& op, State state, State* next) {
  *next = state;
  if (op.code == Code::insert) {
    uint64_t cell = static_cast<uint64_t>(state) << 32 | static_cast<uint32_t>(op.a);
    auto [at, fresh] = ids_.try_emplace(cell, static_cast<int64_t>(cells_.size()));
    if (fresh) cells_.emplace_back(op.a, state);
    *next = at->second;
    return true;
  }
  if (op.ok && (state == 0 ? kNull : cells_[state].first) != op.r) return false;
  if (op.code == Code::peek) return true;
  if (state == 0) return op.ok;
  *next = cells_[state].second;
  return true;
}

SetKernel::SetKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
                     const ValueTable& values) {
  for (const auto* list : {&definite, &pending}) {
    for (const Op& op : *list) {
      if (op.code != Code::read_all) element(op.a);
      if (op.code == Code::read_all && op.ok) {
        for (Value item : values.items(op.r)) element(item);
      }
    }
  }
  wide_ = elements_.size() > 62;
  for (const Op& op : definite) ops_.push_back(compile(op, values));
  for (const Op& op : pending) pending_.push_back(compile(op, values));
  class_count_ = classes_.size() + 1;
}

SetKernel::Compiled SetKernel::compile(const Op& op, const ValueTable& values) {
  if (op.code == Code::read_all) {
    std::vector<int32_t> content;
    if (op.ok) {
      for (Value item : values.items(op.r)) content.push_back(element(item));
    }
    std::sort(content.begin(), content.end());
    bool twice = std::adjacent_find(content.begin(), content.end()) != content.end();
    int64_t state = 0;
    if (wide_) {
      state = wide_states_.intern(content);
    } else {
      for (int32_t e : content) state |= int64_t{1} << e;
    }
    return {0, twice ? kNeverPossible : kExactly, true, false, state, 0};
  }
  bool yes = op.ok && op.r == kTrue, no = op.ok && op.r == kFalse;
  int32_t e = element(op.a);
  Want want = kAny;
  if (op.code == Code::add) {
    want = yes ? kOut : no ? kIn : kAny;
  } else {
    want = yes ? kIn : no ? kOut : kAny;
  }
  bool readonly = op.code == Code::contains || no;
  bool adds = op.code == Code::add;
  int32_t cls = classes_({e, want, adds});
  return {e, want, readonly, adds, 0, cls};
}

bool SetKernel::step(const Compiled& op, State state, State* next) {
  *next = state;
  if (op.want == kNeverPossible) return false;
  if (op.want == kExactly) return state == op.content;
  if (!wide_) {
    int64_t bit = int64_t{1} << op.element;
    bool in = (state & bit) != 0;
    if ((op.want == kIn && !in) || (op.want == kOut && in)) return false;
    if (!op.readonly) *next = op.adds ? state | bit : state & ~bit;
    return true;
  }
  auto [data, size] = wide_states_.get(state);
  const int32_t* at = std::lower_bound(data, data + size, op.element);
  bool in = at != data + size && *at == op.element;
  if ((op.want == kIn && !in) || (op.want == kOut && in)) return false;
  if (op.readonly || in == op.adds) return true;
  scratch_.assign(data, data + size);
  if (op.adds) {
    scratch_.insert(scratch_.begin() + (at - data), op.element);
  } else {
    scratch_.erase(scratch_.begin() + (at - data));
  }
  *next = wide_states_.intern(scratch_);
  return true;
}

ModelKernel::ModelKernel(const std::vector<Op>& definite, const std::vector<Op>& pending,
                         const History& history, Model& model)
    : model_(model) {
  Numbering<std::tuple<Value, Value, Value, Value, int32_t>> classes;
  auto cls = [&](const Operation& op, bool ok) {
    return classes({op.f, op.key, op.argument, ok ? op.result : kAbsent,
                    model.sees_process() ? op.process : -1});
  };
  for (const Op& op : definite) {
    operations_.push_back(&history.operations()[op.id]);
    readonly_.push_back(model.readonly(*operations_.back()));
    cls_.push_back(cls(*operations_.back(), true));
  }
  for (const Op& op : pending) {
    pending_operations_.push_back(&history.operations()[op.id]);
    pending_readonly_.push_back(model.readonly(*pending_operations_.back()));
    pending_cls_.push_back(cls(*pending_operations_.back(), false));
  }
  class_count_ = classes.size();
}

bool ModelKernel::step(const Operation& operation, State state, State* next, int32_t slot) {
  int32_t n = static_cast<int32_t>(operations_.size());
  int32_t cls = slot < n ? cls_[slot] : pending_cls_[slot - n];
  uint64_t key = static_cast<uint64_t>(state) * static_cast<uint64_t>(class_count_) +
                 static_cast<uint64_t>(cls);
  auto at = known_.find(key);
  if (at == known_.end()) {
    std::optional<State> after = model_.step(state, operation);
    at = known_.emplace(key, std::make_pair(after.has_value(), after.value_or(0))).first;
  }
  *next = at->second.second;
  return at->second.first;
}

}  // namespace lockstep::history
