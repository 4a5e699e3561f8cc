#include "cli/settings/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

template <class T>
bool whole(std::string_view text, T* out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool decimal(std::string_view text, double* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*out);
}

struct Unit {
  std::string_view suffix;
  double factor;
};

// The longest suffix that fits wins, so "ms" is not a number with "s" after it.
bool with_unit(std::string_view text, std::initializer_list<Unit> units, double* out) {
  for (const auto& unit : units)
    if (text.ends_with(unit.suffix) &&
        decimal(text.substr(0, text.size() - unit.suffix.size()), out)) {
      *out *= unit.factor;
      return *out >= 0;
    }
  return false;
}

}  // namespace

uint64_t parse_count(const std::string& text, uint64_t least, uint64_t most) {
  uint64_t n = 0;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && !whole(text, &n))  // more than fits
    throw fmt::format("must be at most {}, got '{}'", most, text);
  if (!whole(text, &n) || n < least)
    throw fmt::format("must be a whole number of at least {}, got '{}'", least, text);
  if (n > most) throw fmt::format("must be at most {}, got '{}'", most, text);
  return n;
}

double parse_probability(const std::string& text) {
  double p = 0;
  if (!decimal(text, &p) || p < 0 || p > 1)
    throw fmt::format("must be a number from 0 to 1, got '{}'", text);
  return p;
}

double parse_seconds(const std::string& text) {
  double s = 0;
  if (!with_unit(text, {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"", 1}}, &s) || s <= 0)
    throw fmt::format("must be a time above 0 such as 5, 500ms, 5s, 2m or 1h, got '{}'", text);
  return s;
}

uint64_t parse_bytes(const std::string& text) {
  double b = 0;
  const double k = 1024;
  if (!with_unit(text, {{"k", k}, {"K", k}, {"M", k * k}, {"G", k * k * k}, {"", 1}}, &b) ||
      b < 1 || b > 1e15)
    throw fmt::format("must be a size such as 1048576, 512k, 256M or 1G, got '{}'", text);
  return static_cast<uint64_t>(b);
}

uint64_t parse_seed(const std::string& text) {
  uint64_t seed = 0;
  const auto hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.size() == 40 && std::all_of(text.begin(), text.end(), hex)) {
    whole(std::string_view(text).substr(0, 16), &seed, 16);
    return seed;
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    if (whole(std::string_view(text).substr(2), &seed, 16)) return seed;
  } else if (whole(text, &seed)) {
    return seed;
  }
  throw fmt::format("must be a whole number, 0x and hex digits, or a 40-digit commit id, got '{}'",
                    text);
}

bool parse_bool(const std::string& text) {
  if (text != "true" && text != "false") throw fmt::format("must be true or false, got '{}'", text);
  return text == "true";
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0;;) {
    const auto end = text.find(separator, at);
    parts.emplace_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

void check_choice(const char* choices, const std::string& value) {
  const auto words = split(choices, '|');
  if (std::find(words.begin(), words.end(), value) != words.end()) return;
  const auto near = nearest(value, words);
  throw fmt::format("must be one of {}, got '{}'{}", fmt::join(words, ", "), value,
                    near.empty() ? "" : fmt::format(" (did you mean {}?)", near));
}

}  // namespace lockstep::cli
