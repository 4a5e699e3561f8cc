#include "cli/fold/printed_term.h"

#include <algorithm>

namespace lockstep::cli {
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Long ones are printed in part and lack the end.
bool is_table(std::string_view s) { return !s.empty() && s.front() == '{'; }

}  // namespace

std::vector<std::string_view> arguments_of(std::string_view list) {
  std::vector<std::string_view> parts;
  size_t depth = 0, begin = 0;
  bool quoted = false;
  for (size_t i = 0; i < list.size(); i++) {
    const char c = list[i];
    if (quoted) {
      if (c == '\\')
        i++;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '(' || c == '<') {
      depth++;
    } else if (c == '}' || c == ')' || c == '>') {
      depth -= depth > 0;
    } else if (c == ',' && depth == 0) {
      parts.push_back(trimmed(list.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  if (const auto last = trimmed(list.substr(std::min(begin, list.size()))); !last.empty())
    parts.push_back(last);
  return parts;
}

std::vector<std::string_view> elements(std::string_view table) {
  table = trimmed(table);
  if (!is_table(table)) return {};
  table.remove_prefix(1);
  if (!table.empty() && table.back() == '}') table.remove_suffix(1);
  return arguments_of(table);
}

bool takes(std::string_view pattern, std::string_view term) {
  pattern = trimmed(pattern), term = trimmed(term);
  if (pattern == "any" || pattern == term) return true;
  if (!is_table(pattern)) return false;
  const auto wanted = elements(pattern);
  if (!wanted.empty() && wanted[0] == "one_of")
    return std::any_of(wanted.begin() + 1, wanted.end(),
                       [&](std::string_view each) { return takes(each, term); });
  if (!is_table(term)) return false;
  const auto have = elements(term);
  if (have.size() != wanted.size()) return false;
  for (size_t i = 0; i < have.size(); i++)
    if (!takes(wanted[i], have[i])) return false;
  return true;
}

std::string chosen(const Event& choice) {
  const auto list = elements(choice.args);
  size_t n = 0;
  for (const char c : choice.result) n = c >= '0' && c <= '9' && n < 65536 ? n * 10 + (c - '0') : 0;
  return n >= 1 && n <= list.size() ? std::string(list[n - 1]) : choice.result;
}

}  // namespace lockstep::cli
