#include "vm/history/history_build.h"

#include <cmath>

#include "engine/history/read/reader.h"
#include "vm/machine/recorded_history.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {
namespace {

using history::EventType;
using history::Value;
using history::ValueTable;

// A micro-operation {"r", k} is ["r", k, null]: Lua's arrays cannot end in nil.
Value transaction_of(ValueTable& values, View view) {
  if (view.tag() != Tag::table) return value_of(values, view);
  std::vector<Value> all;
  View item = view.first();
  for (uint32_t i = 0; i < view.array_size(); i++, item = item.next()) {
    Value v = value_of(values, item);
    if (values.kind(v) == ValueTable::Kind::array && values.items(v).size() == 2) {
      const Value parts[3] = {values.items(v)[0], values.items(v)[1], history::kNull};
      v = values.array(parts);
    }
    all.push_back(v);
  }
  return values.array(all);
}

View field(View table, std::string_view name) {
  View at = table.first();
  for (uint32_t i = 0; i < table.array_size(); i++) at = at.next();
  for (uint32_t i = 0; i < table.pairs(); i++) {
    const View value = at.next();
    if (at.tag() == Tag::string && at.string() == name) return value;
    at = value.next();
  }
  static const char nil[1] = {static_cast<char>(Tag::nil)};
  return {nil};
}

}  // namespace

Value value_of(ValueTable& values, View view) {
  switch (view.tag()) {
    case Tag::nil:
      return history::kNull;
    case Tag::no:
      return history::kFalse;
    case Tag::yes:
      return history::kTrue;
    case Tag::integer:
      return values.integer(view.i64(1));
    case Tag::real:
      if (!std::isfinite(view.real())) return values.string(print(view));
      return values.real(view.real());
    case Tag::string:
      return values.string(view.string());
    case Tag::light:
      if (static_cast<uint64_t>(view.i64(1)) == kNullValue) return history::kNull;
      return values.string(print(view));
    case Tag::table:
    case Tag::object: {
      std::vector<Value> items;
      const bool array = view.pairs() == 0;
      View at = view.first();
      for (uint32_t i = 0; i < view.array_size(); i++, at = at.next()) {
        if (!array) items.push_back(values.string(std::to_string(i + 1)));
        items.push_back(value_of(values, at));
      }
      for (uint32_t i = 0; i < view.pairs(); i++) {
        items.push_back(at.tag() == Tag::string ? values.string(at.string())
                                                : values.string(print(at)));
        at = at.next();
        items.push_back(value_of(values, at));
        at = at.next();
      }
      return array ? values.array(items) : values.object(items);
    }
    default:
      return values.string(print(view));
  }
}

GuestHistory::GuestHistory(const HistoryLog& log) {
  history_.set_unit("step");
  events_.resize(log.records.size);
  for (uint32_t i = 0; i < log.records.size && problem_.empty(); i++) {
    const HistoryRecord& r = log.records[i];
    GuestEvent& e = events_[i];
    e.process = r.number;
    e.type = r.type;
    e.line = static_cast<int32_t>(r.step);
    e.f = view_of(r.f, e.buffer[0]);
    e.key = view_of(r.key, e.buffer[1]);
    e.value = view_of(r.value, e.buffer[2]);
    add(e);
  }
  finish();
}

GuestHistory::GuestHistory(View list) {
  history_.set_unit("event");
  if (!list.is_array() || list.pairs() != 0) {
    problem_ = "a list of events expected";
    return;
  }
  events_.resize(list.array_size());
  View at = list.first();
  for (uint32_t i = 0; i < list.array_size() && problem_.empty(); i++, at = at.next()) {
    GuestEvent& e = events_[i];
    const std::string where = "event " + std::to_string(i + 1) + ": ";
    if (!at.is_array()) {
      problem_ = where + "a table {process, type, f, key, value} expected, got " + print(at);
      break;
    }
    const View process = field(at, "process"), type = field(at, "type");
    e.f = field(at, "f");
    e.key = field(at, "key");
    e.value = field(at, "value");
    e.line = static_cast<int32_t>(i + 1);
    if (process.tag() == Tag::integer)
      e.process = process.i64(1);
    else
      problem_ = where + "process must be an integer, got " + print(process);
    e.type = 4;
    for (uint8_t t = 0; t < 4; t++)
      if (type.tag() == Tag::string && type.string() == event_type_name(t)) e.type = t;
    if (e.type == 4) problem_ = where + "type must be invoke, ok, fail or info, got " + print(type);
    if (e.f.tag() != Tag::string) problem_ = where + "f must be a string, got " + print(e.f);
    if (!problem_.empty()) break;
    add(e);
    if (!problem_.empty()) problem_ = where + problem_;
  }
  finish();
}

void GuestHistory::add(const GuestEvent& e) {
  ValueTable& values = history_.values();
  history::Event event;
  event.process = e.process;
  event.type = static_cast<EventType>(e.type);
  event.f = values.string(e.f.string());
  event.key = e.key.tag() == Tag::nil ? history::kAbsent : value_of(values, e.key);
  event.value = e.f.string() == "txn" ? transaction_of(values, e.value) : value_of(values, e.value);
  event.line = e.line;
  problem_ = history_.add(event);
}

void GuestHistory::finish() {
  if (problem_.empty()) history_.finish();
}

std::string GuestHistory::jsonl() const {
  ValueTable values;
  std::string out;
  for (size_t i = 0; i < events_.size(); i++) {
    const GuestEvent& e = events_[i];
    out += "{\"index\":" + std::to_string(i) + ",\"process\":" + std::to_string(e.process) +
           ",\"type\":\"" + event_type_name(e.type) +
           "\",\"f\":" + values.to_json(values.string(e.f.string()));
    if (e.key.tag() != Tag::nil) out += ",\"key\":" + values.to_json(value_of(values, e.key));
    const Value value =
        e.f.string() == "txn" ? transaction_of(values, e.value) : value_of(values, e.value);
    out += ",\"value\":" + values.to_json(value);
    if (i == 0) out += ",\"events\":" + std::to_string(events_.size());
    out += "}\n";
  }
  return history::as_utf8(out);
}

RecordedHistories recorded_histories(const System& system) {
  const auto& machine = dynamic_cast<const Machine&>(system);
  const RecordedCheck& check = machine.recorder().failed_check();
  RecordedHistories out{{}, check.model, check.property, check.picture};
  for (const HistoryLog* log : machine.world().histories)
    out.jsonl.push_back(GuestHistory(*log).jsonl());
  return out;
}

}  // namespace lockstep::vm
