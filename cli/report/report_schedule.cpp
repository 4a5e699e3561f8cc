#include "cli/report/report_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kLongestValue = 60;  // of one payload in a list
constexpr size_t kNarrowestColumn = 12;
constexpr size_t kLongestSource = 80;  // longer lines do not push the step numbers of others away

std::string shortened(const std::string& text, size_t most) {
  auto out = one_line(text);
  if (out.size() <= most) return out;
  out.resize(most - 3);
  while (!out.empty() && (out.back() & 0xc0) == 0x80) out.pop_back();  // never half a character
  if (!out.empty() && (out.back() & 0x80)) out.pop_back();
  return out + "...";
}

// Columns on a terminal: bytes that continue a UTF-8 character take none.
size_t shown_width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(std::string text, size_t width) {
  const auto have = shown_width(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

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

// For a column: the first wording that fits, from all there is to the name and what came back.
std::string cell_of(const Event& e, size_t most = SIZE_MAX) {
  auto name = e.what;
  if (!e.target.empty()) name.erase(0, name.find('.') + 1);  // "ets." when the table is there
  std::string value, target, args;
  if (result_of(e) != "true") append_part(&value, " = ", result_of(e), kLongestValue);
  append_part(&target, " ", e.target, kLongestValue);
  append_part(&args, " ", args_of(e), kLongestValue);
  if (value.empty()) return shortened(name + target + args, most);  // what was sent or written
  for (const auto& middle : {target + args, target})
    if (auto text = fmt::format("{}{}{}", name, middle, value); shown_width(text) <= most)
      return text;
  return shortened(name + value, most);
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

std::string schedule_columns(const Trace& trace, const ScheduleView& view, const Style& style) {
  const auto count = view.processes.size();
  if (count < 2) return {};
  const auto column_of = [&](uint32_t process) {
    size_t i = 0;
    while (i < count && view.processes[i].process != process) i++;
    return i;
  };
  std::vector<size_t> widths(count);
  for (size_t i = 0; i < count; i++) widths[i] = shown_width(one_line(view.processes[i].name));
  size_t number = 1, change = 0;
  bool needs_mark = false;
  for (const auto& shown : view.steps) {
    const auto& e = trace.events[shown.event];
    auto& width = widths[column_of(e.process)];
    width = std::max(width, shown_width(cell_of(e)));
    number = std::max(number, std::to_string(e.step).size());
    change = std::max(change, shown_width(one_line(e.change)));
    if (shown.preempted) needs_mark = true;
  }
  if (needs_mark)
    for (auto& width : widths) width = std::max(width, std::string_view("(preempted)").size());
  // Wide columns give way first; narrow ones keep what they need.
  const size_t fixed = 4 + number + 2 * count + std::min<size_t>(change, 40) + 2;
  if (style.width < fixed + count * kNarrowestColumn) return {};
  size_t room = style.width - fixed;
  const auto total = [&] {
    size_t sum = 0;
    for (const auto w : widths) sum += w;
    return sum;
  };
  while (total() > room) (*std::max_element(widths.begin(), widths.end()))--;

  std::string out = fmt::format("    {:>{}}", "#", number);
  for (size_t i = 0; i < count; i++)
    out += "  " + style.bold(padded(shortened(view.processes[i].name, widths[i]), widths[i]));
  if (change) out += "  " + style.bold("state change");
  while (out.back() == ' ') out.pop_back();
  out += '\n';
  for (size_t row = 0; row < view.steps.size(); row++) {
    const auto& shown = view.steps[row];
    const auto& e = trace.events[shown.event];
    const auto mine = column_of(e.process);
    const auto loser =
        shown.preempted ? column_of(process_before(view, trace, row)->process) : count;
    auto line = fmt::format("    {:>{}}", e.step, number);
    for (size_t i = 0; i < count; i++) {
      const auto text = i == mine ? cell_of(e, widths[i]) : i == loser ? "(preempted)" : ".";
      const auto cell = padded(shortened(text, widths[i]), widths[i]);
      line += "  " + (i == loser ? style.yellow(cell) : cell);
    }
    if (!e.change.empty()) line += "  " + shortened(e.change, 40);
    while (line.back() == ' ') line.pop_back();
    if (shown.failed_here) line += style.red("  FAILED");
    out += line + '\n';
  }
  return out;
}

std::string schedule_sources(const ScheduleView& view, const Style& style) {
  std::string out, file;
  size_t width = 0;
  for (const auto& source : view.sources)
    if (source.text.size() <= kLongestSource)
      width = std::max(width, shown_width(one_line(source.text)));
  for (const auto& source : view.sources) {
    if (source.file != file) out += fmt::format("    {}\n", one_line(file = source.file));
    std::string steps;
    for (const auto step : source.steps) steps += fmt::format(" {}", step);
    const auto note = steps.empty()
                          ? std::string()
                          : fmt::format("step{}{}", source.steps.size() == 1 ? "" : "s", steps);
    auto line = fmt::format("    {:>5} | {}{}", source.line,
                            padded(one_line(source.text), note.empty() ? 0 : width),
                            note.empty() ? "" : "  " + style.dim(note));
    while (line.back() == ' ') line.pop_back();
    out += line + '\n';
  }
  return out;
}

}  // namespace lockstep::cli
