#include "vm/syntax/lua_lexer.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace lockstep::vm::syntax {
namespace {

const std::string_view kKeywords[] = {"and",   "break", "do",       "else", "elseif", "end",
                                      "false", "for",   "function", "goto", "if",     "in",
                                      "local", "nil",   "not",      "or",   "repeat", "return",
                                      "then",  "true",  "until",    "while"};

// Longest first.
const std::string_view kSymbols[] = {
    "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..", "+", "-", "*", "/", "%", "^", "#",
    "&",   "~",  "|",  "<",  ">",  "=",  "(",  ")",  "{",  "}",  "[", "]", ";", ":", ",", "."};

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
bool hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)); }

void utf8(uint64_t code, std::string* out) {  // up to 2^31, as Lua's
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
    return;
  }
  std::string tail;
  uint64_t first = 0x3f;
  do {
    tail.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    code >>= 6;
    first >>= 1;
  } while (code > first);
  tail.push_back(static_cast<char>((~first << 1) | code));
  out->append(tail.rbegin(), tail.rend());
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) pos_ = 3;
  if (at() == '#')
    while (!done() && at() != '\n') pos_++;
}

void Lexer::space() {
  while (!done()) {
    if (at() == '\n') {
      line_++;
      pos_++;
    } else if (std::isspace(static_cast<unsigned char>(at()))) {
      pos_++;
    } else if (at() == '-' && at(1) == '-') {
      pos_ += 2;
      if (long_bracket(nullptr)) continue;
      while (!done() && at() != '\n') pos_++;
    } else {
      return;
    }
  }
}

bool Lexer::long_bracket(std::string* out) {
  if (at() != '[') return false;
  size_t level = 0;
  while (at(1 + level) == '=') level++;
  if (at(1 + level) != '[') return false;
  const int line = line_;
  const std::string close = "]" + std::string(level, '=') + "]";
  size_t start = pos_ + level + 2;
  const size_t end = text_.find(close, start);
  if (end == std::string_view::npos) throw SyntaxError(line, "unfinished long string or comment");
  line_ += static_cast<int>(std::count(text_.begin() + start, text_.begin() + end, '\n'));
  if (start < end && text_[start] == '\r') start++;
  if (start < end && text_[start] == '\n') start++;
  if (out) *out = text_.substr(start, end - start);
  pos_ = end + close.size();
  return true;
}

void Lexer::escape(std::string* out) {
  const char c = at();
  pos_++;
  static const char kFrom[] = "abfnrtv\\\"'", kTo[] = "\a\b\f\n\r\t\v\\\"'";
  if (const char* simple = c ? std::strchr(kFrom, c) : nullptr) {
    out->push_back(kTo[simple - kFrom]);
  } else if (c == '\n') {
    line_++;
    out->push_back('\n');
  } else if (c == '\r') {
    if (at() == '\n') pos_++, line_++;
    out->push_back('\n');
  } else if (c == 'x' && hex(at()) && hex(at(1))) {
    out->push_back(static_cast<char>(std::stoi(std::string(text_.substr(pos_, 2)), nullptr, 16)));
    pos_ += 2;
  } else if (c == 'z') {
    while (!done() && std::isspace(static_cast<unsigned char>(at()))) {
      if (at() == '\n') line_++;
      pos_++;
    }
  } else if (digit(c)) {
    int value = c - '0';
    for (int i = 0; i < 2 && digit(at()); i++, pos_++) value = value * 10 + (at() - '0');
    if (value > 255) throw SyntaxError(line_, "decimal escape too large");
    out->push_back(static_cast<char>(value));
  } else if (c == 'u' && at() == '{') {
    uint64_t code = 0;
    for (pos_++; hex(at()); pos_++) {
      code = code * 16 + static_cast<uint64_t>(std::stoi(std::string(1, at()), nullptr, 16));
      if (code >= 1ull << 31) throw SyntaxError(line_, "UTF-8 value too large");
    }
    if (at() != '}') throw SyntaxError(line_, "missing '}' in \\u{xxxx}");
    pos_++;
    utf8(code, out);
  } else {
    throw SyntaxError(line_, "invalid escape sequence");
  }
}

std::string Lexer::quoted(char quote) {
  std::string out;
  for (pos_++; !done() && at() != '\n';) {
    if (at() == quote) {
      pos_++;
      return out;
    }
    if (at() == '\\') {
      pos_++;
      escape(&out);
    } else {
      out.push_back(at());
      pos_++;
    }
  }
  throw SyntaxError(line_, "unfinished string");
}

Token Lexer::number() {
  const size_t start = pos_;
  const bool is_hex = at() == '0' && (at(1) == 'x' || at(1) == 'X');
  if (is_hex) pos_ += 2;
  while (hex(at()) || at() == '.' || letter(at())) {
    const char c = static_cast<char>(std::tolower(at()));
    pos_++;
    if (c == (is_hex ? 'p' : 'e') && (at() == '+' || at() == '-')) pos_++;
  }
  return {Token::Kind::number, std::string(text_.substr(start, pos_ - start)), line_};
}

Token Lexer::next() {
  space();
  if (done()) return {Token::Kind::end, "<eof>", line_};
  const int line = line_;
  const char c = at();
  if (letter(c)) {
    const size_t start = pos_;
    while (letter(at()) || digit(at())) pos_++;
    const auto word = text_.substr(start, pos_ - start);
    const bool key =
        std::find(std::begin(kKeywords), std::end(kKeywords), word) != std::end(kKeywords);
    return {key ? Token::Kind::keyword : Token::Kind::name, std::string(word), line};
  }
  if (digit(c) || (c == '.' && digit(at(1)))) return number();
  if (c == '"' || c == '\'') {
    auto text = quoted(c);
    return {Token::Kind::string, std::move(text), line};
  }
  if (std::string text; long_bracket(&text)) return {Token::Kind::string, std::move(text), line};
  for (const auto symbol : kSymbols)
    if (text_.substr(pos_).starts_with(symbol)) {
      pos_ += symbol.size();
      return {Token::Kind::symbol, std::string(symbol), line};
    }
  throw SyntaxError(line, "unexpected symbol");
}

}  // namespace lockstep::vm::syntax
