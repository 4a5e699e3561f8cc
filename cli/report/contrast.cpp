#include "cli/report/contrast.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/fold/calls.h"
#include "cli/fold/printed_term.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostValue = 48;

std::string cut(const std::string& text) {
  if (text.size() <= kMostValue) return text;
  size_t end = kMostValue - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;  // UTF-8
  return text.substr(0, end) + "...";
}

// The table as its first argument says nothing more than the object does.
std::string arguments(const Event& e) {
  if (!e.args.starts_with("#Tid<") && !e.args.starts_with("#Atomics<")) return e.args;
  const size_t comma = e.args.find(", ");
  return comma == std::string::npos ? "" : e.args.substr(comma + 2);
}

// Channels are called "signals to P1(follower)".
std::string receiver(const Event& e) {
  constexpr std::string_view kChannel = "signals to ";
  if (!e.target.empty()) return e.target;
  return e.who.starts_with(kChannel) ? e.who.substr(kChannel.size()) : e.who;
}

// "{...} from P1(client)", as the contrast has it.
std::string plain(const std::string& message) {
  const auto from = message.rfind(" from ");
  return from == std::string::npos ? message
                                   : plain_message(message.substr(0, from)) + message.substr(from);
}

// What happens, without its place: "P1(inc) ets.insert counter["n"] {"n", 1}".
std::string what_happens(const Event& e, const std::string& message) {
  if (e.op == OpKind::deliver && !message.empty())
    return fmt::format("the arrival at {} of {}", receiver(e), plain(message));
  if (e.kind == AltKind::timer) return fmt::format("the time-out of {}", e.target);
  if (e.kind == AltKind::fault) return fmt::format("the fault \"{}\" at {}", cut(e.args), e.target);
  std::string s = fmt::format("{} {}", e.who, e.what);
  if (!e.target.empty()) s += ' ' + e.target;
  const bool reads =
      !e.result.empty() && e.result != "true" && e.result != "\"ok\"" && e.op != OpKind::send;
  const bool looks = !e.footprint.empty() && (e.footprint[0].access == Access::read ||
                                              e.footprint[0].access == Access::take ||
                                              e.footprint[0].access == Access::poll);
  if (const auto args = arguments(e); !looks && !args.empty())
    s += ' ' + cut(e.op == OpKind::send ? plain_message(args) : args);
  if (reads) s += " = " + cut(e.result);
  return s;
}

std::string place(const Event& e, bool step) {
  std::string s;
  if (step) s = fmt::format("step {}", e.step);
  if (!e.site.empty()) s += (s.empty() ? "" : ", ") + e.site;
  return s.empty() ? s : " (" + s + ")";
}

std::string first_words(const ContrastPart& p) {
  if (p.condition.kind == Condition::choice)
    return fmt::format("{} chooses {} of {}", p.first.who, chosen(p.first), cut(p.first.args)) +
           place(p.first, true);
  return what_happens(p.first, p.message) + place(p.first, true);
}

std::string second_words(const ContrastPart& p) {
  return what_happens(p.second, p.second_message) + place(p.second, p.condition.second_step != 0) +
         (p.condition.second_step ? "" : ", which it then never comes to");
}

std::string checked(const Contrast& c) {
  std::string out = c.all_classes
                        ? fmt::format("all {} class{} of schedules", grouped(c.executions),
                                      c.executions == 1 ? "" : "es")
                        : counted(c.executions, "execution") + ", sampled";
  if (c.kind == Contrast::always)
    return out +
           fmt::format(": none passes, {} fail{} so", grouped(c.failed), c.failed == 1 ? "s" : "");
  const bool one = c.kept == 1;
  out += fmt::format("; {} keep{} {}: ", grouped(c.kept), one ? "s" : "",
                     c.parts.size() == 1 ? "it" : "all parts");
  if (c.kept == c.kept_failed) {
    out += one ? "it fails" : "all fail";
  } else {
    out += grouped(c.kept_failed) + " fail";
    if (c.kept_otherwise) out += fmt::format(", {} fail otherwise", grouped(c.kept_otherwise));
    if (c.exceptions) out += fmt::format(", {} PASS: exceptions", grouped(c.exceptions));
  }
  if (const auto rest = c.failed - c.kept_failed)
    return out + fmt::format("; {} others fail too", grouped(rest));
  return out + "; no other fails";
}

}  // namespace

std::string contrast_sentence(const ContrastPart& p) {
  if (p.condition.kind != Condition::order) return first_words(p);
  return fmt::format("{} comes before {}", first_words(p), second_words(p));
}

std::string contrast_lines(const ContrastPart& p, size_t number, const Style& style) {
  auto out = fmt::format("    {}. {}\n", number, style.bold(one_line(first_words(p))));
  if (p.condition.kind == Condition::order)
    out += fmt::format("       comes before {}\n", style.bold(one_line(second_words(p))));
  return out;
}

std::string contrast_text(const Contrast& c, const Style& style) {
  if (c.kind == Contrast::not_told) return "\n" + field("Fails when", "not told: " + c.reason);
  if (c.kind == Contrast::always) return "\n" + field("Fails always", checked(c));
  std::string out =
      fmt::format("\n  {}\n", style.bold(c.exact ? "Fails exactly when:" : "Fails when:"));
  for (size_t i = 0; i < c.parts.size(); i++) out += contrast_lines(c.parts[i], i + 1, style);
  out += field("checked", checked(c));
  std::string without;
  for (size_t i = 0; i < c.parts.size(); i++)
    without += fmt::format("{}{} of {} pass without {}", i ? "; " : "", grouped(c.parts[i].passed),
                           grouped(c.parts[i].broken), i + 1);
  return out + field("turned", without);
}

nlohmann::ordered_json contrast_json(const Contrast& c) {
  using Json = nlohmann::ordered_json;
  Json parts = Json::array();
  for (const ContrastPart& p : c.parts) {
    static constexpr const char* kNames[] = {"order", "fault", "choice"};
    Json part{{"kind", kNames[p.condition.kind]},
              {"text", one_line(contrast_sentence(p))},
              {"first", p.condition.first_step},
              {"first_site", p.first.site}};
    if (p.condition.kind == Condition::order)
      part["second"] = p.condition.second_step, part["second_site"] = p.second.site;
    part["broken"] = p.broken, part["broken_passed"] = p.passed, part["broken_failed"] = p.failed;
    parts.push_back(std::move(part));
  }
  return {{"kind", c.kind == Contrast::found    ? "found"
                   : c.kind == Contrast::always ? "always"
                                                : "not told"},
          {"reason", c.reason},
          {"exact", c.exact},
          {"all_classes", c.all_classes},
          {"executions", c.executions},
          {"failed", c.failed},
          {"passed", c.passed},
          {"kept", c.kept},
          {"kept_failed", c.kept_failed},
          {"kept_otherwise", c.kept_otherwise},
          {"exceptions", c.exceptions},
          {"parts", std::move(parts)}};
}

}  // namespace lockstep::cli
