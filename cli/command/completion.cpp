// Completion scripts for bash, zsh and fish, made from the command tables.
#include <fmt/format.h>

#include <string_view>

#include "cli/command/commands.h"
#include "cli/settings/values.h"
#include "cli/terminal/console.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

bool has_choices(const char* value) {
  return value && std::string_view(value).find('|') != std::string_view::npos;
}

std::string joined(const char* choices) {
  std::string out;
  for (const auto& word : split(choices, '|')) out += (out.empty() ? "" : " ") + word;
  return out;
}

// The words that may follow a flag; empty: files.
std::string values_of(const Flag& flag) {
  if (has_choices(flag.value)) return joined(flag.value);
  std::string out;
  if (const std::string_view name = flag.name; name == "--strategy" || name == "--strategies")
    for (const auto& info : strategies())
      if (!info.claims.follows) out += (out.empty() ? "" : " ") + std::string(info.name);
  return out;
}

template <class Fn>
void each_flag(const Command& command, Fn fn) {
  for (const auto& group : command.groups)
    for (const auto& flag : group.flags) fn(flag);
}

std::string command_names() {
  std::string out;
  for (const auto& command : commands())
    out += (out.empty() ? "" : " ") + std::string(command.name);
  return out;
}

std::string bash() {
  std::string out =
      "# bash completion for lockstep: source <(lockstep completion bash)\n"
      "_lockstep() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} words=\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      command_names() +
      "' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]}:$last in\n";
  for (const auto& command : commands())
    each_flag(command, [&](const Flag& flag) {
      if (const auto words = values_of(flag); !words.empty())
        out += fmt::format("    {}:{}) words='{}' ;;\n", command.name, flag.name, words);
    });
  out +=
      "  esac\n"
      "  if [ -z \"$words\" ]; then\n"
      "    case ${COMP_WORDS[1]} in\n";
  for (const auto& command : commands()) {
    std::string words = has_choices(command.args) ? joined(command.args) : "";
    each_flag(command, [&](const Flag& flag) { words += (words.empty() ? "" : " ") + flag.name; });
    out += fmt::format("      {}) words='{}' ;;\n", command.name, words);
  }
  out +=
      "    esac\n"
      "    case $word in -*) ;; *) compopt -o default ;; esac\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "}\n"
      "complete -F _lockstep lockstep\n";
  return out;
}

// Quotes for zsh's _arguments and fish's -d: both end at a single quote, and zsh reads brackets and
// colons.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':')
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string zsh() {
  std::string out =
      "#compdef lockstep\n# zsh completion for lockstep: source <(lockstep completion zsh)\n"
      "_lockstep() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const auto& command : commands())
    out += fmt::format("      '{}:{}'\n", command.name, quoted(command.summary));
  out += "    )\n    _describe command commands\n    return\n  fi\n  case $words[2] in\n";
  for (const auto& command : commands()) {
    out += fmt::format("    {})\n      _arguments", command.name);
    each_flag(command, [&](const Flag& flag) {
      const auto words = values_of(flag);
      const auto action = !flag.value     ? ""
                          : words.empty() ? ":value:_files"
                                          : ":value:(" + words + ")";
      out += fmt::format(" \\\n        '*{}[{}]{}'", flag.name, quoted(flag.help), action);
    });
    out += fmt::format(" \\\n        '*:argument:{}' ;;\n",
                       has_choices(command.args) ? "(" + joined(command.args) + ")" : "_files");
  }
  // In a file of $fpath it is called as soon as it is read; sourced, it is only made known.
  return out +
         "  esac\n}\nif [ \"$funcstack[1]\" = _lockstep ]; then _lockstep \"$@\"; else compdef "
         "_lockstep lockstep; fi\n";
}

std::string fish() {
  std::string out = "# fish completion for lockstep: lockstep completion fish | source\n";
  for (const auto& command : commands()) {
    out += fmt::format("complete -c lockstep -n __fish_use_subcommand -f -a {} -d '{}'\n",
                       command.name, quoted(command.summary));
    const auto only = fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    if (has_choices(command.args))
      out += fmt::format("complete -c lockstep {} -f -a '{}'\n", only, joined(command.args));
    each_flag(command, [&](const Flag& flag) {
      const auto words = values_of(flag);
      const auto value = !flag.value ? "" : words.empty() ? " -r" : " -x -a '" + words + "'";
      const auto shorter = flag.alias ? fmt::format(" -s {}", flag.alias + 1) : "";
      out += fmt::format("complete -c lockstep {} -l {}{}{} -d '{}'\n", only, flag.name.substr(2),
                         shorter, value, quoted(flag.help));
    });
  }
  return out;
}

}  // namespace

ExitCode completion_command(const Options& options) {
  if (options.args.empty())
    throw Error(ExitCode::usage, "no shell given", "lockstep completion bash, zsh or fish");
  try {
    check_choice("bash|zsh|fish", options.args[0]);
  } catch (const std::string& complaint) {
    throw Error(ExitCode::usage, "the shell " + complaint);
  }
  put(options.args[0] == "bash" ? bash() : options.args[0] == "zsh" ? zsh() : fish());
  return ExitCode::ok;
}

}  // namespace lockstep::cli
