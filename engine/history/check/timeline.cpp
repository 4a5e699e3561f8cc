// Pictures of a history: text for the terminal, and a page with one SVG, without scripts.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/history/check/explain.h"

namespace lockstep::history {
namespace {

constexpr size_t kOpsMax = 400;  // drawn; more is no picture any more
constexpr int kColumn = 26, kRow = 44, kLeft = 70, kTop = 20;

// Positions of the events of some operations, closed up: 0, 1, 2 ...
std::map<int32_t, int32_t> columns_of(const History& history, const std::vector<int32_t>& ops) {
  std::set<int32_t> positions;
  for (int32_t id : ops) {
    positions.insert(history.operations()[id].call);
    if (history.operations()[id].ok()) positions.insert(history.operations()[id].ret);
  }
  std::map<int32_t, int32_t> columns;
  for (int32_t p : positions) columns.emplace(p, static_cast<int32_t>(columns.size()));
  return columns;
}

std::vector<int32_t> processes_of(const History& history, const std::vector<int32_t>& ops) {
  std::set<int32_t> processes;
  for (int32_t id : ops) processes.insert(history.operations()[id].process);
  return {processes.begin(), processes.end()};
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string shortened(std::string text, size_t width) {
  if (text.size() > width) text = text.substr(0, width - 1) + "~";
  return text;
}

const char* kStyle =
    "body{font:14px/1.45 system-ui,sans-serif;margin:2em;color:#1c1c1c;background:#fff}"
    "h1{font-size:1.3em}pre{background:#f5f5f2;padding:1em;overflow:auto}"
    "svg{display:block;font:11px ui-monospace,monospace}.scroll{overflow-x:auto;"
    "border:1px solid #ddd}.key span{padding:0 .5em;margin-right:1em;border-radius:3px}"
    ".other{fill:#e4e4e0}.placed{fill:#cfe8cf}.stuck{fill:#ffe0a8}.core{fill:#f6b8b0}"
    "line{stroke:#ddd}.point{stroke:#2a7a2a;stroke-width:2}.end{stroke:#b00020;stroke-width:2;"
    "stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){body{background:#1b1b1b;color:#ddd}pre{background:#262626}"
    "svg text{fill:#ddd}.other{fill:#3a3a3a}.placed{fill:#274d27}.stuck{fill:#6b4e12}"
    ".core{fill:#7a2a22}line{stroke:#444}}";

}  // namespace

std::string timeline_text(const History& history, const std::vector<int32_t>& ops) {
  std::map<int32_t, int32_t> columns = columns_of(history, ops);
  size_t longest = 8;
  for (int32_t id : ops) {
    longest = std::max(longest, history.describe_short(history.operations()[id]).size());
  }
  const int width = columns.size() > 24 ? 10 : std::min(static_cast<int>(longest) + 4, 26);
  std::string text;
  for (int32_t process : processes_of(history, ops)) {
    std::string name = fmt::format("p{}", history.process_name(process));
    std::vector<std::string>
        lanes;  // more than one if an operation of unknown outcome is still open
    std::vector<int32_t> busy_until;
    for (int32_t id : ops) {
      const Operation& op = history.operations()[id];
      if (op.process != process) continue;
      int32_t begin = columns[op.call];
      int32_t end = op.ok() ? columns[op.ret] : static_cast<int32_t>(columns.size());
      size_t lane = 0;
      while (lane < lanes.size() && busy_until[lane] > begin) ++lane;
      if (lane == lanes.size()) {
        lanes.emplace_back();
        busy_until.push_back(0);
      }
      busy_until[lane] = end;
      std::string& row = lanes[lane];
      const auto at = static_cast<size_t>(begin), wide = static_cast<size_t>(width);
      row.resize(at * wide, ' ');
      size_t room = static_cast<size_t>(std::max(1, end - begin)) * wide - 1;
      std::string bar = "|" + shortened(history.describe_short(op), room - 3);
      bar.resize(room - 1, '-');
      row += bar + (op.ok() ? "|" : ">");
    }
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      text += fmt::format("    {:>5} {}\n", lane == 0 ? name : "", lanes[lane]);
    }
  }
  return text;
}

std::string timeline_html(const History& history, std::string_view model, Consistency consistency,
                          const std::string& title, const Explanation& e) {
  std::set<int32_t> core(e.core.begin(), e.core.end()), stuck;
  std::map<int32_t, size_t> rank;  // in the longest linearization
  for (size_t i = 0; i < e.longest.size(); ++i) rank[e.longest[i]] = i + 1;
  for (const Refusal& r : e.refusals) stuck.insert(r.op);
  // The core, what cannot be placed, and as much of the end of the longest order as fits.
  std::set<int32_t> shown(core.begin(), core.end());
  shown.insert(stuck.begin(), stuck.end());
  for (size_t i = e.longest.size(); i-- > 0 && shown.size() < kOpsMax;) shown.insert(e.longest[i]);
  std::vector<int32_t> ops(shown.begin(), shown.end());
  if (ops.empty()) {
    for (size_t i = 0; i < history.operations().size() && i < kOpsMax; ++i) {
      ops.push_back(static_cast<int32_t>(i));
    }
  }
  std::map<int32_t, int32_t> columns = columns_of(history, ops);
  std::vector<int32_t> processes = processes_of(history, ops);

  // Lanes: a process has a second one while an operation of unknown outcome stays open.
  std::map<int32_t, int> lane_of;
  std::vector<std::pair<int32_t, int>> rows;  // process, its first row
  int row_count = 0;
  for (int32_t process : processes) {
    rows.emplace_back(process, row_count);
    std::vector<int32_t> busy_until;
    for (int32_t id : ops) {
      const Operation& op = history.operations()[id];
      if (op.process != process) continue;
      size_t lane = 0;
      while (lane < busy_until.size() && busy_until[lane] > columns[op.call]) ++lane;
      if (lane == busy_until.size()) busy_until.push_back(0);
      busy_until[lane] = op.ok() ? columns[op.ret] : static_cast<int32_t>(columns.size());
      lane_of[id] = row_count + static_cast<int>(lane);
    }
    row_count += static_cast<int>(busy_until.size());
  }
  int width = kLeft + (static_cast<int>(columns.size()) + 2) * kColumn;
  int height = kTop + row_count * kRow + 10;

  std::string svg = fmt::format("<svg width=\"{}\" height=\"{}\" role=\"img\">\n", width, height);
  for (auto [process, row] : rows) {
    int y = kTop + row * kRow;
    svg += fmt::format(
        "<text x=\"4\" y=\"{}\">process {}</text><line x1=\"0\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>\n",
        y + 20, history.process_name(process), width, y - 6, y - 6);
  }
  // Where each operation of the longest order takes effect: earliest times.
  std::map<int32_t, int> effect;
  int at = 0, last_column = -1;
  for (int32_t id : e.longest) {
    if (!shown.count(id)) continue;
    int column = std::max(last_column, columns[history.operations()[id].call]);
    at = column == last_column ? std::min(at + 5, kColumn - 4) : 3;
    last_column = column;
    effect[id] = kLeft + column * kColumn + at;
  }
  for (int32_t id : ops) {
    const Operation& op = history.operations()[id];
    int x = kLeft + columns[op.call] * kColumn;
    int end = op.ok() ? kLeft + columns[op.ret] * kColumn : width;
    int y = kTop + lane_of[id] * kRow;
    const char* kind = core.count(id)    ? "core"
                       : stuck.count(id) ? "stuck"
                       : rank.count(id)  ? "placed"
                                         : "other";
    svg += fmt::format(
        "<g><title>{}</title><rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"28\" "
        "rx=\"3\"/>",
        escaped(history.describe(op)), kind, x, y, std::max(end - x, 4));
    if (effect.count(id)) {
      svg += fmt::format("<line class=\"point\" x1=\"{0}\" x2=\"{0}\" y1=\"{1}\" y2=\"{2}\"/>",
                         effect[id], y - 2, y + 30);
    }
    std::string label = history.describe_short(op);
    if (rank.count(id)) label = fmt::format("{} #{}", label, rank[id]);
    size_t room = static_cast<size_t>(std::max(end - x, 4)) / 7;
    svg += fmt::format("<text x=\"{}\" y=\"{}\">{}</text></g>\n", x + 3, y + 18,
                       escaped(shortened(label, std::max<size_t>(room, 3))));
  }
  if (e.failing_op >= 0 && columns.count(history.operations()[e.failing_op].ret)) {
    int x = kLeft + columns[history.operations()[e.failing_op].ret] * kColumn;
    svg += fmt::format(
        "<line class=\"end\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{1}\"><title>up to here no order "
        "exists</title></line>\n",
        x, height);
  }
  svg += "</svg>\n";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta "
      "charset=\"utf-8\"><title>{0}</title><style>{1}</style>\n"
      "<h1>{0}</h1>\n<p>Not {2} (model {3}). {4} operations of {5} are drawn.</p>\n"
      "<p class=\"key\"><span class=\"core\" style=\"background:#f6b8b0\">fails by itself</span>"
      "<span style=\"background:#ffe0a8\">cannot be placed</span>"
      "<span style=\"background:#cfe8cf\">placed, #n in the longest order, with its moment</span>"
      "<span style=\"background:#e4e4e0\">other</span></p>\n"
      "<div class=\"scroll\">{6}</div>\n<pre>{7}</pre>\n</html>\n",
      escaped(title), kStyle, consistency_name(consistency), escaped(std::string(model)),
      ops.size(), history.operations().size(), svg, escaped(e.text));
}

}  // namespace lockstep::history
