#include "cli/terminal/fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kLeast = 12;  // columns that a continuation has, whatever its indent would be
constexpr size_t kField = 15;  // "  name:        " (field())

// The bytes of the colour or the character at `at`.
size_t length_at(std::string_view text, size_t at) {
  size_t n = 1;
  if (text.substr(at).starts_with("\x1b[")) {
    while (at + n < text.size() && !std::isalpha(static_cast<unsigned char>(text[at + n]))) n++;
    return std::min(n + 1, text.size() - at);
  }
  while (at + n < text.size() && (text[at + n] & 0xc0) == 0x80) n++;
  return n;
}
bool is_colour(std::string_view text, size_t at) { return text.substr(at).starts_with("\x1b["); }

// Bytes of the first `columns` columns, colours that follow included.
size_t bytes_of(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size() && (is_colour(text, at) || columns > 0)) {
    if (!is_colour(text, at)) columns--;
    at += length_at(text, at);
  }
  return at;
}

// Where a line that goes on below is to go on: a field's text, an item of a list, else two further
// in than the line.
size_t hanging(std::string_view line) {
  const auto indent = std::min(line.find_first_not_of(' '), line.size());
  const auto rest = line.substr(indent);
  const auto colon = rest.find(": ");
  if (indent == 2 && colon != std::string_view::npos && colon <= kField - 4) return kField;
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits > 0 && rest.substr(digits).starts_with(". ")) return indent + digits + 2;
  if (indent >= kField) return indent;
  return indent + 2;
}

// Words of these are taken as they are by scripts, or by hand.
bool is_verbatim(std::string_view line) {
  const auto text = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  return text.starts_with("trace path:") || text.starts_with("shrunk to:") ||
         text.starts_with("signature:");
}

}  // namespace

size_t shown_width(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size(); at += length_at(text, at)) columns += !is_colour(text, at);
  return columns;
}

std::string padded(std::string text, size_t width) {
  const auto have = shown_width(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

std::string shortened(const std::string& text, size_t most) {
  auto out = one_line(text);
  if (shown_width(out) <= most) return out;
  if (most <= 3) return std::string(most, '.');
  return out.substr(0, bytes_of(out, most - 3)) + "...";
}

std::string reason_shown(const std::string& text) {
  constexpr size_t kMost = 2000, kEnd = 500;
  auto out = one_line(text);
  const size_t all = shown_width(out);
  if (all <= kMost) return out;
  const size_t from = bytes_of(out, kMost - kEnd), to = bytes_of(out, all - kEnd);
  return fmt::format("{} [... {} characters ...] {}", out.substr(0, from), grouped(all - kMost),
                     out.substr(to));
}

std::string fitted(std::string_view text, size_t width) {
  std::string out;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    const bool ended = line.size() < text.size();
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    size_t indent = hanging(line);
    if (indent + kLeast > width) indent = 2;
    const bool verbatim = is_verbatim(line);
    size_t from = 0;  // the columns of the line that are its indent already
    while (from + shown_width(line) > width) {
      const size_t most = bytes_of(line, width - from);
      size_t end = line.rfind(' ', most);
      // Rather between two things than within one.
      for (const char* mark : {", ", "; "})
        if (const size_t apart = line.rfind(mark, most);
            apart != std::string_view::npos && apart + 1 <= most && apart * 3 > most * 2)
          end = std::min(end, apart + 1);
      if (verbatim) {
        end = line.find(' ', std::max(from ? size_t{0} : kField, std::min(end, most)));
        if (end == std::string_view::npos) break;
      }
      // Not in the line's own indent, and not so early that most of the line would be empty.
      const auto text_begins = std::min(line.find_first_not_of(' '), line.size());
      if (!verbatim && (end == std::string_view::npos || end <= text_begins || end * 2 < most))
        end = most;
      auto part = line.substr(0, end);
      line.remove_prefix(end);
      while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
      while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
      out += part;
      out += '\n' + std::string(indent, ' ');
      from = indent;
    }
    out += line;
    if (ended) out += '\n';
  }
  return out;
}

}  // namespace lockstep::cli
