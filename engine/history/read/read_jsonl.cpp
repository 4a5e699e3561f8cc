#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "engine/base/utf8.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

constexpr int kDepthMax = 64;  // of nested values; bounds the recursion

class JsonlReader {
 public:
  JsonlReader(std::string_view text, const std::string& name, const ReadOptions& options)
      : at_(text.data()),
        end_(text.data() + text.size()),
        line_start_(at_),
        name_(name),
        options_(options) {}

  History read() {
    for (;;) {
      skip_blank();
      if (at_ == end_) break;
      if (*at_ == '\n') {
        ++at_;
        ++line_;
        line_start_ = at_;
        continue;
      }
      if (history_.event_count() % 1024 == 0) internal::stop_if_ended(options_.budget, name_);
      read_event();
    }
    if (announced_ >= 0 && announced_ != history_.event_count()) {
      fail(fmt::format("the file is cut: its first event says that there are {} events, not {}",
                       announced_, history_.event_count()),
           at_);
    }
    history_.finish();
    return std::move(history_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, const char* where) {
    fail_at(name_, line_, static_cast<int>(where - line_start_) + 1, what);
  }

  void skip_blank() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  void expect(char c, const char* what) {
    skip_blank();
    if (at_ == end_ || *at_ != c) fail(fmt::format("expected {}", what), at_);
    ++at_;
  }

  enum Field { kProcess, kType, kF, kKey, kValue, kIndex, kEvents, kOther };

  static Field field_of(std::string_view name) {
    static constexpr std::string_view kNames[] = {"process", "type",  "f",     "key",
                                                  "value",   "index", "events"};
    for (int i = 0; i < kOther; ++i) {
      if (name == kNames[i]) return static_cast<Field>(i);
    }
    return kOther;
  }

  void read_event() {
    const char* start = at_;
    Event event;
    event.line = line_;
    expect('{', "an event: a JSON object");
    unsigned seen = 0;
    const char* process_at = start;
    const char* type_at = start;
    auto has = [&](Field field) { return (seen >> field & 1) != 0; };
    skip_blank();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
    } else {
      for (;;) {
        skip_blank();
        const char* name_at = at_;
        std::string_view name = read_string();
        Field field = field_of(name);
        if (field == kOther) {
          std::string problem = internal::unknown_field(name, options_, false);
          if (!problem.empty()) fail(problem, name_at);
        } else if (has(field)) {
          fail(fmt::format("the field \"{}\" is there twice", name), name_at);
        }
        seen |= 1U << field;
        expect(':', "':'");
        skip_blank();
        const char* value_at = at_;
        if (field == kType) {
          type_at = value_at;
          event.type = read_type();
        } else if (field == kProcess) {
          process_at = value_at;
          event.process = read_integer("process must be an integer >= 0");
          if (event.process < 0) fail("process must be an integer >= 0", value_at);
        } else if (field == kIndex) {
          read_index(value_at);
        } else if (field == kEvents && history_.event_count() == 0) {
          announced_ = read_integer("events must be an integer");
        } else if (field == kEvents) {
          fail("only the first event says how many there are", name_at);
        } else if (field == kOther) {
          skip_value(0);
        } else {
          Value value = read_value(0);
          auto kind = history_.values().kind(value);
          if (field == kF) {
            if (kind != ValueTable::Kind::string) fail("f must be a string", value_at);
            event.f = value;
          } else if (field == kKey) {
            if (kind != ValueTable::Kind::string && kind != ValueTable::Kind::integer) {
              fail("key must be a string or an integer", value_at);
            }
            event.key = value;
          } else if (field == kValue) {
            event.value = value;
          }
        }
        skip_blank();
        if (at_ != end_ && *at_ == ',') {
          ++at_;
          continue;
        }
        expect('}', "',' or '}'");
        break;
      }
    }
    skip_blank();
    if (at_ != end_ && *at_ != '\n') fail("more text after the event", at_);
    if (!has(kProcess)) fail("the event has no process", start);
    if (!has(kType)) fail("the event has no type", start);
    if (event.f == kAbsent) fail("the event has no f", start);
    if (history_.event_count() > 0 && has(kIndex) != has_index_) {
      fail(has_index_ ? "the event has no index, those before it have one"
                      : "the event has an index, those before it have none",
           start);
    }
    has_index_ = has(kIndex);
    std::string problem = history_.add(event);
    if (!problem.empty()) fail(problem, event.type == EventType::invoke ? process_at : type_at);
  }

  EventType read_type() {
    const char* start = at_;
    if (at_ == end_ || *at_ != '"') fail("type must be a string", start);
    std::string_view type = read_string();
    if (type == "invoke") return EventType::invoke;
    if (type == "ok") return EventType::ok;
    if (type == "fail") return EventType::fail;
    if (type == "info") return EventType::info;
    fail(fmt::format("unknown type \"{}\" (invoke, ok, fail or info)", type), start);
  }

  void read_index(const char* start) {
    int64_t index = read_integer("index must be an integer");
    if (has_index_ && index <= last_index_) {
      fail(fmt::format("index {} does not increase (the last was {})", index, last_index_), start);
    }
    last_index_ = index;
  }

  // The view is into the text, or into scratch_ if there are escapes.
  std::string_view read_string() {
    if (at_ == end_ || *at_ != '"') fail("expected a string", at_);
    const char* start = ++at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
      ++at_;
    }
    if (at_ != end_ && *at_ == '"') return {start, static_cast<size_t>(at_++ - start)};
    scratch_.assign(start, at_);
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) fail("unterminated string", at_);
      if (*at_ != '\\') {
        scratch_ += *at_++;
        continue;
      }
      if (++at_ == end_) break;
      read_escape();
    }
    if (at_ == end_) fail("unterminated string", start - 1);
    ++at_;
    return scratch_;
  }

  void read_escape() {
    char c = *at_++;
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (size_t i = kFrom.find(c); i != std::string_view::npos) {
      scratch_ += kTo[i];
      return;
    }
    if (c != 'u') fail("unknown escape in a string", at_ - 1);
    const char* start = at_ - 2;
    uint32_t code = read_hex();
    bool half = code >= 0xdc00 && code < 0xe000;
    if (code >= 0xd800 && code < 0xdc00) {
      half = true;
      if (end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
        at_ += 2;
        uint32_t second = read_hex();
        half = second < 0xdc00 || second >= 0xe000;
        code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
      }
    }
    if (half) fail("half of a surrogate pair is no character", start);
    append_utf8(code, scratch_);
  }

  uint32_t read_hex() {
    uint32_t code = 0;
    if (end_ - at_ < 4) fail("broken \\u escape", at_);
    auto [stop, error] = std::from_chars(at_, at_ + 4, code, 16);
    if (error != std::errc() || stop != at_ + 4) fail("broken \\u escape", at_);
    at_ += 4;
    return code;
  }

  bool take(std::string_view word) {
    if (static_cast<size_t>(end_ - at_) < word.size()) return false;
    if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }

  Value read_value(int depth) {
    skip_blank();
    if (at_ == end_) fail("expected a value", at_);
    if (depth > kDepthMax) fail("values are nested too deeply", at_);
    ValueTable& values = history_.values();
    char c = *at_;
    if (c == '"') return values.string(read_string());
    if (c == 'n' && take("null")) return kNull;
    if (c == 't' && take("true")) return kTrue;
    if (c == 'f' && take("false")) return kFalse;
    if (c == '[' || c == '{') return read_items(depth, c == '{');
    if (c == '-' || (c >= '0' && c <= '9')) return read_number();
    fail("expected a JSON value", at_);
  }

  // Numbers of the event itself are not values: they are not interned.
  int64_t read_integer(const char* what) {
    int64_t number = 0;
    auto [stop, error] = std::from_chars(at_, end_, number);
    bool whole =
        error == std::errc() && (stop == end_ || (*stop != '.' && *stop != 'e' && *stop != 'E'));
    if (!whole) fail(what, at_);
    at_ = stop;
    return number;
  }

  // A field that nobody asked for: must be JSON, is not kept.
  void skip_value(int depth) {
    skip_blank();
    if (at_ == end_) fail("expected a value", at_);
    if (depth > kDepthMax) fail("values are nested too deeply", at_);
    char c = *at_;
    if (c == '"') {
      read_string();
    } else if (c == '[' || c == '{') {
      char close = c == '{' ? '}' : ']';
      ++at_;
      skip_blank();
      if (at_ != end_ && *at_ == close) {
        ++at_;
        return;
      }
      for (;;) {
        skip_blank();
        if (c == '{') {
          read_string();
          expect(':', "':'");
        }
        skip_value(depth + 1);
        skip_blank();
        if (at_ != end_ && *at_ == ',') {
          ++at_;
          continue;
        }
        expect(close, c == '{' ? "',' or '}'" : "',' or ']'");
        return;
      }
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      number_end();
    } else if (!(c == 'n' && take("null")) && !(c == 't' && take("true")) &&
               !(c == 'f' && take("false"))) {
      fail("expected a JSON value", at_);
    }
  }

  Value read_items(int depth, bool object) {
    char close = object ? '}' : ']';
    std::vector<Value> items;
    ++at_;
    skip_blank();
    if (at_ != end_ && *at_ == close) {
      ++at_;
    } else {
      for (;;) {
        if (object) {
          skip_blank();
          items.push_back(history_.values().string(read_string()));
          expect(':', "':'");
        }
        items.push_back(read_value(depth + 1));
        skip_blank();
        if (at_ != end_ && *at_ == ',') {
          ++at_;
          continue;
        }
        expect(close, object ? "',' or '}'" : "',' or ']'");
        break;
      }
    }
    return object ? history_.values().object(items) : history_.values().array(items);
  }

  void skip_digits() {
    const char* digits = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    if (at_ == digits) fail("malformed number", at_);
  }

  // Goes to the end of a number; whether it has a fraction or an exponent.
  bool number_end() {
    const char* start = at_;
    if (*at_ == '-') ++at_;
    const char* digits = at_;
    skip_digits();
    if (*digits == '0' && at_ - digits > 1) fail("malformed number", start);
    bool real = false;
    if (at_ != end_ && *at_ == '.') {
      real = true;
      ++at_;
      skip_digits();
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      real = true;
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      skip_digits();
    }
    return real;
  }

  Value read_number() {
    const char* start = at_;
    bool real = number_end();
    if (!real) {
      int64_t number = 0;
      auto [stop, error] = std::from_chars(start, at_, number);
      if (error == std::errc()) return history_.values().integer(number);
      return history_.values().digits({start, static_cast<size_t>(at_ - start)});
    }
    double number = 0;
    auto [stop, error] = std::from_chars(start, at_, number);
    if (error != std::errc()) fail("malformed number", start);
    return history_.values().real(number);
  }

  const char* at_;
  const char* end_;
  const char* line_start_;
  const std::string& name_;
  int line_ = 1;
  History history_;
  std::string scratch_;
  const ReadOptions& options_;
  bool has_index_ = false;
  int64_t last_index_ = 0;
  int64_t announced_ = -1;
};

}  // namespace

History internal::read_jsonl(std::string_view text, const std::string& name,
                             const ReadOptions& options) {
  return JsonlReader(text, name, options).read();
}

}  // namespace lockstep::history
