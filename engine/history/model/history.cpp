#include "engine/history/model/history.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/check.h"

namespace lockstep::history {
namespace {
constexpr int64_t kSmallProcesses = 4096;
}

std::string History::add(const Event& event) {
  int32_t process = -1;
  bool small = event.process >= 0 && event.process < kSmallProcesses;
  if (small) {
    if (event.process >= static_cast<int64_t>(small_processes_.size())) {
      small_processes_.resize(event.process + 1, -1);
    }
    process = small_processes_[event.process];
  } else if (auto at = process_ids_.find(event.process); at != process_ids_.end()) {
    process = at->second;
  }
  if (process < 0) {
    process = process_count();
    process_names_.push_back(event.process);
    open_.push_back(-1);
    if (small) {
      small_processes_[event.process] = process;
    } else {
      process_ids_[event.process] = process;
    }
  }
  int32_t open = open_[process];
  int32_t position = event_count_++;
  if (event.type == EventType::invoke) {
    if (open >= 0) {
      return fmt::format("process {} invokes {} while its {} of {} {} is open", event.process,
                         values_.to_json(event.f), values_.to_json(operations_[open].f), unit_,
                         operations_[open].call_line);
    }
    open_[process] = static_cast<int32_t>(operations_.size());
    operations_.push_back(
        {process, event.f, event.key, event.value, kNull, position, kNever, event.line, 0});
    failed_.push_back(0);
    return {};
  }
  if (open < 0) {
    return fmt::format("process {} completes {} without an invocation", event.process,
                       values_.to_json(event.f));
  }
  Operation& operation = operations_[open];
  if (operation.f != event.f) {
    return fmt::format("process {} completes {} but invoked {} at {} {}", event.process,
                       values_.to_json(event.f), values_.to_json(operation.f), unit_,
                       operation.call_line);
  }
  if (operation.key != event.key) {
    return fmt::format("process {} completes {} on key {} but invoked it on key {} at {} {}",
                       event.process, values_.to_json(event.f), values_.to_json(event.key),
                       values_.to_json(operation.key), unit_, operation.call_line);
  }
  open_[process] = -1;
  operation.ret_line = event.line;
  if (event.type == EventType::ok) {
    operation.result = event.value;
    operation.ret = position;
  } else if (event.type == EventType::fail) {
    failed_[open] = 1;
    any_failed_ = true;
  }
  return {};
}

void History::finish() {
  if (any_failed_) {
    size_t kept = 0;
    for (size_t i = 0; i < operations_.size(); ++i) {
      if (!failed_[i]) operations_[kept++] = operations_[i];
    }
    operations_.resize(kept);
  }
  failed_.clear();
  any_failed_ = false;
  LOCKSTEP_CHECK(
      std::is_sorted(operations_.begin(), operations_.end(),
                     [](const Operation& a, const Operation& b) { return a.call < b.call; }));
  LOCKSTEP_CHECK(std::all_of(operations_.begin(), operations_.end(),
                             [](const Operation& o) { return o.ret == kNever || o.call < o.ret; }));
}

std::string History::describe_short(const Operation& op) const {
  std::string text(values_.kind(op.f) == ValueTable::Kind::string
                       ? std::string(values_.as_string(op.f))
                       : values_.to_json(op.f));
  if (op.key != kAbsent) text += " " + values_.to_json(op.key);
  if (op.argument != kNull) text += " " + values_.to_json(op.argument);
  if (!op.ok()) return text + " -> ?";
  bool shows_result = op.argument == kNull || (op.result != kNull && op.result != op.argument);
  if (shows_result) text += " -> " + values_.to_json(op.result);
  return text;
}

std::string History::describe(const Operation& op) const {
  std::string where;
  if (op.call_line > 0) {
    where = op.ok() ? fmt::format(" ({}s {}-{})", unit_, op.call_line, op.ret_line)
                    : fmt::format(" ({} {}, outcome unknown)", unit_, op.call_line);
  }
  return fmt::format("{} by process {}{}", describe_short(op), process_name(op.process), where);
}

}  // namespace lockstep::history
