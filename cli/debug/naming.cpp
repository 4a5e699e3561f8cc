// What parts of the state and steps are called, in replies and in commands.
#include <algorithm>
#include <cctype>

#include "cli/debug/session.h"
#include "cli/terminal/words.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {
namespace {

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool has_word(const std::string& name, const std::string& word) {
  for (size_t at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !in_word(word.front()) || !in_word(name[at - 1]);
    const bool ends = end == name.size() || !in_word(word.back()) || !in_word(name[end]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

std::string name_of(const Shown& s) {
  if (s.what == "table" || s.what == "atomics" || s.what == "counters")
    return s.key.starts_with('(') ? s.of + ' ' + s.key : s.of + '[' + s.key + ']';
  return s.what + (s.of.empty() ? "" : ' ' + s.of) + (s.key.empty() ? "" : ' ' + s.key);
}

bool is_meant(const Shown& s, const Words& words) {
  const auto name = s.what + ' ' + name_of(s);
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return has_word(name, word); });
}

std::string event_line(const Event& e) {
  auto text = event_text(e);
  if (!e.change.empty()) text += "  [" + e.change + "]";
  if (!e.site.empty()) text += "  " + e.site;
  return one_line(text);
}

Json event_json(const Event& e) {
  return {{"step", e.step},     {"process", e.process},
          {"who", e.who},       {"what", e.what},
          {"target", e.target}, {"args", e.args},
          {"result", e.result}, {"change", e.change},
          {"site", e.site},     {"alternatives", e.alternatives}};
}

Json shown_json(const Shown& s) {
  return {{"name", name_of(s)}, {"kind", s.what}, {"of", s.of}, {"key", s.key}, {"value", s.value}};
}

}  // namespace lockstep::cli
