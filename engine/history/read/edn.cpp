#include "engine/history/read/edn.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/history/read/edn_characters.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

using Kind = ValueTable::Kind;

constexpr int kDepthMax = 64;  // of nested values; bounds the recursion

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
// What a symbol may hold; the specification's list, and the ' that Clojure adds.
bool in_symbol(char c) {
  return is_letter(c) || is_digit(c) ||
         std::string_view(".*+!-_?$%&=<>:#'").find(c) != std::string_view::npos;
}

bool good_part(std::string_view part) {
  if (part.empty() || !std::all_of(part.begin(), part.end(), in_symbol)) return false;
  if (is_digit(part[0]) || part[0] == ':' || part[0] == '#' || part[0] == '\'') return false;
  return !(part.size() > 1 && (part[0] == '-' || part[0] == '+' || part[0] == '.') &&
           is_digit(part[1]));
}

}  // namespace

void EdnParser::fail(const std::string& what, size_t where) const {
  where = std::min(where, text_.size());
  std::string_view before = text_.substr(0, where);
  int line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  size_t start = before.rfind('\n');
  int column = static_cast<int>(where - (start == std::string_view::npos ? 0 : start + 1)) + 1;
  fail_at(name_, line, column, what);
}

int EdnParser::line_at(size_t where) {
  line_ += static_cast<int>(std::count(text_.begin() + line_counted_, text_.begin() + where, '\n'));
  line_counted_ = where;
  return line_;
}

bool EdnParser::skip() {
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (is_space(c)) {
      ++at_;
    } else if (c == ';') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '#' && at_ + 1 < text_.size() && text_[at_ + 1] == '_') {
      size_t start = at_;
      at_ += 2;
      if (++depth_ > kDepthMax) fail("values are nested too deeply", start);
      if (!skip() || std::string_view(")]}").find(text_[at_]) != std::string_view::npos) {
        fail("#_ discards the next element, and none follows", start);
      }
      pass();
      --depth_;
    } else {
      return true;
    }
  }
  return false;
}

void EdnParser::pass() {
  bool kept = keep_;
  keep_ = false;
  read();
  keep_ = kept;
}

bool EdnParser::take(char open) {
  if (at_ >= text_.size() || text_[at_] != open) return false;
  ++at_;
  return true;
}

std::string_view EdnParser::take_keyword() {
  if (at_ >= text_.size() || text_[at_] != ':') return {};
  size_t start = at_;
  return name(token().substr(1), start, "keyword");
}

std::string_view EdnParser::take_tag() {
  if (at_ + 1 >= text_.size() || text_[at_] != '#' || !is_letter(text_[at_ + 1])) return {};
  size_t start = at_++;
  return name(token(), start, "tag");
}

std::string_view EdnParser::token() {
  size_t start = at_;
  while (at_ < text_.size() && !ends_token(text_[at_])) ++at_;
  return text_.substr(start, at_ - start);
}

std::string_view EdnParser::name(std::string_view word, size_t start, const char* what) {
  size_t slash = word.find('/');
  bool good = word == "/" ||
              (slash == std::string_view::npos
                   ? good_part(word)
                   : good_part(word.substr(0, slash)) &&
                         (good_part(word.substr(slash + 1)) || word.substr(slash + 1) == "/"));
  // A keyword may begin with a digit (:0) in what Clojure prints, though not in the specification.
  if (!good && *what == 'k' && !word.empty() && is_digit(word[0])) {
    good = std::all_of(word.begin(), word.end(), in_symbol);
  }
  if (!good) {
    fail(fmt::format("not a {}: {}", what, text_.substr(start, at_ - start)), start);
  }
  return word;
}

Value EdnParser::read() {
  if (!skip()) fail("expected a value", at_);
  if (++depth_ > kDepthMax) fail("values are nested too deeply", at_);
  Value value = read_value();
  --depth_;
  return value;
}

Value EdnParser::read_value() {
  size_t start = at_;
  char c = text_[at_];
  if (c == '{') return read_items('}', Kind::object);
  if (c == '[') return read_items(']', Kind::array);
  if (c == '(') return read_items(')', Kind::array);
  if (c == '"') return read_string();
  if (c == '#') return read_dispatch();
  if (c == '\\') return read_character();
  if (c == '^') fail("metadata is no part of EDN", at_);
  if (std::string_view("@`~'").find(c) != std::string_view::npos || ends_token(c)) {
    fail(fmt::format("expected a value, not {}", c), at_);
  }
  std::string_view word = token();
  if (word == "nil") return kNull;
  if (word == "true") return kTrue;
  if (word == "false") return kFalse;
  if (word[0] == ':') return text(Kind::keyword, name(word.substr(1), start, "keyword"));
  bool sign = word[0] == '-' || word[0] == '+';
  if (is_digit(word[0]) || (sign && word.size() > 1 && is_digit(word[1]))) {
    return read_number(word, start);
  }
  return text(Kind::symbol, name(word, start, "symbol"));
}

Value EdnParser::read_dispatch() {
  size_t start = at_;
  char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
  if (next == '{') {
    ++at_;
    return read_items('}', Kind::set);
  }
  if (next == '#') {  // symbolic values
    at_ += 2;
    std::string_view word = token();
    if (word == "Inf" || word == "-Inf")
      return text(Kind::floating, text_.substr(start, at_ - start));
    if (word == "NaN" && !keep_) return kNull;
    if (word == "NaN") fail("##NaN equals nothing, not even itself: it cannot be compared", start);
    fail(fmt::format("unknown value ##{}", word), start);
  }
  if (next == ':') return read_namespaced();
  if (is_letter(next)) return read_tagged();
  if (next == '"') fail("a regular expression is no part of EDN", start);
  fail("expected a tag, #{, #_, #: or ## after #", start);
}

// #:ns{:a 1, :b/c 2, :_/d 3} is {:ns/a 1, :b/c 2, :d 3}.
Value EdnParser::read_namespaced() {
  size_t start = at_;
  at_ += 2;
  if (at_ < text_.size() && text_[at_] == ':')
    fail("#:: names a namespace of the program that wrote it: it is no part of EDN", start);
  std::string_view name_space = name(token(), start, "namespace");
  if (name_space.find('/') != std::string_view::npos)
    fail(fmt::format("not a namespace: {}", name_space), start);
  if (!skip() || text_[at_] != '{') fail(fmt::format("#:{} is of a map", name_space), start);
  return read_items('}', Kind::object, name_space);
}

Value EdnParser::in_namespace(std::string_view name_space, Value key) {
  const Kind kind = values_.kind(key);
  if (kind != Kind::keyword && kind != Kind::symbol) return key;
  const std::string word(values_.as_string(key));
  const size_t slash = word.find('/');
  if (slash == std::string::npos) return values_.text(kind, fmt::format("{}/{}", name_space, word));
  return word.starts_with("_/") ? values_.text(kind, word.substr(2)) : key;
}

Value EdnParser::read_tagged() {
  size_t start = at_;
  std::string_view tag = take_tag();
  if (!skip() || std::string_view(")]}").find(text_[at_]) != std::string_view::npos) {
    fail(fmt::format("#{} has no value", tag), start);
  }
  bool instant_tag = tag == "inst";
  if (instant_tag || tag == "uuid") {
    size_t at = at_;
    if (text_[at_] != '"') fail(fmt::format("#{} is of a string", tag), at_);
    size_t end = text_.find('"', at_ + 1);
    if (end == std::string_view::npos) fail("unterminated string", at_);
    at_ = end + 1;
    std::string_view inside = text_.substr(at + 1, end - at - 1);
    return instant_tag ? instant(inside, at) : uuid(inside, at);
  }
  Value value = read();
  return keep_ ? values_.tagged(values_.text(Kind::symbol, tag), value) : kNull;
}

Value EdnParser::read_items(char close, Kind kind, std::string_view name_space) {
  size_t start = at_++;
  std::vector<Value> items;
  size_t count = 0;
  for (; skip() && text_[at_] != close; ++count) {
    if (std::string_view(")]}").find(text_[at_]) != std::string_view::npos) {
      fail("mismatched bracket", at_);
    }
    Value item = read();
    if (!keep_) continue;
    const bool key = !name_space.empty() && count % 2 == 0;
    items.push_back(key ? in_namespace(name_space, item) : item);
  }
  if (at_ >= text_.size()) fail("not closed", start);
  ++at_;
  bool map = kind == Kind::object;
  if (map && count % 2 == 1) fail("a map needs a value for each key", start);
  if (!keep_) return kNull;
  if (map) refuse_twice(items, 2, "key", start);
  if (kind == Kind::set) refuse_twice(items, 1, "element", start);
  return map                   ? values_.object(items)
         : kind == Kind::array ? values_.array(items)
                               : values_.set(items);
}

void EdnParser::refuse_twice(const std::vector<Value>& items, size_t step, const char* what,
                             size_t start) {
  std::vector<Value> seen;
  for (size_t i = 0; i < items.size(); i += step) seen.push_back(items[i]);
  std::sort(seen.begin(), seen.end());
  auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice == seen.end()) return;
  fail(fmt::format("the {} {} is there twice", what, values_.to_json(*twice)), start);
}

}  // namespace lockstep::history
