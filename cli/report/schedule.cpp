#include "cli/report/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kLongestValue = 240;  // of one payload in a list
constexpr size_t kStepsShown = 4;      // of a line of source
constexpr size_t kStepsBeside = 36;    // columns that these, the number and the margin take
constexpr size_t kLongestSource = 80;  // longer lines do not push the step numbers of others away

void append_part(std::string* out, std::string_view before, const std::string& text, size_t most) {
  if (!text.empty()) *out += std::string(before) + shortened(text, most);
}

// What came back, unless that only repeats what is there: a send returns its message, a spawn its
// process.
const std::string& result_of(const Event& e) {
  static const std::string kNothing;
  return e.result == e.args || e.result == e.target ? kNothing : e.result;
}

// Without the handle that the target names already: of `#Tid<0>, {"n", 1}` on counter["n"] the
// object is left.
std::string args_of(const Event& e) {
  if (e.target.empty() || e.args.empty() || e.args[0] != '#') return e.args;
  const auto end = e.args.find('>');
  if (end == std::string::npos) return e.args;
  return end + 1 == e.args.size() ? std::string() : e.args.substr(std::min(end + 3, e.args.size()));
}

// "-> P1(inc) {done}", "<- P1(inc) = {done}": what follows the event's name and actor.
std::string rest_of(const Event& e, size_t most) {
  std::string out;
  append_part(&out, e.op == OpKind::receive ? "<- " : "-> ", e.target, most);
  append_part(&out, out.empty() ? "" : " ", args_of(e), most);
  append_part(&out, out.empty() ? "= " : " = ", result_of(e), most);
  return out;
}

// The last step of a process shown before this row.
const Event* process_before(const ScheduleView& view, const Trace& trace, size_t row) {
  while (row-- > 0) {
    const auto& event = trace.events[view.steps[row].event];
    if (event.kind == AltKind::step || event.kind == AltKind::data) return &event;
  }
  return nullptr;
}

std::string switch_text(const ScheduleView& view, const Trace& trace, size_t row) {
  const auto& now = trace.events[view.steps[row].event];
  if (!view.steps[row].preempted) return fmt::format("---- {} runs ----", one_line(now.who));
  return fmt::format("---- {} preempted here: {} runs ----",
                     one_line(process_before(view, trace, row)->who), one_line(now.who));
}

}  // namespace

std::string schedule_list(const Trace& trace, const ScheduleView& view, const Style& style) {
  size_t number = 1, what = 1, who = 1, rest = 1;
  for (const auto& shown : view.steps) {
    const auto& e = trace.events[shown.event];
    number = std::max(number, std::to_string(e.step).size());
    what = std::max(what, shown_width(e.what));
    who = std::max(who, shown_width(one_line(e.who)));
    rest = std::max(rest, shown_width(rest_of(e, kLongestValue)));
  }
  std::string out;
  Lasso lasso;
  bool stem = parse_lasso(trace.outcome, &lasso);
  for (size_t row = 0; row < view.steps.size(); row++) {
    const auto& shown = view.steps[row];
    const auto& e = trace.events[shown.event];
    if (stem && e.step > lasso.stem_end) {
      out += fmt::format("    {:>{}}  {}\n", "", number + 5,
                         style.red("==== from here on, again and again ===="));
      stem = false;
    }
    if (shown.switched) {
      const auto text = switch_text(view, trace, row);
      out += fmt::format("    {:>{}}  {}\n", "", number + 5,
                         shown.preempted ? style.yellow(text) : style.dim(text));
    }
    auto line = fmt::format("    step {}  {}  {}  {}", padded(std::to_string(e.step), number),
                            padded(e.what, what), padded(one_line(e.who), who),
                            padded(rest_of(e, kLongestValue), e.site.empty() ? 0 : rest));
    if (!e.site.empty()) line += "  " + style.dim(one_line(e.site));
    while (line.back() == ' ') line.pop_back();
    if (shown.failed_here) line += style.red("   <-- FAILED HERE");
    out += line + '\n';
  }
  return out;
}

std::string schedule_sources(const ScheduleView& view, const Style& style, bool full) {
  std::string out, file;
  size_t width = 0;
  const size_t most = full ? SIZE_MAX : style.width - std::min(style.width / 2, kStepsBeside);
  const auto text_of = [&](const SourceLine& source) { return shortened(source.text, most); };
  for (const auto& source : view.sources)
    if (source.text.size() <= kLongestSource) width = std::max(width, shown_width(text_of(source)));
  for (const auto& source : view.sources) {
    if (source.file != file) out += fmt::format("    {}\n", one_line(file = source.file));
    std::string steps;
    for (size_t i = 0; i < source.steps.size() && (full || i < kStepsShown); i++)
      steps += fmt::format(" {}", source.steps[i]);
    if (!full && source.steps.size() > kStepsShown) steps += " ...";
    const auto note = steps.empty()
                          ? std::string()
                          : fmt::format("step{}{}", source.steps.size() == 1 ? "" : "s", steps);
    auto line = fmt::format("    {:>5} | {}{}", source.line,
                            padded(text_of(source), note.empty() ? 0 : width),
                            note.empty() ? "" : "  " + style.dim(note));
    while (line.back() == ' ') line.pop_back();
    out += line + '\n';
  }
  return out;
}

}  // namespace lockstep::cli
