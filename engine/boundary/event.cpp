#include "engine/boundary/event.h"

#include <cctype>

namespace lockstep {

void rename(std::string& text, const Renamings& names) {
  if (text.find('(') == std::string::npos) return;
  for (const auto& [was, is] : names)
    for (size_t at = 0; (at = text.find(was, at)) != std::string::npos; at += is.size())
      text.replace(at, was.size(), is);
}

void rename(std::vector<Event>& events, const Renamings& names) {
  if (names.empty()) return;
  for (Event& e : events)
    for (std::string* text : {&e.who, &e.target, &e.args, &e.result, &e.change})
      rename(*text, names);
}

std::string without_names(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    out += text[i];
    if (text[i] != 'P') continue;
    size_t k = i + 1;
    while (k < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[k])) != 0 || text[k] == '.'))
      k++;
    if (k == i + 1) continue;
    out += text.substr(i + 1, k - i - 1);
    const size_t end = k < text.size() && text[k] == '(' ? text.find(')', k) : std::string::npos;
    i = end == std::string::npos ? k - 1 : end;
  }
  return out;
}

}  // namespace lockstep
