// Text in UTF-8 (RFC 3629), which nothing from outside is until it has been looked at.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep {

// Where the first byte stands that is not UTF-8, or npos.
size_t not_utf8(std::string_view text);

// Appends a code point.
void append_utf8(uint32_t code, std::string& out);

// What a terminal may be given: with a question mark for each byte that is not UTF-8, and for each
// character that would steer it or the order in which it shows others (control characters beside
// line feed and tab, marks and overrides of direction, separators of lines), or that is not seen at
// all (Unicode's Default_Ignorable_Code_Point: zero-width spaces and joiners, tags, ...).
std::string harmless(std::string_view text);

// The same for a value that was written as JSON in valid UTF-8, which keeps its meaning: such
// characters as \u escapes (RFC 8259, section 7).
std::string harmless_json(std::string_view json);

}  // namespace lockstep
