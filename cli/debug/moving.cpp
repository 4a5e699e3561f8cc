// Forwards and back along a line.
#include <fmt/format.h>

#include <algorithm>

#include "cli/debug/session.h"
#include "cli/settings/values.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

bool is_number(const std::string& word) {
  return !word.empty() &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string joined(const Words& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return one_line(out);
}

}  // namespace

const Event* Session::event(uint32_t step) const {
  const auto& events = here().recording.events;
  const auto it = std::lower_bound(events.begin(), events.end(), step,
                                   [](const Event& e, uint32_t s) { return e.step < s; });
  return it != events.end() && it->step == step ? &*it : nullptr;
}

uint32_t Session::step_argument(const std::string& word) const {
  if (word == "start") return 0;
  if (word == "end") return here().size();
  if (!is_number(word)) throw fmt::format("must be a step, start or end, got '{}'", word);
  return static_cast<uint32_t>(parse_count(word, 0, here().size()));
}

uint32_t Session::count_argument(const Words& words, uint32_t usual) const {
  return words.empty() ? usual : static_cast<uint32_t>(parse_count(words[0], 1, 1'000'000));
}

Json Session::place_json() const {
  return {{"line", line_},
          {"step", step_},
          {"steps", here().size()},
          {"ended", here().ended && step_ == here().size()}};
}

Reply Session::at(size_t line, uint32_t step) {
  line_ = line;
  step_ = step;
  return where({});
}

Reply Session::where(const Words&) {
  Reply reply;
  const auto line = line_ ? fmt::format("line {}, ", line_) : std::string();
  const Event* done = event(step_);
  if (step_ == 0)
    reply.text = fmt::format("{}at the start, of {}\n", line, counted(here().size(), "step"));
  else
    reply.text = fmt::format("{}step {} of {}: {}\n", line, step_, here().size(),
                             done ? event_line(*done) : "");
  reply.json["done"] = done ? event_json(*done) : Json(nullptr);
  const Event* next = event(step_ + 1);
  reply.json["next"] = next ? event_json(*next) : Json(nullptr);
  if (step_ < here().size()) {
    if (next) reply.text += fmt::format("  next, step {}: {}\n", step_ + 1, event_line(*next));
  } else if (here().ended) {
    reply.text += fmt::format("  the end: {}\n", ending());
    const Outcome& o = here().recording.outcome;
    reply.json["outcome"] = {{"failed", o.failed()},
                             {"reason", o.reason},
                             {"signature", o.failed() ? o.signature() : ""},
                             {"detail", o.detail}};
  } else {
    reply.text += "  nothing is decided beyond: alternatives, take N, run, sample\n";
  }
  return reply;
}

// N steps, or to a step of a process, in that direction.
Reply Session::beside(int direction, const Words& words) {
  const uint32_t size = here().size();
  if (words.empty() || is_number(words[0])) {
    const uint32_t n = count_argument(words, 1);
    return at(line_, direction > 0 ? std::min(size, step_ + std::min(n, size - step_))
                                   : step_ - std::min(n, step_));
  }
  bool known = false;
  const auto is_of = [&](const Event& e) {
    Shown who;
    who.of = e.who;
    return is_meant(who, words);
  };
  for (const Event& e : here().recording.events) known |= is_of(e);
  if (!known)
    throw fmt::format("must be a number or a process of this line, got '{}'", joined(words));
  for (uint32_t s = step_ + static_cast<uint32_t>(direction); s >= 1 && s <= size;
       s += static_cast<uint32_t>(direction))
    if (const Event* e = event(s); e && is_of(*e)) return at(line_, s);
  Reply reply = where({});
  reply.text =
      fmt::format("no step of {} {} here\n", joined(words), direction > 0 ? "after" : "before") +
      reply.text;
  return reply;
}

Reply Session::next(const Words& words) { return beside(1, words); }
Reply Session::back(const Words& words) { return beside(-1, words); }

Reply Session::go_to(const Words& words) {
  if (words.size() != 1) throw std::string("must have one step");
  return at(line_, step_argument(words[0]));
}

std::vector<Write> Session::writes_of(const Words& words) {
  if (words.empty()) throw std::string("must name what is written: state lists all there is");
  auto all = walk_.writes(line_, [&](const Shown& s) { return is_meant(s, words); });
  const auto here_now = walk_.state(line_, step_);
  if (all.empty() && std::none_of(here_now.begin(), here_now.end(),
                                  [&](const Shown& s) { return is_meant(s, words); }))
    throw fmt::format("must be in the name of something, got '{}'; state lists names",
                      joined(words));
  return all;
}

Reply Session::until(const Words& words) {
  for (const Write& w : writes_of(words))
    if (w.step > step_) return at(line_, w.step);
  Reply reply = where({});
  reply.json["found"] = false;
  reply.text = fmt::format("no step after {} writes {}\n", step_, joined(words)) + reply.text;
  return reply;
}

Reply Session::written(const Words& words) {
  const auto all = writes_of(words);
  for (auto w = all.rbegin(); w != all.rend(); ++w)
    if (w->step < step_) return at(line_, w->step);
  Reply reply = where({});
  reply.json["found"] = false;
  reply.text = fmt::format("no step before {} writes {}\n", step_, joined(words)) + reply.text;
  return reply;
}

}  // namespace lockstep::cli
