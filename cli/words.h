// Numbers and texts as people read them.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace lockstep::cli {

inline std::string grouped(uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

inline std::string percent(double share) { return fmt::format("{:.2g} %", share * 100); }

// What a scenario says must not steer the terminal: control characters, with those that UTF-8 has
// beyond ASCII (U+0080 to U+009F), become question marks.
inline std::string harmless(std::string text) {
  for (size_t i = 0; i < text.size(); i++) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f) text[i] = '?';
    if (byte >= 0x80 && byte < 0xa0 && i > 0 && text[i - 1] == '\xc2') text.replace(--i, 2, "?");
  }
  return text;
}

inline std::string one_line(std::string text) {
  for (auto& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return harmless(std::move(text));
}

// One word of a shell's command line.
inline std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_-./+=:,@%").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

inline std::string replay_command_line(const std::string& path) {
  return "lockstep replay --trace " + shell_word(path);
}

inline std::string counted(uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

inline std::string field(std::string_view name, const std::string& value) {
  return fmt::format("  {:<13}{}\n", fmt::format("{}:", name), value);
}

}  // namespace lockstep::cli
