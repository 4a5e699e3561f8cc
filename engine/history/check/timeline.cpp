// A picture of a history for the terminal.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/history/check/explain.h"

namespace lockstep::history {
namespace {

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

std::string shortened(std::string text, size_t width) {
  if (text.size() > width) text = text.substr(0, width - 1) + "~";
  return text;
}

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

}  // namespace lockstep::history
