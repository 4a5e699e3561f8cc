#include "cli/report/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kWidestName = 26;  // of verbs and processes
constexpr size_t kNarrowestName = 5;
constexpr size_t kNarrowestRest = 28;  // columns for what a row is about, before names give way
constexpr size_t kNarrowestColumn = 12, kWidestChange = 40;
constexpr std::string_view kFailed = "   <-- FAILED HERE";

// What a row is about, apart: who or what it is done to, with what, what came back, what changed.
struct About {
  std::string other, payload, result, rest;
};

About about(const FoldedRow& row) {
  About a;
  if (!row.other.empty()) a.other = (row.incoming ? "<- " : "-> ") + one_line(row.other);
  a.payload = one_line(row.payload);
  if (!row.result.empty()) a.result = "= " + one_line(row.result);
  if (row.kind == FoldedRow::callback)
    for (const FoldedChange& c : row.changes)
      a.rest += fmt::format("{}{} {} -> {}", a.rest.empty() ? "" : ", ", one_line(c.what),
                            one_line(c.before), one_line(c.after));
  if (!row.note.empty()) a.rest += (a.rest.empty() ? "(" : " (") + one_line(row.note) + ")";
  return a;
}

std::string joined(const About& a) {
  std::string out;
  for (const std::string* part : {&a.other, &a.payload, &a.result})
    if (!part->empty()) out += (out.empty() ? "" : " ") + *part;
  if (!a.rest.empty()) out += (out.empty() ? "" : "; ") + a.rest;
  return out;
}

// "-> P1(server) "get" = 0; state 0 -> 1" in so many columns: the longest part gives way first.
std::string about_in(const FoldedRow& row, size_t columns) {
  About a = about(row);
  if (row.kind == FoldedRow::setup) return shortened(a.payload, columns);
  constexpr size_t kLeast = 8;
  for (auto have = shown_width(joined(a)); have > columns; have = shown_width(joined(a))) {
    std::string* widest = &a.other;
    for (std::string* part : {&a.payload, &a.result, &a.rest})
      if (shown_width(*part) > shown_width(*widest)) widest = part;
    const size_t width = shown_width(*widest);
    if (width <= kLeast) break;
    *widest =
        shortened(*widest, std::max({kLeast, width / 2, width - std::min(width, have - columns)}));
  }
  return shortened(joined(a), columns);
}

// Signals that only say who watches whom.
bool is_quiet(const FoldedRow& row) {
  return row.kind == FoldedRow::arrival &&
         (row.payload.starts_with("monitor") || row.payload.starts_with("demonitor") ||
          row.payload.starts_with("link") || row.payload.starts_with("unlink"));
}

struct Selection {
  std::vector<bool> shown;
  size_t left_out = 0;
  size_t lines = 0;
};

size_t lines_of(const std::vector<FoldedRow>& rows, const std::vector<bool>& shown) {
  size_t lines = 0;
  for (size_t i = 0; i < rows.size(); i++) {
    if (shown[i])
      lines += 1 + rows[i].preempted;
    else
      lines += i == 0 || shown[i - 1];  // one for all that is left out between two rows
  }
  return lines;
}

// Which rows stay if there may be so many lines: those that decide the failure, and what is near.
Selection select(const Trace& trace, const Folded& folded, const std::vector<uint32_t>& named,
                 size_t most) {
  const auto& rows = folded.rows;
  Selection s;
  s.shown.assign(rows.size(), true);
  s.lines = lines_of(rows, s.shown);
  if (most == 0 || s.lines <= most) return s;
  std::vector<size_t> marks;
  for (size_t i = 0; i < rows.size(); i++) {
    const FoldedRow& row = rows[i];
    const bool is_named = std::any_of(row.events.begin(), row.events.end(), [&](uint32_t event) {
      return std::find(named.begin(), named.end(), trace.events[event].step) != named.end();
    });
    s.shown[i] = is_named || row.failed_here || row.kind == FoldedRow::setup ||
                 row.kind == FoldedRow::fault || row.kind == FoldedRow::choice;
    if (s.shown[i] && row.kind != FoldedRow::setup) marks.push_back(i);
  }
  std::vector<size_t> others;
  for (size_t i = rows.size(); i-- > 0;)
    if (!s.shown[i]) others.push_back(i);
  const auto distance = [&](size_t i) {
    size_t least = rows.size();
    for (const size_t mark : marks) least = std::min(least, mark > i ? mark - i : i - mark);
    return least + (is_quiet(rows[i]) ? rows.size() : 0);
  };
  std::stable_sort(others.begin(), others.end(),
                   [&](size_t a, size_t b) { return distance(a) < distance(b); });
  for (const size_t i : others) {
    s.shown[i] = true;
    if (lines_of(rows, s.shown) > most) s.shown[i] = false;
  }
  s.lines = lines_of(rows, s.shown);
  s.left_out = static_cast<size_t>(std::count(s.shown.begin(), s.shown.end(), false));
  return s;
}

std::string left_out(const Folded& folded, size_t from, size_t to) {
  std::vector<std::string> who;
  for (size_t i = from; i < to; i++)
    if (std::find(who.begin(), who.end(), folded.rows[i].who) == who.end())
      who.push_back(folded.rows[i].who);
  std::string names;
  for (const auto& name : who) names += (names.empty() ? " of " : ", ") + one_line(name);
  return fmt::format("... {}{} (--full)", counted(to - from, "row"), names);
}

// Rows of one file need not name it each time.
struct Places {
  bool one_file = true;
  size_t widest = 0, widest_line = 0;
};
Places places_of(const std::vector<FoldedRow>& rows) {
  Places places;
  std::string file;
  for (const FoldedRow& row : rows) {
    std::string f;
    uint32_t line = 0;
    if (!split_site(row.site, &f, &line)) continue;
    if (file.empty()) file = f;
    places.one_file &= f == file;
    places.widest = std::max(places.widest, shown_width(one_line(row.site)));
    places.widest_line = std::max(places.widest_line, 1 + std::to_string(line).size());
  }
  return places;
}

// Once it has become clear how much room there is, a row's place is told as "file.lua:12" or ":12".
std::string place_of(const FoldedRow& row, bool whole) {
  const auto site = one_line(row.site);
  return whole ? site : site.substr(std::min(site.rfind(':'), site.size()));
}

const FoldedRow* before_of(const Folded& folded, size_t i) {
  while (i-- > 0)
    if (folded.rows[i].kind != FoldedRow::arrival && folded.rows[i].kind != FoldedRow::fault)
      return &folded.rows[i];
  return nullptr;
}

}  // namespace

RowList row_list(const Trace& trace, const Folded& folded, const std::vector<uint32_t>& named,
                 size_t most, const Style& style) {
  const auto& rows = folded.rows;
  const auto selection = select(trace, folded, named, most);
  size_t number = 1, verb = 1, who = 1, widest = 1;
  for (size_t i = 0; i < rows.size(); i++) {
    if (!selection.shown[i]) continue;
    number = std::max(number, steps_of(rows[i], trace).size());
    verb = std::max(verb, std::min(shown_width(rows[i].verb), kWidestName));
    who = std::max(who, std::min(shown_width(one_line(rows[i].who)), kWidestName));
    if (rows[i].kind != FoldedRow::setup)
      widest = std::max(widest, shown_width(joined(about(rows[i]))));
  }
  const auto names = [&] { return 4 + 5 + number + 2 + verb + 2 + who + 2; };
  while (names() + kNarrowestRest > style.width && std::max(verb, who) > kNarrowestName)
    (verb > who ? verb : who)--;
  const size_t fixed = names();
  const auto places = places_of(rows);
  const size_t room = style.width > fixed + kNarrowestName ? style.width - fixed : kNarrowestName;
  const bool whole = !places.one_file || places.widest + 2 + widest + kFailed.size() <= room;
  size_t place = places.widest ? 2 + (whole ? places.widest : places.widest_line) : 0;
  if (place * 2 > room) place = 0;
  const size_t rest = std::min(widest, room - place);

  RowList list;
  list.left_out = selection.left_out;
  Lasso lasso;
  bool stem = parse_lasso(trace.outcome, &lasso);
  const std::string indent(4 + 5 + number + 2, ' ');
  for (size_t i = 0; i < rows.size(); i++) {
    const FoldedRow& row = rows[i];
    if (stem && trace.events[row.events.front()].step > lasso.stem_end) {
      list.text += indent + style.red("==== from here on, again and again ====") + '\n';
      stem = false;
    }
    if (!selection.shown[i]) {
      size_t end = i;
      while (end < rows.size() && !selection.shown[end]) end++;
      list.text += "    " + style.dim(shortened(left_out(folded, i, end), style.width - 4)) + '\n';
      i = end - 1;
      continue;
    }
    if (const FoldedRow* before = row.preempted ? before_of(folded, i) : nullptr)
      list.text += indent +
                   style.yellow(shortened(
                       fmt::format("---- {} preempted here: {} runs ----", before->who, row.who),
                       style.width - indent.size())) +
                   '\n';
    // The mark stands on a line of its own where it would take the room of what the row is about.
    const bool beside = fixed + rest + place + kFailed.size() <= style.width;
    const size_t mine = row.kind == FoldedRow::setup ? room : rest;
    auto line =
        fmt::format("    step {}  {}  {}  {}", padded(steps_of(row, trace), number),
                    padded(shortened(row.verb, verb), verb), padded(shortened(row.who, who), who),
                    padded(about_in(row, mine), place && !row.site.empty() ? mine : 0));
    if (place && !row.site.empty()) line += "  " + style.dim(place_of(row, whole));
    while (line.back() == ' ') line.pop_back();
    if (row.failed_here && !beside)
      line += '\n' + std::string(std::min(fixed - 3, style.width - kFailed.size()), ' ');
    if (row.failed_here) line += style.red(kFailed);
    list.text += line + '\n';
  }
  return list;
}

namespace {

// For a column: the first wording that fits, from all there is to the name and what came back.
std::string cell_of(const FoldedRow& row, size_t most = SIZE_MAX) {
  auto name = row.verb;
  if (!row.other.empty() && row.kind == FoldedRow::operation) name.erase(0, name.find('.') + 1);
  const std::string value = row.result.empty() ? "" : " = " + shortened(row.result, 60);
  const std::string other = row.other.empty() ? "" : " " + row.other;
  const std::string payload = row.payload.empty() ? "" : " " + shortened(row.payload, 60);
  for (const auto& middle : {other + payload, row.payload.empty() ? other : payload, other})
    if (auto text = one_line(name + middle + value); shown_width(text) <= most) return text;
  if (value.empty()) return shortened(name + other + payload, most);
  const auto room = most - std::min(most, shown_width(one_line(value)));
  return room < kNarrowestName ? shortened(name + value, most)
                               : shortened(name, room) + one_line(value);
}

std::string change_of(const FoldedRow& row) {
  std::string out;
  for (const FoldedChange& c : row.changes)
    out += fmt::format("{}{}: {} -> {}", out.empty() ? "" : "; ", c.what, c.before, c.after);
  return out;
}

}  // namespace

std::string row_columns(const Trace& trace, const Folded& folded, const Style& style) {
  const auto& rows = folded.rows;
  const auto count = folded.processes.size();
  if (count < 2) return {};
  const auto column_of = [&](uint32_t process) {
    size_t i = 0;
    while (i < count && folded.processes[i].process != process) i++;
    return i;
  };
  constexpr std::string_view kPreempted = "(preempted)", kMark = "  FAILED";
  std::vector<size_t> widths(count);
  for (size_t i = 0; i < count; i++) widths[i] = shown_width(one_line(folded.processes[i].name));
  size_t number = 1, change = 0;
  for (const FoldedRow& row : rows) {
    if (row.kind == FoldedRow::setup) continue;
    auto& width = widths[column_of(row.process)];
    width = std::max(width, shown_width(cell_of(row)));
    number = std::max(number, steps_of(row, trace).size());
    const size_t most = std::min(kWidestChange, style.width / 4);
    change = std::max(change, std::min(shown_width(one_line(change_of(row))), most));
    if (row.preempted)
      for (auto& each : widths) each = std::max(each, kPreempted.size());
  }
  // Wide columns give way first; narrow ones keep what they need. Changes go before columns do.
  const auto fixed = [&] {
    return 4 + number + 2 * count + (change ? change + 2 : 0) + kMark.size();
  };
  if (style.width < fixed() + count * kNarrowestColumn) change = 0;
  if (style.width < fixed() + count * kNarrowestColumn) return {};
  const size_t room = style.width - fixed();
  const auto total = [&] {
    size_t sum = 0;
    for (const auto w : widths) sum += w;
    return sum;
  };
  while (total() > room) (*std::max_element(widths.begin(), widths.end()))--;

  std::string out = fmt::format("    {:>{}}", "#", number);
  for (size_t i = 0; i < count; i++)
    out += "  " + style.bold(padded(shortened(folded.processes[i].name, widths[i]), widths[i]));
  if (change) out += "  " + style.bold(shortened("state change", change));
  while (out.back() == ' ') out.pop_back();
  out += '\n';
  for (size_t r = 0; r < rows.size(); r++) {
    const FoldedRow& row = rows[r];
    if (row.kind == FoldedRow::setup) continue;
    const auto mine = column_of(row.process);
    const FoldedRow* before = row.preempted ? before_of(folded, r) : nullptr;
    const auto loser = before ? column_of(before->process) : count;
    auto line = fmt::format("    {:>{}}", steps_of(row, trace), number);
    for (size_t i = 0; i < count; i++) {
      const auto text = i == mine    ? cell_of(row, widths[i])
                        : i == loser ? std::string(kPreempted)
                                     : std::string(".");
      const auto cell = padded(shortened(text, widths[i]), widths[i]);
      line += "  " + (i == loser ? style.yellow(cell) : cell);
    }
    if (change && !row.changes.empty()) line += "  " + shortened(change_of(row), change);
    while (line.back() == ' ') line.pop_back();
    if (row.failed_here) line += style.red(kMark);
    out += line + '\n';
  }
  return out;
}

std::string waiting_text(const Folded& folded, const Style& style) {
  std::string out, idle;
  for (const Waiting& w : folded.waiting) {
    if (w.site.starts_with("lockstep/") &&
        w.pattern == "any message") {  // a server between requests
      idle += (idle.empty() ? "" : ", ") + one_line(w.who);
      continue;
    }
    out += fmt::format("    {} for {}{}", style.bold(one_line(w.who)), shortened(w.pattern, 90),
                       w.site.empty() ? "" : " at " + one_line(w.site));
    std::string where;
    for (size_t i = 0; i < w.where.size() && i < 2; i++)
      where += (where.empty() ? ": " : "; ") + shortened(w.where[i], 120);
    if (w.where.size() > 2) where += fmt::format("; and {} more", w.where.size() - 2);
    out += where + '\n';
  }
  if (!idle.empty()) out += fmt::format("    idle: {}\n", idle);
  return out.empty() ? out : "  " + style.bold("Waits for ever:") + '\n' + out;
}

std::string unread_text(const Folded& folded, size_t most, const Style& style) {
  std::string out;
  size_t n = 0;
  for (const Unread& u : folded.unread) {
    if (u.where == Unread::on_its_way && most != SIZE_MAX) continue;  // the end cut it off
    if (n++ >= most) continue;
    static constexpr const char* kWhere[] = {"in the mailbox of", "postponed by", "on its way to",
                                             "lost to"};
    out += fmt::format("    {} {}: {}{}{}\n", kWhere[u.where], one_line(u.who),
                       shortened(u.message, 60), u.from.empty() ? "" : " from " + one_line(u.from),
                       u.step ? fmt::format(" (step {})", u.step) : std::string());
  }
  if (n > most) out += fmt::format("    and {} (--full)\n", counted(n - most, "more message"));
  return out.empty() ? out : "  " + style.bold("Unread:") + '\n' + out;
}

}  // namespace lockstep::cli
