// Numbers and texts as people read them.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/utf8.h"

namespace lockstep::cli {

inline std::string grouped(uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

inline std::string percent(double share) { return fmt::format("{:.2g} %", share * 100); }

inline std::string one_line(std::string text) {
  for (auto& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return harmless(text);
}

std::string tool_version();  // "0.1.0"

// One word of a shell's command line.
std::string shell_word(const std::string& text);

inline std::string replay_command_line(const std::string& path) {
  return "lockstep replay --trace " + shell_word(path);
}

inline std::string counted(uint64_t n, std::string_view what) {
  return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

inline std::string field(std::string_view name, const std::string& value) {
  return fmt::format("  {:<13}{}\n", fmt::format("{}:", name), value);
}

// A field of several lines.
inline std::string several(std::string_view name, const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines)
    out += out.empty() ? field(name, line) : fmt::format("  {:<13}{}\n", "", line);
  return out;
}

}  // namespace lockstep::cli
