#include "engine/base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>

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

// Ranges of Unicode 15 beside the control characters: Bidi_Control, what ends a line for some who
// show it, interlinear annotation, and Default_Ignorable_Code_Point.
struct Range {
  uint32_t first, last;
};
constexpr Range kSteers[] = {
    {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool steers(uint32_t code) {
  if (code < 0x20) return code != '\n' && code != '\t';
  if (code < 0x7f) return false;
  return code < 0xa0 || std::any_of(std::begin(kSteers), std::end(kSteers), [&](const Range& r) {
           return code >= r.first && code <= r.last;
         });
}

// Calls `take` with each character and its code, and with an empty one for each byte that is none.
template <class Take>
void each_character(std::string_view text, Take take) {
  while (!text.empty()) {
    std::string_view part = text.substr(0, not_utf8(text));
    text.remove_prefix(part.size());
    while (!part.empty()) {
      const auto character = part.substr(0, length_of(static_cast<unsigned char>(part[0])));
      take(character, code_of(character));
      part.remove_prefix(character.size());
    }
    if (!text.empty()) take({}, 0), text.remove_prefix(1);
  }
}

std::string escape(uint32_t unit) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", unit);
  return text;
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

void append_utf8(uint32_t code, std::string& out) {
  auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 63)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](std::string_view character, uint32_t code) {
    if (character.empty() || steers(code))
      out += '?';
    else
      out += character;
  });
  return out;
}

std::string harmless_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  each_character(json, [&](std::string_view character, uint32_t code) {
    if (character.empty())
      out += escape(0xfffd);
    else if (!steers(code))
      out += character;
    else if (code < 0x10000)
      out += escape(code);
    else
      out += escape(0xd800 + ((code - 0x10000) >> 10)) + escape(0xdc00 + (code & 0x3ff));
  });
  return out;
}

}  // namespace lockstep
