// EDN as its specification says (github.com/edn-format/edn), and what Clojure prints besides:
// ratios, 0x1f, 017 and 36rZZ, \uNNNN and \oNNN, ##Inf, #:ns{:a 1} for {:ns/a 1}. Whatever else
// stands there is an error with its place: nothing is dropped, and nothing read as something near
// it.
//
// #inst and #uuid are read with their meaning; a value with another tag is another value than the
// same without it. Metadata, regular expressions and ##NaN (which equals nothing) are refused.
#pragma once
#include <string>
#include <string_view>

#include "engine/history/model/value.h"

namespace lockstep::history {

class EdnParser {
 public:
  // Throws Error with `name`, line and column.
  EdnParser(std::string_view text, const std::string& name, ValueTable& values)
      : text_(text), name_(name), values_(values) {}

  // Over white space, comments and discarded elements (#_). False: the text ends here.
  bool skip();
  Value read();
  // Reads a value and keeps nothing of it.
  void pass();

  char peek() const { return text_[at_]; }  // after skip() was true
  // Over `open`, if it is next.
  bool take(char open);
  // A keyword, without its colon; empty, and nothing read, if none is next.
  std::string_view take_keyword();
  // A tag, without its '#'; empty, and nothing read, if none is next.
  std::string_view take_tag();

  size_t at() const { return at_; }
  int line_at(size_t where);  // `where` must not decrease from call to call
  [[noreturn]] void fail(const std::string& what, size_t where) const;

 private:
  Value read_value();
  Value read_items(char close, ValueTable::Kind kind, std::string_view name_space = {});
  Value read_namespaced();
  Value in_namespace(std::string_view name_space, Value key);
  Value read_string();
  Value read_character();
  Value read_number(std::string_view word, size_t start);
  Value read_tagged();
  Value read_dispatch();
  Value read_radix(std::string_view digits, int radix, bool negative, size_t start);
  Value instant(std::string_view text, size_t start);
  Value uuid(std::string_view text, size_t start);
  void refuse_twice(const std::vector<Value>& items, size_t step, const char* what, size_t start);
  uint32_t read_hex(size_t start);
  void append_unicode(std::string& out, size_t start);
  std::string_view token();
  std::string_view name(std::string_view word, size_t start, const char* what);
  Value text(ValueTable::Kind kind, std::string_view text) {
    return keep_ ? values_.text(kind, text) : kNull;
  }

  std::string_view text_;
  const std::string& name_;
  ValueTable& values_;
  size_t at_ = 0;
  bool keep_ = true;
  int depth_ = 0;
  int line_ = 1;
  size_t line_counted_ = 0;
};

}  // namespace lockstep::history
