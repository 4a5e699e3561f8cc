#include "cli/fold/waiting.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/fold/calls.h"
#include "cli/fold/printed_term.h"

namespace lockstep::cli {
namespace {

constexpr std::string_view kWaits = "waits for ", kAt = " at ";

bool starts(std::string_view text, std::string_view with) { return text.starts_with(with); }

// "P1(a) waits for {"ok"} at file.lua:12; mailbox empty": the words of Recorder::waits.
bool parse(std::string_view who, std::string_view state, Waiting* waiting) {
  if (!starts(state, kWaits)) return false;
  state.remove_prefix(kWaits.size());
  auto end = state.find("; mailbox ");
  if (const auto note = state.find(" (its matcher"); note < end) end = note;
  state = state.substr(0, end);
  const auto at = state.rfind(kAt);
  waiting->who = who;
  waiting->pattern = state.substr(0, at);
  if (at != std::string_view::npos) waiting->site = state.substr(at + kAt.size());
  return true;
}

// What a search for the fate of a message may look at.
class Fates {
 public:
  Fates(const Trace& trace, const Observed* observed) : trace_(trace), observed_(observed) {}

  void tell(Waiting& w) const {
    const auto me = without_names(w.who);
    if (starts(w.pattern, "lock") || held(w)) return;
    if (request(w, me)) return;
    if (elements(w.pattern).empty() && w.pattern.front() != '"') {
      if (w.pattern == "any message") w.where.push_back(any(me));
      return;
    }
    bool sent = false;
    for (const Event& e : trace_.events) {
      if (e.op == OpKind::send && without_names(e.target) == me && takes(w.pattern, e.args)) {
        sent = true;
        w.where.push_back(fate(e, me));
      }
    }
    if (!sent) w.where.push_back("nobody sends it");
  }

 private:
  // A lock: who has it.
  bool held(Waiting& w) const {
    if (!observed_) return false;
    for (const Shown& s : observed_->end)
      if (s.what == "lock" && w.pattern.find(s.of) != std::string::npos) {
        const auto by = s.value.find("taken by ");
        if (by != std::string::npos) w.where.push_back(s.value.substr(by));
        return true;
      }
    return false;
  }

  const Event* taken(const Event& sent, std::string_view me) const {
    for (const Event& e : trace_.events)
      if (e.op == OpKind::receive && without_names(e.who) == me &&
          std::find(e.causes.begin(), e.causes.end(), sent.step) != e.causes.end())
        return &e;
    return nullptr;
  }

  std::string fate(const Event& sent, std::string_view me) const {
    const auto told =
        fmt::format("{} of {} (step {})", plain_message(sent.args), sent.who, sent.step);
    for (const Event& e : trace_.events)
      if (e.kind == AltKind::fault && e.step > sent.step && starts(e.args, "message lost: ") &&
          e.args.substr(std::string_view("message lost: ").size()) == sent.args)
        return fmt::format("{} is lost at step {}", told, e.step);
    if (const Event* by = taken(sent, me))
      return fmt::format("{} was taken at step {}", told, by->step);
    return told + " never arrives";
  }

  std::string any(std::string_view me) const {
    const Event* last = nullptr;
    size_t n = 0;
    for (const Event& e : trace_.events)
      if (e.op == OpKind::receive && without_names(e.who) == me && !e.causes.empty())
        last = &e, n++;
    if (!last) return "nobody sends it anything";
    return fmt::format("it has taken all that came, the last at step {}", last->step);
  }

  // An answer: what became of the request.
  bool request(Waiting& w, std::string_view me) const {
    for (auto e = trace_.events.rbegin(); e != trace_.events.rend(); ++e) {
      if (e->op != OpKind::send || without_names(e->who) != me) continue;
      const Request r = request_of(e->args);
      const auto tag = r.kind == Request::call || r.kind == Request::system ? r.tag : tag_of(*e);
      if (tag.empty() || w.pattern.find(tag) == std::string::npos) continue;
      const auto what = r.kind == Request::none ? e->args : plain_message(e->args);
      w.pattern = fmt::format("the answer to {} (step {})", what, e->step);
      w.where.push_back(whereabouts(*e, tag));
      return true;
    }
    return false;
  }
  // A reference that a message carries, of hand-written requests.
  static std::string tag_of(const Event& e) {
    for (const auto part : elements(e.args))
      if (part.starts_with("#Ref<")) return std::string(part);
    return {};
  }

  std::string whereabouts(const Event& sent, const std::string& tag) const {
    const auto peer = without_names(sent.target);
    if (peer.empty()) return "there was nobody to send it to";
    if (observed_)
      for (const Shown& s : observed_->end)
        if (s.what == "server" && s.key == "postponed" && without_names(s.of) == peer &&
            s.value.find(tag) != std::string::npos)
          return fmt::format("{} has postponed the request", sent.target);
    if (const Event* by = taken(sent, peer))
      return fmt::format("{} has it since step {}, and has not answered", sent.target, by->step);
    const auto f = fate(sent, peer);
    if (f.find(" is lost ") != std::string::npos) return f;
    return fmt::format("it is unread in the mailbox of {}", sent.target);
  }

  const Trace& trace_;
  const Observed* observed_;
};

}  // namespace

std::vector<Waiting> who_waits(const Trace& trace, const Observed* observed) {
  std::vector<Waiting> all;
  const auto verdict = trace.outcome.verdict;
  if (verdict != Verdict::deadlock && verdict != Verdict::liveness) return all;
  Waiting w;
  if (verdict == Verdict::deadlock) {
    std::string_view story = trace.outcome.detail;
    while (!story.empty()) {
      const auto line = story.substr(0, story.find('\n'));
      story.remove_prefix(std::min(line.size() + 1, story.size()));
      const auto at = line.find(" waits for ");
      if (at != std::string_view::npos && parse(line.substr(0, at), line.substr(at + 1), &w))
        all.push_back(w), w = {};
    }
  } else if (observed) {
    for (const Shown& s : observed->end)
      if (s.what == "process" && s.key == "state" && parse(s.of, s.value, &w))
        all.push_back(w), w = {};
  }
  const Fates fates(trace, observed);
  for (Waiting& each : all) {
    for (const Event& e : trace.events)
      if (without_names(e.who) == without_names(each.who)) each.process = e.process;
    fates.tell(each);
  }
  return all;
}

namespace {

// What a state machine has postponed, as it keeps it: {{"call", From}, Content}, {"info", Content}.
void add_postponed(const Shown& s, std::vector<Unread>& all) {
  for (const auto event : elements(s.value)) {
    const auto parts = elements(event);
    if (parts.size() != 2) continue;
    const bool call = parts[0].starts_with("{\"call\"");
    Unread u;
    u.who = s.of;
    u.message = (call ? "call " : "") + std::string(parts[1]);
    if (call && elements(parts[0]).size() == 2)
      if (const auto from = elements(elements(parts[0])[1]); !from.empty()) u.from = from[0];
    u.where = Unread::postponed;
    all.push_back(std::move(u));
  }
}

void add_lost(const Trace& trace, std::vector<Unread>& all) {
  constexpr std::string_view kLost = "message lost: ";
  for (const Event& e : trace.events) {
    if (e.kind != AltKind::fault || !e.args.starts_with(kLost)) continue;
    Unread u;
    u.who = e.target;
    u.message = plain_message(std::string_view(e.args).substr(kLost.size()));
    for (const Event& sent : trace.events)
      if (sent.op == OpKind::send &&
          std::find(e.causes.begin(), e.causes.end(), sent.step) != e.causes.end())
        u.from = sent.who;
    u.step = e.step;
    u.where = Unread::lost;
    all.push_back(std::move(u));
  }
}

}  // namespace

std::vector<Unread> what_is_unread(const Trace& trace, const Observed& observed) {
  std::vector<Unread> all;
  constexpr std::string_view kTo = "to ", kSent = "sent in step ", kMessage = "message ";
  add_lost(trace, all);
  for (const Shown& s : observed.end) {
    if (s.what == "server" && s.key == "postponed") add_postponed(s, all);
    const bool waits = s.what == "mailbox";
    if (!waits && s.what != "on its way") continue;
    Unread u;
    std::string_view value = s.value;
    if (!waits) {
      if (!value.starts_with(kMessage)) continue;
      value.remove_prefix(kMessage.size());
    }
    const auto from = value.rfind(" from ");
    u.message = plain_message(value.substr(0, from));
    if (from != std::string_view::npos) u.from = value.substr(from + 6);
    u.who = waits ? s.of : s.of.substr(kTo.size());
    u.where = waits ? Unread::mailbox : Unread::on_its_way;
    if (s.key.starts_with(kSent))
      std::from_chars(s.key.data() + kSent.size(), s.key.data() + s.key.size(), u.step);
    all.push_back(std::move(u));
  }
  return all;
}

}  // namespace lockstep::cli
