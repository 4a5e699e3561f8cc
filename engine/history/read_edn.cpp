// Jepsen's history.edn: maps, one after another or in one vector. Keywords, symbols and characters
// become strings, lists and sets arrays. Events whose process is not a number (the nemesis) are
// left out. An `ok` of a compare-and-set repeats its argument in Jepsen; here it becomes `true`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/history/reader.h"

namespace lockstep::history {
namespace {

constexpr int kDepthMax = 64;

class EdnReader {
 public:
  EdnReader(std::string_view text, const std::string& name, bool keyed)
      : text_(text), name_(name), keyed_(keyed) {}

  History read() {
    for (skip(); at_ < text_.size(); skip()) {
      char c = text_[at_];
      if ((c == '[' || c == '(') && depth_ == 0) {
        ++at_;
        ++depth_;
      } else if ((c == ']' || c == ')') && depth_ == 1) {
        ++at_;
        --depth_;
      } else {
        read_event();
      }
    }
    if (depth_ != 0) fail("the history is not closed", at_);
    history_.finish();
    return std::move(history_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, size_t where) {
    where = std::min(where, text_.size());
    std::string_view before = text_.substr(0, where);
    int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    size_t start = before.rfind('\n');
    int column = static_cast<int>(where - (start == std::string_view::npos ? 0 : start + 1)) + 1;
    fail_at(name_, line, column, what);
  }

  int line_at(size_t where) {
    line_ +=
        static_cast<int>(std::count(text_.begin() + line_counted_, text_.begin() + where, '\n'));
    line_counted_ = where;
    return line_;
  }

  void skip() {
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') {
        ++at_;
      } else if (c == ';') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        break;
      }
    }
  }

  static bool ends_token(char c) {
    return std::string_view(" \t\r\n,()[]{}\";").find(c) != std::string_view::npos;
  }

  std::string_view token() {
    size_t start = at_;
    while (at_ < text_.size() && !ends_token(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void read_event() {
    size_t start = at_;
    int line = line_at(start);
    Value map = read_value(0);
    const ValueTable& values = history_.values();
    if (values.kind(map) != ValueTable::Kind::object) fail("expected an operation: a map", start);
    Value process = field(map, "process"), type = field(map, "type"), f = field(map, "f");
    if (process == kAbsent) fail("the operation has no :process", start);
    if (values.kind(process) != ValueTable::Kind::integer) return;  // the nemesis
    if (values.as_integer(process) < 0) fail(":process must be >= 0", start);
    if (type == kAbsent || values.kind(type) != ValueTable::Kind::string) {
      fail("the operation has no :type", start);
    }
    if (f == kAbsent || values.kind(f) != ValueTable::Kind::string) {
      fail("the operation has no :f", start);
    }
    Event event;
    event.line = line;
    event.process = values.as_integer(process);
    std::string_view name = values.as_string(type);
    if (name == "invoke")
      event.type = EventType::invoke;
    else if (name == "ok")
      event.type = EventType::ok;
    else if (name == "fail")
      event.type = EventType::fail;
    else if (name == "info")
      event.type = EventType::info;
    else
      fail(fmt::format("unknown :type {}", name), start);
    event.f = f;
    Value index = field(map, "index");
    if (index != kAbsent && values.kind(index) == ValueTable::Kind::integer) {
      int64_t number = values.as_integer(index);
      if (has_index_ && number <= last_index_) fail(":index does not increase", start);
      has_index_ = true;
      last_index_ = number;
    }
    Value value = field(map, "value");
    event.value = value == kAbsent ? kNull : value;
    event.key = field(map, "key");
    split_key(event);
    if (values.as_string(f) == "cas" && event.type == EventType::ok && event.value != kTrue &&
        event.value != kFalse) {
      event.value = kTrue;
    }
    std::string problem = history_.add(event);
    if (!problem.empty()) fail(problem, start);
  }

  // Keyed histories (jepsen.independent) carry [key value] in :value.
  void split_key(Event& event) {
    ValueTable& values = history_.values();
    if (event.key != kAbsent || !keyed_) return;
    if (values.kind(event.value) == ValueTable::Kind::array &&
        values.items(event.value).size() == 2) {
      event.key = values.items(event.value)[0];
      event.value = values.items(event.value)[1];
      keys_[event.process] = event.key;
    } else if (event.type != EventType::invoke && keys_.count(event.process)) {
      event.key = keys_[event.process];  // an :info often has no value
    }
  }

  Value field(Value map, std::string_view name) {
    Value wanted = history_.values().find_string(name);
    auto members = history_.values().items(map);
    for (size_t i = 0; i + 1 < members.size(); i += 2) {
      if (members[i] == wanted) return members[i + 1];
    }
    return kAbsent;
  }

  Value read_value(int depth) {
    skip();
    if (at_ >= text_.size()) fail("expected a value", at_);
    if (depth > kDepthMax) fail("values are nested too deeply", at_);
    ValueTable& values = history_.values();
    size_t start = at_;
    char c = text_[at_];
    if (c == '{') return read_items(depth, '}', true);
    if (c == '[') return read_items(depth, ']', false);
    if (c == '(') return read_items(depth, ')', false);
    if (c == '"') return read_string();
    if (c == '#') {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '{') return read_items(depth, '}', false);
      if (at_ < text_.size() && text_[at_] == '_') {
        ++at_;
        read_value(depth + 1);
        return read_value(depth);
      }
      token();  // a tag: only its value matters
      return read_value(depth + 1);
    }
    if (c == '\\') {
      ++at_;
      size_t letter = at_++;
      token();
      return values.string(text_.substr(letter, at_ - letter));
    }
    std::string_view word = token();
    if (word.empty()) fail("expected a value", start);
    if (word == "nil") return kNull;
    if (word == "true") return kTrue;
    if (word == "false") return kFalse;
    if (word[0] == ':') return values.string(word.substr(1));
    bool number =
        (word[0] >= '0' && word[0] <= '9') ||
        ((word[0] == '-' || word[0] == '+') && word.size() > 1 && word[1] >= '0' && word[1] <= '9');
    if (!number) return values.string(word);
    if (word[0] == '+') word.remove_prefix(1);
    int64_t integer = 0;
    auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), integer);
    bool whole = stop == word.data() + word.size() ||
                 (stop + 1 == word.data() + word.size() && *stop == 'N');
    if (error == std::errc() && whole) return values.integer(integer);
    if (error != std::errc() && whole) {
      if (word.back() == 'N') word.remove_suffix(1);
      return values.digits(word);
    }
    double real = 0;
    auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), real);
    if (wrong != std::errc()) fail("malformed number", start);
    return values.real(real);
  }

  Value read_string() {
    size_t start = at_++;
    std::string text;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        char c = text_[at_];
        text += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      } else {
        text += text_[at_];
      }
      ++at_;
    }
    if (at_ >= text_.size()) fail("unterminated string", start);
    ++at_;
    return history_.values().string(text);
  }

  Value read_items(int depth, char close, bool map) {
    size_t start = at_++;
    std::vector<Value> items;
    for (skip(); at_ < text_.size() && text_[at_] != close; skip()) {
      if (std::string_view(")]}").find(text_[at_]) != std::string_view::npos) {
        fail("mismatched bracket", at_);
      }
      items.push_back(read_value(depth + 1));
      if (map && items.size() % 2 == 1 &&
          history_.values().kind(items.back()) != ValueTable::Kind::string) {
        items.back() = history_.values().string(history_.values().to_json(items.back()));
      }
    }
    if (at_ >= text_.size()) fail("not closed", start);
    ++at_;
    if (map && items.size() % 2 == 1) fail("a map needs a value for each key", start);
    return map ? history_.values().object(items) : history_.values().array(items);
  }

  std::string_view text_;
  const std::string& name_;
  bool keyed_;
  size_t at_ = 0;
  int depth_ = 0;
  int line_ = 1;
  size_t line_counted_ = 0;
  History history_;
  bool has_index_ = false;
  int64_t last_index_ = 0;
  std::unordered_map<int64_t, Value> keys_;  // by process: the key of its open operation
};

}  // namespace

History internal::read_edn(std::string_view text, const std::string& name, bool keyed) {
  return EdnReader(text, name, keyed).read();
}

}  // namespace lockstep::history
