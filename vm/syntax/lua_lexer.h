// The words of Lua 5.4, one at a time.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace lockstep::vm::syntax {

struct SyntaxError : std::runtime_error {
  SyntaxError(int at, const std::string& what) : std::runtime_error(what), line(at) {}
  int line;
};

struct Token {
  enum class Kind { name, keyword, string, number, symbol, end } kind = Kind::end;
  std::string text;  // a string's value, else as written
  int line = 1;
  bool is(std::string_view word) const {
    return (kind == Kind::keyword || kind == Kind::symbol) && text == word;
  }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text);
  Token next();  // throws SyntaxError

 private:
  char at(size_t ahead = 0) const { return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : 0; }
  bool done() const { return pos_ >= text_.size(); }
  void space();
  bool long_bracket(std::string* out);  // false, and nothing taken, if none starts here
  std::string quoted(char quote);
  void escape(std::string* out);
  Token number();

  std::string_view text_;
  size_t pos_ = 0;
  int line_ = 1;
};

}  // namespace lockstep::vm::syntax
