// Jepsen's history.edn, and what Knossos and Elle publish: maps, or records printed as #...Op{...},
// one after another or in one vector or list. Events whose process is a keyword (the nemesis) are
// left out. An `ok` of a compare-and-set repeats its argument in Jepsen; here it becomes `true`.
//
// Elle's examples leave out more. Transactions may have no :f. Where no event has a :process, each
// operation is of a process of its own, and a completion belongs to the one open invocation that it
// repeats. Where there are no invocations, each transaction began at the earliest moment possible:
// right after the one before it of its process, or at the start.
#include <fmt/format.h>

#include <algorithm>

#include "engine/history/read/edn.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

using Kind = ValueTable::Kind;

class EdnReader {
 public:
  EdnReader(std::string_view text, const std::string& name, const ReadOptions& options)
      : name_(name), options_(options), parser_(text, name, history_.values()) {}

  History read() {
    char close = 0;
    for (size_t events = 0; parser_.skip(); ++events) {
      if (events % 1024 == 0) internal::stop_if_ended(options_.budget, name_);
      size_t start = parser_.at();
      if (close != 0 && parser_.take(close)) {
        if (parser_.skip()) parser_.fail("more text after the history", parser_.at());
        close = 0;
        break;
      }
      if (events == 0 && parser_.take('[')) {
        close = ']';
      } else if (events == 0 && parser_.take('(')) {
        close = ')';
      }
      if (events == 0 && close != 0) {
        opened_ = start;
        continue;
      }
      read_event();
    }
    if (close != 0) parser_.fail("the history is not closed", opened_);
    add_completions();
    history_.finish();
    return std::move(history_);
  }

 private:
  enum class Process : uint8_t { none, client, other };

  struct Read {
    Event event;
    Process process = Process::none;
    bool has_type = false, has_f = false, has_value = false, has_index = false;
    int64_t index = 0;
  };

  void read_event() {
    size_t start = parser_.at();
    std::string_view tag = parser_.take_tag();
    bool record = tag == "Op" || tag.ends_with(".Op");
    if ((!tag.empty() && !record) || !parser_.skip() || !parser_.take('{')) {
      parser_.fail("expected an operation: a map", start);
    }
    Read read;
    read.event.line = parser_.line_at(start);
    std::vector<std::string_view> fields;
    for (;;) {
      if (!parser_.skip()) parser_.fail("not closed", start);
      if (parser_.take('}')) break;
      size_t at = parser_.at();
      std::string_view field = parser_.take_keyword();
      if (field.empty()) parser_.fail("the fields of an operation are keywords", at);
      if (std::find(fields.begin(), fields.end(), field) != fields.end()) {
        parser_.fail(fmt::format("the field :{} is there twice", field), at);
      }
      fields.push_back(field);
      if (!parser_.skip() || parser_.peek() == '}') {
        parser_.fail(fmt::format("the field :{} has no value", field), at);
      }
      read_field(field, at, read);
    }
    if (read.process != Process::other) add(read, start);
  }

  void read_field(std::string_view field, size_t at, Read& read) {
    size_t value_at = parser_.at();
    if (field == "process") {
      Value process = parser_.read();
      Kind kind = history_.values().kind(process);
      if (kind == Kind::keyword || kind == Kind::symbol) {
        read.process = Process::other;  // the nemesis
      } else if (kind == Kind::integer && history_.values().as_integer(process) >= 0) {
        read.process = Process::client;
        read.event.process = history_.values().as_integer(process);
      } else if (process != kNull) {
        parser_.fail(":process must be an integer >= 0, or a keyword", value_at);
      }
    } else if (field == "type") {
      read.event.type = type_of(word(value_at, ":type"), value_at);
      read.has_type = true;
    } else if (field == "f") {
      read.event.f = history_.values().string(std::string(word(value_at, ":f")));
      read.has_f = true;
    } else if (field == "value") {
      read.event.value = parser_.read();
      read.has_value = true;
    } else if (field == "key") {
      read.event.key = parser_.read();
    } else if (field == "index") {
      Value index = parser_.read();
      if (history_.values().kind(index) != Kind::integer) {
        parser_.fail(":index must be an integer", value_at);
      }
      read.index = history_.values().as_integer(index);
      read.has_index = true;
    } else {
      std::string problem = internal::unknown_field(field, options_, true);
      if (!problem.empty()) parser_.fail(problem, at);
      parser_.pass();
    }
  }

  // A keyword, a symbol or a string.
  std::string_view word(size_t at, const char* field) {
    Value value = parser_.read();
    Kind kind = history_.values().kind(value);
    if (kind != Kind::keyword && kind != Kind::symbol && kind != Kind::string) {
      parser_.fail(fmt::format("{} must be a keyword", field), at);
    }
    return history_.values().as_string(value);
  }

  EventType type_of(std::string_view name, size_t at) {
    if (name == "invoke") return EventType::invoke;
    if (name == "ok") return EventType::ok;
    if (name == "fail") return EventType::fail;
    if (name == "info") return EventType::info;
    parser_.fail(fmt::format("unknown :type {} (:invoke, :ok, :fail or :info)", name), at);
  }

  void add(Read& read, size_t start) {
    ValueTable& values = history_.values();
    if (!read.has_type) parser_.fail("the operation has no :type", start);
    Event& event = read.event;
    if (!read.has_f) {
      if (!is_transaction(event.value)) parser_.fail("the operation has no :f", start);
      event.f = values.string("txn");
    }
    if (read.has_index) {
      if (has_index_ && read.index <= last_index_) parser_.fail(":index does not increase", start);
      has_index_ = true;
      last_index_ = read.index;
    }
    bool nameless = read.process == Process::none;
    if (clients_ > 0 && nameless != nameless_) {
      parser_.fail(nameless ? "the operation has no :process, those before it have one"
                            : "the operation has a :process, those before it have none",
                   start);
    }
    nameless_ = nameless;
    ++clients_;
    split_key(event);
    bool ok = event.type == EventType::ok;
    if (values.as_string(event.f) == "cas" && ok && event.value != kTrue && event.value != kFalse) {
      event.value = kTrue;
    }
    bool call = event.type == EventType::invoke;
    if (spelt_out(event.value)) history_.set_initial_unsaid();
    if (clients_ == 1 && !call && is_transaction(event.value)) only_completions_ = true;
    if (only_completions_) {
      if (call) {
        parser_.fail("an invocation, though the operations before it have none", start);
      }
      if (ok && !is_transaction(event.value)) {
        parser_.fail("only transactions may stand without an invocation", start);
      }
      completions_.push_back(event);
      return;
    }
    if (nameless) event.process = call ? next_process_++ : find_open(event, start);
    std::string problem = history_.add(event);
    if (!problem.empty()) parser_.fail(problem, start);
    if (nameless && call) open_.push_back(event);
  }

  // A vector of micro-operations: [[:r 1 nil] [:w 2 3]].
  bool is_transaction(Value value) const {
    const ValueTable& values = history_.values();
    if (values.kind(value) != Kind::array) return false;
    for (Value micro : values.items(value)) {
      if (values.kind(micro) != Kind::array || values.items(micro).size() != 3) return false;
    }
    return true;
  }

  // As Knossos spells transactions: [[:read :x 1] [:write :y 2]].
  bool spelt_out(Value value) const {
    const ValueTable& values = history_.values();
    if (!is_transaction(value) || values.items(value).empty()) return false;
    Value first = values.items(values.items(value)[0])[0];
    return values.as_name(first) == "read" || values.as_name(first) == "write";
  }

  // The invocation that a completion without a process ends.
  int64_t find_open(const Event& event, size_t start) {
    int64_t process = -1;
    size_t found = open_.size();
    for (size_t i = 0; i < open_.size(); ++i) {
      if (!repeats(event, open_[i])) continue;
      if (found < open_.size()) {
        parser_.fail(fmt::format("is this the end of line {} or of line {}? Give them a :process",
                                 open_[found].line, open_[i].line),
                     start);
      }
      found = i;
      process = open_[i].process;
    }
    if (found == open_.size()) parser_.fail("a completion without an invocation", start);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(found));
    return process;
  }

  bool repeats(const Event& end, const Event& call) const {
    if (end.f != call.f || end.key != call.key) return false;
    if (!is_transaction(end.value) || !is_transaction(call.value)) return true;
    const ValueTable& values = history_.values();
    auto ends = values.items(end.value), calls = values.items(call.value);
    if (ends.size() != calls.size()) return false;
    for (size_t i = 0; i < ends.size(); ++i) {
      auto a = values.items(ends[i]), b = values.items(calls[i]);
      bool filled = b[2] == kNull;  // a read, filled in
      if (a[0] != b[0] || a[1] != b[1] || (!filled && a[2] != b[2])) return false;
    }
    return true;
  }

  void add_completions() {
    std::unordered_map<int64_t, std::vector<size_t>> of;  // by process, its completions
    if (nameless_) {
      for (Event& event : completions_) event.process = next_process_++;
    }
    for (size_t i = 0; i < completions_.size(); ++i) of[completions_[i].process].push_back(i);
    auto call = [&](const Event& end) {
      Event event = end;
      event.type = EventType::invoke;
      history_.add(event);
    };
    std::unordered_map<int64_t, size_t> done;
    for (const Event& end : completions_) {
      if (of[end.process].size() > 0 && done.emplace(end.process, 0).second) call(end);
    }
    for (const Event& end : completions_) {
      history_.add(end);
      const std::vector<size_t>& own = of[end.process];
      size_t next = ++done[end.process];
      if (next < own.size()) call(completions_[own[next]]);
    }
  }

  // Keyed histories (jepsen.independent) carry [key value] in :value.
  void split_key(Event& event) {
    ValueTable& values = history_.values();
    if (event.key != kAbsent || !options_.keyed) return;
    if (values.kind(event.value) == Kind::array && values.items(event.value).size() == 2) {
      event.key = values.items(event.value)[0];
      event.value = values.items(event.value)[1];
      keys_[event.process] = event.key;
    } else if (event.type != EventType::invoke && keys_.count(event.process)) {
      event.key = keys_[event.process];  // an :info often has no value
    }
  }

  const std::string& name_;
  const ReadOptions& options_;
  History history_;
  EdnParser parser_;
  size_t opened_ = 0;
  size_t clients_ = 0;
  bool nameless_ = false;  // no event has a process
  int64_t next_process_ = 0;
  std::vector<Event> open_;  // without a process: invocations that have not ended
  bool only_completions_ = false;
  std::vector<Event> completions_;
  bool has_index_ = false;
  int64_t last_index_ = 0;
  std::unordered_map<int64_t, Value> keys_;  // by process: the key of its open operation
};

}  // namespace

History internal::read_edn(std::string_view text, const std::string& name,
                           const ReadOptions& options) {
  return EdnReader(text, name, options).read();
}

}  // namespace lockstep::history
