// A history: what clients asked of an object and what they were told, in real-time order.
//
// Invariants
// 1. Events are added in real-time order; a position is the ordinal of an event.
// 2. A process has at most one operation open; a completion repeats the `f` and key of its
// invocation.
// 3. Operations are in the order of their invocations. Failed ones (they certainly never happened)
//    are not among them.
// 4. An operation is `ok` (it took effect between `call` and `ret`) or indeterminate (`info`, or no
//    completion: `ret` is kNever, it may have taken effect at any time after `call`, or never).
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/history/model/value.h"

namespace lockstep::history {

inline constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

enum class EventType : uint8_t { invoke, ok, fail, info };

struct Event {
  int64_t process = 0;
  EventType type = EventType::invoke;
  Value f = kAbsent;    // a string value
  Value key = kAbsent;  // kAbsent: none
  Value value = kNull;  // invoke: the argument; ok: the result; else without meaning
  int32_t line = 0;     // where it stands, for messages; 0: nowhere
};

struct Operation {
  int32_t process;  // dense: the ordinal of the process in the history
  Value f;
  Value key;
  Value argument;
  Value result;  // kNull if indeterminate
  int32_t call;
  int32_t ret;  // kNever: indeterminate
  int32_t call_line;
  int32_t ret_line;  // 0: none
  bool ok() const { return ret != kNever; }
};

class History {
 public:
  // Adds the next event. Returns what is wrong with it, or an empty string.
  std::string add(const Event& event);
  // Ends the history: drops failed operations. Call once, after the last event.
  void finish();

  ValueTable& values() { return values_; }
  const ValueTable& values() const { return values_; }
  const std::vector<Operation>& operations() const { return operations_; }
  int64_t process_name(int32_t process) const { return process_names_[process]; }
  int32_t process_count() const { return static_cast<int32_t>(process_names_.size()); }
  int32_t event_count() const { return event_count_; }

  // Replaces the operations (for sub-histories); they keep positions and values of this history.
  void set_operations(std::vector<Operation> operations) { operations_ = std::move(operations); }

  // The recorder does not say what the registers of transactions held at the start (Knossos is told
  // apart from the history); a null that was read there is an unknown value.
  void set_initial_unsaid() { initial_unsaid_ = true; }
  bool initial_unsaid() const { return initial_unsaid_; }

  // What Event::line counts, for messages: "line" (of a file), "step" (of an execution).
  void set_unit(std::string unit) { unit_ = std::move(unit); }
  const std::string& unit() const { return unit_; }

  // "write 3 by process 2 (lines 4-9)"
  std::string describe(const Operation& operation) const;
  std::string describe_short(const Operation& operation) const;  // "write(3)", "read -> 3"

 private:
  ValueTable values_;
  std::vector<Operation> operations_;
  std::vector<char> failed_;
  std::vector<int64_t> process_names_;
  std::vector<int32_t> open_;  // by process: the operation that is open, or -1
  std::unordered_map<int64_t, int32_t> process_ids_;
  std::vector<int32_t> small_processes_;  // ids of processes below a bound, without hashing
  int32_t event_count_ = 0;
  std::string unit_ = "line";
  bool any_failed_ = false;
  bool initial_unsaid_ = false;
};

}  // namespace lockstep::history
