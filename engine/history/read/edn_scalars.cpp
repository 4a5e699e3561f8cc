// Strings, characters, numbers, times and identifiers of EDN.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "engine/base/utf8.h"
#include "engine/history/read/edn.h"
#include "engine/history/read/edn_characters.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

using Kind = ValueTable::Kind;

constexpr size_t kDigitsMax = 1000;  // of an integer in another base than ten

int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

// Days since 1970 of a day of the Gregorian calendar.
int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t in_era = year - era * 400;
  int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

int month_days(int year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace

Value EdnParser::read_string() {
  size_t start = at_++;
  std::string out;
  for (;;) {
    size_t stop = std::min(text_.find_first_of("\"\\", at_), text_.size());
    out.append(text_.substr(at_, stop - at_));
    at_ = stop;
    if (at_ + (at_ < text_.size() && text_[at_] == '\\') >= text_.size()) {
      fail("unterminated string", start);
    }
    if (text_[at_++] == '"') break;
    size_t escape = at_ - 1;
    char c = text_[at_++];
    static constexpr std::string_view kFrom = "\"\\nrtbf", kTo = "\"\\\n\r\t\b\f";
    if (size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += kTo[i];
    } else if (c == 'u') {
      append_unicode(out, escape);
    } else if (c >= '0' && c <= '7') {
      uint32_t code = 0;
      --at_;
      for (int n = 0; n < 3 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++n) {
        code = code * 8 + static_cast<uint32_t>(text_[at_++] - '0');
      }
      if (code > 0377) fail("an octal escape is at most \\377", escape);
      append_utf8(code, out);
    } else {
      fail("unknown escape in a string", escape);
    }
  }
  return text(Kind::string, out);
}

uint32_t EdnParser::read_hex(size_t start) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    int digit = at_ < text_.size() ? digit_of(text_[at_]) : 99;
    if (digit >= 16) fail("\\u needs four hexadecimal digits", start);
    code = code * 16 + static_cast<uint32_t>(digit);
    ++at_;
  }
  return code;
}

// After \u. Java writes what is beyond 16 bits as two halves.
void EdnParser::append_unicode(std::string& out, size_t start) {
  uint32_t code = read_hex(start);
  bool low = code >= 0xdc00 && code < 0xe000;
  if (code >= 0xd800 && code < 0xdc00) {
    low = true;
    if (text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      uint32_t second = read_hex(start);
      low = second < 0xdc00 || second >= 0xe000;
      code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
    }
  }
  if (low) fail("half of a surrogate pair is no character", start);
  append_utf8(code, out);
}

Value EdnParser::read_character() {
  size_t start = at_++;
  if (at_ >= text_.size() || (is_space(text_[at_]) && text_[at_] != ',')) {
    fail("a character must follow \\", start);
  }
  size_t first = at_++;
  while (at_ < text_.size() && !ends_token(text_[at_])) ++at_;
  std::string_view word = text_.substr(first, at_ - first);
  size_t points = static_cast<size_t>(std::count_if(word.begin(), word.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
  if (points == 1) return text(Kind::character, word);
  for (auto [spelt, is] : {std::pair<std::string_view, std::string_view>{"newline", "\n"},
                           {"space", " "},
                           {"tab", "\t"},
                           {"return", "\r"},
                           {"formfeed", "\f"},
                           {"backspace", "\b"}}) {
    if (word == spelt) return text(Kind::character, is);
  }
  std::string out;
  if (word[0] == 'u' && word.size() == 5) {
    size_t end = at_;
    at_ = first + 1;
    append_unicode(out, start);
    if (at_ == end) return text(Kind::character, out);
  } else if (word[0] == 'o' && word.size() <= 4) {
    uint32_t code = 0;
    auto [stop, error] = std::from_chars(word.data() + 1, word.data() + word.size(), code, 8);
    if (error == std::errc() && stop == word.data() + word.size() && code <= 0377) {
      append_utf8(code, out);
      return text(Kind::character, out);
    }
  }
  fail(fmt::format("unknown character \\{}", word), start);
}

// Integers in another base than ten; they may be of any size.
Value EdnParser::read_radix(std::string_view digits, int radix, bool negative, size_t start) {
  if (digits.size() > kDigitsMax) fail("the integer is too long", start);
  std::string decimal = "0";
  for (char c : digits) {
    int carry = digit_of(c);
    for (size_t i = decimal.size(); i-- > 0;) {
      carry += (decimal[i] - '0') * radix;
      decimal[i] = static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) decimal.insert(0, 1, static_cast<char>('0' + carry % 10));
  }
  if (negative && decimal != "0") decimal.insert(0, 1, '-');
  return keep_ ? values_.digits(decimal) : kNull;
}

Value EdnParser::read_number(std::string_view word, size_t start) {
  auto malformed = [&](const char* why) {
    fail(fmt::format("not a number: {}{}", word, why), start);
  };
  bool negative = word[0] == '-';
  std::string_view rest = word.substr(word[0] == '-' || word[0] == '+');
  auto all = [](std::string_view text, int radix) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [&](char c) { return digit_of(c) < radix; });
  };
  bool big = rest.back() == 'N';
  std::string_view plain = rest.substr(0, rest.size() - big);
  if (all(plain, 10) && (plain[0] != '0' || plain == "0")) {
    if (!keep_ || plain == "0") return keep_ ? values_.integer(0) : kNull;
    return values_.digits(negative ? word.substr(0, plain.size() + 1) : plain);
  }
  if (plain.size() > 2 && plain[0] == '0' && (plain[1] == 'x' || plain[1] == 'X')) {
    if (!all(plain.substr(2), 16)) malformed("");
    return read_radix(plain.substr(2), 16, negative, start);
  }
  if (plain[0] == '0' && all(plain, 10)) {
    if (!all(plain, 8)) malformed(" (a leading 0 means base eight)");
    return read_radix(plain, 8, negative, start);
  }
  if (size_t r = rest.find_first_of("rR");
      r != std::string_view::npos && all(rest.substr(0, r), 10)) {
    int radix = r <= 2 ? std::stoi(std::string(rest.substr(0, r))) : 0;
    if (radix < 2 || radix > 36 || !all(rest.substr(r + 1), radix)) malformed("");
    return read_radix(rest.substr(r + 1), radix, negative, start);
  }
  if (size_t slash = rest.find('/'); slash != std::string_view::npos) {
    std::string_view over = rest.substr(0, slash), under = rest.substr(slash + 1);
    if (!all(over, 10) || !all(under, 10)) malformed("");
    int64_t a = 0, b = 0;
    if (std::from_chars(over.data(), over.data() + over.size(), a).ec != std::errc() ||
        std::from_chars(under.data(), under.data() + under.size(), b).ec != std::errc()) {
      malformed(" (a ratio is of 64-bit integers here)");
    }
    if (b == 0) malformed(" (divided by zero)");
    int64_t common = std::gcd(a, b);
    a = (negative ? -a : a) / common;
    b /= common;
    if (!keep_) return kNull;
    return b == 1 ? values_.integer(a) : values_.text(Kind::ratio, fmt::format("{}/{}", a, b));
  }
  // [digits][.digits][exponent][M]
  bool exact = rest.back() == 'M';
  std::string_view body = rest.substr(0, rest.size() - exact);
  size_t whole = std::min(body.find_first_not_of("0123456789"), body.size());
  size_t at = whole;
  std::string_view fraction;
  if (at < body.size() && body[at] == '.') {
    size_t end = std::min(body.find_first_not_of("0123456789", at + 1), body.size());
    fraction = body.substr(at + 1, end - at - 1);
    at = end;
  }
  int64_t exponent = 0;
  if (at < body.size() && (body[at] == 'e' || body[at] == 'E')) {
    const char* from = body.data() + at + 1;
    const char* end = body.data() + body.size();
    if (from < end && *from == '+' && from + 1 < end && from[1] != '-') ++from;
    auto [stop, error] = std::from_chars(from, end, exponent);
    if (error != std::errc() || stop != end || exponent > 1'000'000 || exponent < -1'000'000) {
      malformed("");
    }
    at = body.size();
  }
  bool zeros = whole > 1 && body[0] == '0';
  if (whole == 0 || at != body.size() || zeros) malformed("");
  if (exact) {  // equal iff digits and scale are: 1.0M is not 1.00M
    std::string digits = std::string(body.substr(0, whole)) + std::string(fraction);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    int64_t scale = static_cast<int64_t>(fraction.size()) - exponent;
    std::string out = negative && digits != "0" ? "-" : "";
    if (scale == 0) {
      out += digits;
    } else if (scale > 0 && scale < 100) {
      if (digits.size() <= static_cast<size_t>(scale)) {
        digits.insert(0, static_cast<size_t>(scale) + 1 - digits.size(), '0');
      }
      out += digits.insert(digits.size() - static_cast<size_t>(scale), ".");
    } else {
      out += digits + fmt::format("E{}", -scale);
    }
    return text(Kind::decimal, out + "M");
  }
  double real = 0;
  auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), real);
  if (error != std::errc() || !std::isfinite(real)) malformed(" (it does not fit a double)");
  if (negative && real != 0) real = -real;
  std::string out = fmt::format("{}", real);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return text(Kind::floating, out);
}

// yyyy-mm-ddThh:mm:ss.fffffffff+hh:mm, or less of it from the right, as Clojure reads it.
Value EdnParser::instant(std::string_view t, size_t start) {
  auto bad = [&](const char* why) { fail(fmt::format("#inst \"{}\": {}", t, why), start); };
  size_t at = 0;
  auto number = [&](size_t digits) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i, ++at) {
      if (at >= t.size() || !is_digit(t[at])) bad("not a time as RFC 3339 writes it");
      value = value * 10 + (t[at] - '0');
    }
    return value;
  };
  auto next = [&](char c) { return at < t.size() && t[at] == c && ++at; };
  int year = number(4), month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int64_t nanos = 0, offset = 0;
  if (next('-')) {
    month = number(2);
    if (next('-')) {
      day = number(2);
      if (next('T')) {
        hour = number(2);
        if (next(':')) {
          minute = number(2);
          if (next(':')) {
            second = number(2);
            if (next('.')) {
              int digits = 0;
              for (; at < t.size() && is_digit(t[at]); ++at, ++digits) {
                if (digits < 9) nanos = nanos * 10 + (t[at] - '0');
              }
              if (digits == 0 || digits > 9) bad("a fraction has one to nine digits");
              for (; digits < 9; ++digits) nanos *= 10;
            }
          }
        }
      }
    }
  }
  if (at < t.size() && !next('Z')) {
    bool west = t[at] == '-';
    if (!west && t[at] != '+') bad("not a time as RFC 3339 writes it");
    ++at;
    int hours = number(2);
    if (!next(':')) bad("not a time as RFC 3339 writes it");
    int minutes = number(2);
    if (hours > 23 || minutes > 59) bad("there is no such offset");
    offset = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  if (at != t.size()) bad("not a time as RFC 3339 writes it");
  bool there = month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month) &&
               hour <= 23 && minute <= 59 && second <= (minute == 59 ? 60 : 59);
  if (!there) bad("there is no such time");
  int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  seconds -= offset * 60;
  // Back to a date, in UTC.
  int64_t days = seconds >= 0 ? seconds / 86400 : -((86399 - seconds) / 86400);
  int64_t left = seconds - days * 86400;
  int64_t y = 1970 + days / 366;
  while (days_of(y + 1, 1, 1) <= days) ++y;
  while (days_of(y, 1, 1) > days) --y;
  int m = 12;
  while (days_of(y, m, 1) > days) --m;
  return text(Kind::instant, fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", y, m,
                                         days - days_of(y, m, 1) + 1, left / 3600, left / 60 % 60,
                                         left % 60, nanos));
}

Value EdnParser::uuid(std::string_view t, size_t start) {
  std::string out(t);
  bool good = t.size() == 36;
  for (size_t i = 0; good && i < t.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    good = dash ? t[i] == '-' : digit_of(t[i]) < 16;
    if (t[i] >= 'A' && t[i] <= 'F') out[i] = static_cast<char>(t[i] - 'A' + 'a');
  }
  if (!good)
    fail(fmt::format("#uuid \"{}\": not a UUID (8-4-4-4-12 hexadecimal digits)", t), start);
  return text(Kind::uuid, out);
}

}  // namespace lockstep::history
