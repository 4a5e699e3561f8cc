// Numbers and texts as people read them.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lockstep::cli {

inline std::string grouped(uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

inline std::string percent(double share) { return fmt::format("{:.2g} %", share * 100); }

// What a scenario says must not steer the terminal.
inline std::string harmless(std::string text) {
  for (auto& c : text)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == 0x7f) c = '?';
  return text;
}

inline std::string one_line(std::string text) {
  for (auto& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return harmless(std::move(text));
}

inline std::string counted(uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

inline std::string field(std::string_view name, const std::string& value) {
  return fmt::format("  {:<13}{}\n", fmt::format("{}:", name), value);
}

}  // namespace lockstep::cli
