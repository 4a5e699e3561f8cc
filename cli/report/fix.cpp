#include "cli/report/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/report/contrast.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

const char* state_name(FixPart::State state) {
  switch (state) {
    case FixPart::kept:
      return "kept";
    case FixPart::impossible:
      return "impossible";
    default:
      return "gone";
  }
}

std::string state_text(const FixPart& p) {
  switch (p.state) {
    case FixPart::kept:
      return "can still be so";
    case FixPart::impossible:
      return p.part.condition.kind == Condition::order ? "no longer possible in this order"
                                                       : "no longer possible";
    default:
      if (p.part.condition.kind != Condition::order) return "gone";
      return "gone; no execution of the edited file has both steps";
  }
}

bool whole(const FixResult& r) {
  return std::all_of(r.parts.begin(), r.parts.end(),
                     [](const FixPart& p) { return p.state == FixPart::kept; });
}

std::string checked(const FixReport& f) {
  const FixResult& r = f.fix;
  auto out =
      r.all_classes
          ? fmt::format("all {} class{} of schedules of {} pass", grouped(r.executions),
                        r.executions == 1 ? "" : "es", f.file)
          : fmt::format("{} of {}, sampled, pass", counted(r.executions, "execution"), f.file);
  if (r.parts.empty()) return out;
  if (whole(r))
    return out + fmt::format("; {} of them keep all that decided it", grouped(r.kept_all));
  const bool some = std::any_of(r.parts.begin(), r.parts.end(),
                                [](const FixPart& p) { return p.state == FixPart::kept; });
  return some ? out + fmt::format("; {} of them keep what is left", grouped(r.kept_left)) : out;
}

std::string heading(const FixReport& f, const Style& style) {
  const FixResult& r = f.fix;
  if (r.kind != FixResult::passes)
    return style.yellow(fmt::format("cannot tell whether {} repairs it: {}", f.file, r.reason));
  if (r.parts.empty()) return style.green("passes: " + f.file);
  if (whole(r))
    return style.green(fmt::format("passes: {}, with all that decided the failure", f.file));
  return style.green(
      fmt::format("passes: {}, where what decided the failure cannot come about", f.file));
}

}  // namespace

std::string fix_text(const FixReport& f, const Style& style) {
  const FixResult& r = f.fix;
  auto out = heading(f, style) + "\n\n" + field("trace path", f.path);
  if (r.parts.empty()) {
    out += field("Failed when", r.contrast == Contrast::always
                                    ? "always, under any schedule that was tried"
                                    : "not told: " + r.not_told);
  } else {
    out += "  Failed when:\n";
    for (size_t i = 0; i < r.parts.size(); i++)
      out += contrast_lines(r.parts[i].part, i + 1, Style()) +
             fmt::format("       now: {}\n", style.bold(state_text(r.parts[i])));
  }
  out += field("checked", checked(f));
  if (r.recorded)
    out += field("recorded",
                 fmt::format("the recorded file fails in {} of {}, sampled alike",
                             grouped(r.recorded_failed), counted(r.recorded, "execution")));
  if (!r.all_classes)
    out += "  This is not a proof: 'lockstep verify " + f.file + "' looks at all schedules.\n";
  return out + "\n";
}

nlohmann::ordered_json fix_json(const FixResult& r) {
  using Json = nlohmann::ordered_json;
  Json parts = Json::array();
  for (const FixPart& p : r.parts)
    parts.push_back(
        {{"text", one_line(contrast_sentence(p.part))}, {"state", state_name(p.state)}});
  return {{"verdict", r.kind == FixResult::passes ? "passes" : "cannot tell"},
          {"reason", r.reason},
          {"executions", r.executions},
          {"all_classes", r.all_classes},
          {"kept_all", r.kept_all},
          {"kept_left", r.kept_left},
          {"recorded", r.recorded},
          {"recorded_failed", r.recorded_failed},
          {"parts", std::move(parts)}};
}

}  // namespace lockstep::cli
