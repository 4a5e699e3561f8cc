// Help texts, made from the command tables: examples first, then flags in groups.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command/commands.h"

namespace lockstep::cli {
namespace {

std::string flag_label(const Flag& flag) {
  std::string label =
      flag.alias ? fmt::format("{}, {}", flag.alias, flag.name) : fmt::format("    {}", flag.name);
  if (flag.value) label += fmt::format(" {}", flag.value);
  return label;
}

// Breaks `text` into lines of at most `width` columns, the later ones indented.
std::string wrapped(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = indent;
  for (size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    if (at != 0 && column + 1 + word.size() > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (at != 0) {
      out += ' ';
      column++;
    }
    out += word;
    column += word.size();
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string short_help() {
  return "lockstep finds concurrency bugs that depend on the schedule, and replays them exactly.\n"
         "\n"
         "  lockstep run scenarios/tour/lost_update.lua             look for a failing schedule\n"
         "  lockstep replay --trace traces/NAME.lockstep            run a recorded failure again\n"
         "\n"
         "Commands: new, run, verify, replay, explain, debug, shrink, dump, diff, bench, lint, "
         "list,\n"
         "check-history, mcp, stubs, completion, man, version.\n"
         "'lockstep --help' says what each does; 'lockstep run --help' shows examples and flags.\n";
}

std::string full_help() {
  std::string out =
      "lockstep finds concurrency bugs that depend on the schedule: a scenario in Lua runs on an "
      "actor\n"
      "runtime whose every step is decided by a strategy. What fails is recorded, shrunk and "
      "replayed "
      "exactly.\n\n"
      "usage: lockstep COMMAND ...\n\nexamples:\n"
      "  lockstep run scenarios/tour/lost_update.lua\n"
      "  lockstep run my.lua --strategy pct --iterations 100000 -j 4\n"
      "  lockstep replay --trace traces/lost_update-iter3-seed1.lockstep\n\ncommands:\n";
  for (const auto& command : commands())
    out += fmt::format("  {:<14} {}\n", command.name, command.summary);
  out +=
      "\n'lockstep COMMAND --help' shows a command's examples and flags.\n\n"
      "exit codes:\n"
      "  0    nothing found\n"
      "  1    a failure found, or reproduced by replay; a finding of lint; traces that differ\n"
      "  2    wrong usage, also a filter that matches nothing\n"
      "  3    the scenario cannot be loaded, or misuses the API\n"
      "  4    a replay left the recorded execution, or cannot tell whether a file is repaired\n"
      "  5    a bound or budget ended before the guarantee that was asked for\n"
      "  6    a trace, a report or a baseline cannot be read or written, nor standard output\n"
      "  70   a bug of lockstep itself\n"
      "  130  interrupted; partial results are written\n";
  return out;
}

std::string command_help(const Command& command) {
  std::string out = fmt::format("{}\n\nusage: lockstep {}\n", command.summary, command.usage);
  if (*command.examples) out += fmt::format("\nexamples:\n{}", command.examples);
  size_t width = 0;
  for (const auto& group : command.groups)
    for (const auto& flag : group.flags) width = std::max(width, flag_label(flag).size());
  width = std::min<size_t>(width, 34);
  for (const auto& group : command.groups) {
    out += fmt::format("\n{}:\n", group.title);
    for (const auto& flag : group.flags) {
      const auto label = flag_label(flag);
      const bool own_line = label.size() > width;
      out += fmt::format("  {:<{}}{}{}\n", label, width,
                         own_line ? "\n" + std::string(width + 4, ' ') : "  ",
                         wrapped(flag.help, width + 4, 100));
    }
  }
  return out;
}

}  // namespace lockstep::cli
