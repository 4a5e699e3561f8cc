#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "engine/history/reader.h"

namespace lockstep::history {
namespace {

constexpr int kDepthMax = 64;  // of nested values; bounds the recursion

class JsonlReader {
 public:
  JsonlReader(std::string_view text, const std::string& name)
      : at_(text.data()), end_(text.data() + text.size()), line_start_(at_), name_(name) {
    if (text.starts_with("\xef\xbb\xbf")) at_ += 3;
  }

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
      read_event();
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

  void read_event() {
    const char* start = at_;
    Event event;
    event.line = line_;
    expect('{', "an event: a JSON object");
    bool has_process = false, has_type = false;
    const char* process_at = start;
    const char* type_at = start;
    skip_blank();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
    } else {
      for (;;) {
        skip_blank();
        std::string_view field = read_string();
        enum { kOther, kProcess, kType, kF, kKey, kValue, kIndex } known = kOther;
        if (field == "process")
          known = kProcess;
        else if (field == "type")
          known = kType;
        else if (field == "f")
          known = kF;
        else if (field == "key")
          known = kKey;
        else if (field == "value")
          known = kValue;
        else if (field == "index")
          known = kIndex;
        expect(':', "':'");
        skip_blank();
        const char* value_at = at_;
        if (known == kType) {
          has_type = true;
          type_at = value_at;
          if (at_ == end_ || *at_ != '"') fail("type must be a string", value_at);
          std::string_view type = read_string();
          if (type == "invoke")
            event.type = EventType::invoke;
          else if (type == "ok")
            event.type = EventType::ok;
          else if (type == "fail")
            event.type = EventType::fail;
          else if (type == "info")
            event.type = EventType::info;
          else
            fail(fmt::format("unknown type \"{}\" (invoke, ok, fail or info)", type), value_at);
        } else if (known == kProcess) {
          process_at = value_at;
          event.process = read_integer("process must be an integer >= 0");
          if (event.process < 0) fail("process must be an integer >= 0", value_at);
          has_process = true;
        } else if (known == kIndex) {
          int64_t index = read_integer("index must be an integer");
          if (has_index_ && index <= last_index_) {
            fail(fmt::format("index {} does not increase (the last was {})", index, last_index_),
                 value_at);
          }
          has_index_ = true;
          last_index_ = index;
        } else if (known == kOther) {
          skip_value(0);
        } else {
          Value value = read_value(0);
          auto kind = history_.values().kind(value);
          if (known == kF) {
            if (kind != ValueTable::Kind::string) fail("f must be a string", value_at);
            event.f = value;
          } else if (known == kKey) {
            if (kind != ValueTable::Kind::string && kind != ValueTable::Kind::integer) {
              fail("key must be a string or an integer", value_at);
            }
            event.key = value;
          } else if (known == kValue) {
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
    if (!has_process) fail("the event has no process", start);
    if (!has_type) fail("the event has no type", start);
    if (event.f == kAbsent) fail("the event has no f", start);
    std::string problem = history_.add(event);
    if (!problem.empty()) fail(problem, event.type == EventType::invoke ? process_at : type_at);
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
    uint32_t code = read_hex();
    if (code >= 0xd800 && code < 0xdc00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
      at_ += 2;
      code = 0x10000 + ((code - 0xd800) << 10) + (read_hex() - 0xdc00);
    }
    if (code < 0x80) {
      scratch_ += static_cast<char>(code);
    } else if (code < 0x800) {
      scratch_ += static_cast<char>(0xc0 | code >> 6);
      scratch_ += static_cast<char>(0x80 | (code & 63));
    } else if (code < 0x10000) {
      scratch_ += static_cast<char>(0xe0 | code >> 12);
      scratch_ += static_cast<char>(0x80 | (code >> 6 & 63));
      scratch_ += static_cast<char>(0x80 | (code & 63));
    } else {
      scratch_ += static_cast<char>(0xf0 | code >> 18);
      scratch_ += static_cast<char>(0x80 | (code >> 12 & 63));
      scratch_ += static_cast<char>(0x80 | (code >> 6 & 63));
      scratch_ += static_cast<char>(0x80 | (code & 63));
    }
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
  bool has_index_ = false;
  int64_t last_index_ = 0;
};

}  // namespace

History internal::read_jsonl(std::string_view text, const std::string& name) {
  return JsonlReader(text, name).read();
}

}  // namespace lockstep::history
