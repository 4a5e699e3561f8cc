// What parts of EDN are told apart by.
#pragma once
#include <string_view>

namespace lockstep::history {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_space(char c) {
  return std::string_view(" \t\r\n\f\v,").find(c) != std::string_view::npos;
}
inline bool ends_token(char c) {
  return is_space(c) || std::string_view("()[]{}\";").find(c) != std::string_view::npos;
}

}  // namespace lockstep::history
