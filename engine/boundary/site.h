// Static source places (Operation::site) at two grains: the call itself, and all calls of its kind
// on its line.
#pragma once
#include <cstdint>

namespace lockstep {

// A site is a digest of the line and of what is called, and below it one of which call of the line
// it is. 0 is no site.
inline constexpr unsigned kCallBits = 8;
constexpr uint32_t make_site(uint64_t line, uint64_t call) {
  const auto site = static_cast<uint32_t>(line) << kCallBits |
                    (static_cast<uint32_t>(call) & ((1u << kCallBits) - 1));
  return site ? site : 1;
}
constexpr uint32_t line_of(uint32_t site) { return site >> kCallBits; }

}  // namespace lockstep
