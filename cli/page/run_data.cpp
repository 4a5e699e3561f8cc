#include "cli/page/run_data.h"

#include <fmt/format.h>

namespace lockstep::cli {
namespace {

std::string cut(const std::string& text, size_t longest) {
  if (text.size() <= longest) return text;
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;  // UTF-8
  return fmt::format("{}... ({} bytes more)", text.substr(0, end), text.size() - end);
}

}  // namespace

uint32_t Texts::operator()(const std::string& text) {
  auto shown = harmless(cut(text, longest_));
  const auto [it, fresh] = numbers_.try_emplace(shown, static_cast<uint32_t>(all_.size()));
  if (fresh) {
    bytes_ += shown.size() + 3;
    all_.push_back(std::move(shown));
  }
  return it->second;
}

uint32_t Slots::operator()(const Shown& shown, Texts& texts) {
  // Processes are called by their number alone: what they are called besides may change.
  const auto of = without_names(shown.of), key = without_names(shown.key);
  const auto [it, fresh] =
      numbers_.try_emplace(shown.what + '\n' + of + '\n' + key, static_cast<uint32_t>(all_.size()));
  if (fresh) all_.push_back({texts(shown.what), texts(of), texts(key)});
  return it->second;
}

States states_of(Walk& walk, size_t line) {
  States states;
  std::vector<Shown> before;
  walk.states(line, [&](uint32_t step, const std::vector<Shown>& state) {
    if (step == 0)
      states.start = state;
    else
      states.after.push_back(compare(before, state));
    before = state;
  });
  return states;
}

Json events_json(const std::vector<Event>& events, Texts& texts) {
  Json all = Json::array();
  for (const Event& e : events) {
    Json row{e.step,          static_cast<int>(e.kind),
             e.process,       texts(e.who),
             texts(e.what),   texts(e.target),
             texts(e.args),   texts(e.result),
             texts(e.change), texts(e.site)};
    for (const uint32_t cause : e.causes) row.push_back(cause);
    all.push_back(std::move(row));
  }
  return all;
}

Json states_json(const States& states, Texts& texts, Slots& slots) {
  Json start = Json::array(), after = Json::array();
  for (const Shown& s : states.start) {
    start.push_back(slots(s, texts));
    start.push_back(texts(s.value));
  }
  for (const auto& differences : states.after) {
    Json row = Json::array();  // slot, then the text of its value, or -1 where it is gone
    for (const Difference& d : differences) {
      row.push_back(slots(d.what, texts));
      row.push_back(d.after ? Json(texts(*d.after)) : Json(-1));
    }
    after.push_back(std::move(row));
  }
  return {{"start", std::move(start)}, {"after", std::move(after)}};
}

}  // namespace lockstep::cli
