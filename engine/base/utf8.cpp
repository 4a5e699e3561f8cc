#include "engine/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace lockstep {
namespace {

size_t length_of(unsigned char first) {
  return first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

uint32_t code_of(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(character[i]) & 0xff; };
  const size_t n = character.size();
  if (n == 1) return byte(0);
  uint32_t code = byte(0) & (0x7fU >> n);
  for (size_t i = 1; i < n; i++) code = code << 6 | (byte(i) & 0x3f);
  return code;
}

// Unicode's Bidi_Control, and what ends a line for some who show it.
bool steers(uint32_t code) {
  if (code < 0x20) return code != '\n' && code != '\t';
  return (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

size_t not_utf8(std::string_view text) {
  size_t at = 0;
  const size_t n = text.size();
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  while (at < n) {
    uint64_t word;
    while (n - at >= 8 && (std::memcpy(&word, text.data() + at, 8), true) &&
           (word & 0x8080808080808080ULL) == 0) {
      at += 8;
    }
    if (at == n) break;
    const unsigned first = byte(at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || n - at < length) return at;
    const unsigned second = byte(at + 1);
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return at;
    for (size_t i = 2; i < length; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t sound = not_utf8(text);
    std::string_view part = text.substr(0, sound);
    text.remove_prefix(part.size());
    while (!part.empty()) {
      const auto character = part.substr(0, length_of(static_cast<unsigned char>(part[0])));
      if (steers(code_of(character)))
        out += '?';
      else
        out += character;
      part.remove_prefix(character.size());
    }
    if (!text.empty()) out += '?', text.remove_prefix(1);
  }
  return out;
}

}  // namespace lockstep
