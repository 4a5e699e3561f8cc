// The only file besides main.cpp that may include CLI11: it costs seconds for each translation
// unit. CLI11 splits the words; what they mean, and what to say if they mean nothing, comes from
// the tables.
#include "cli/settings/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

#include "cli/settings/values.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

Error usage(const Command& command, const std::string& what, std::string hint = {}) {
  if (hint.empty()) hint = fmt::format("lockstep {} --help", command.name);
  return Error(ExitCode::usage, what, hint);
}

std::vector<std::string> flag_names(const Command& command) {
  std::vector<std::string> names;
  for (const auto& group : command.groups)
    for (const auto& flag : group.flags) names.emplace_back(flag.name);
  return names;
}

void apply(const Command& command, const Flag& flag, const std::string& value, Options* out) {
  try {
    if (flag.value && value.empty()) throw fmt::format("needs a value ({})", flag.value);
    if (flag.value && std::string_view(flag.value).find('|') != std::string_view::npos)
      check_choice(flag.value, value);
    flag.set(*out, value);
  } catch (const std::string& complaint) {
    throw usage(command, fmt::format("{} {}", flag.name, complaint));
  }
}

bool another_has(std::string_view flag) {
  for (const auto& command : commands())
    if (command.find(flag)) return true;
  return false;
}

// Two flags of which one has no effect beside the other, or where nobody can tell which one is
// meant.
struct Clash {
  const char *flag, *value;  // null: whatever its value
  const char *other, *other_value;
  const char* why;
};
constexpr Clash kClashes[] = {
    {"--quiet", nullptr, "--verbose", nullptr, "one says less, the other more"},
    {"--max-failures", nullptr, "--keep-going", nullptr, "that stops at no failure, however many"},
    {"--color", nullptr, "--format", "ndjson", "that has no colours"},
    {"--color", nullptr, "--format", "events", "that has no colours"},
    {"--color", nullptr, "--format", "markdown", "that has no colours"},
    {"--format", nullptr, "--history", nullptr, "that writes JSON Lines"},
    {"--format", nullptr, "--timeline", nullptr, "that writes HTML"},
    {"--color", nullptr, "--history", nullptr, "that prints nothing else"},
    {"--color", nullptr, "--timeline", nullptr, "that prints nothing else"},
    {"--timeline", "-", "--history", "-", "both would go to standard output"},
};

using Given = std::vector<std::pair<std::string, std::string>>;  // flags by name, and their values

bool has(const Given& given, const char* flag, const char* value) {
  for (const auto& [name, text] : given)
    if (name == flag && (!value || text == value)) return true;
  return false;
}

void refuse_clashes(const Command& command, const Given& given) {
  for (const auto& c : kClashes)
    if (has(given, c.flag, c.value) && has(given, c.other, c.other_value))
      throw usage(command,
                  fmt::format("{} has no effect beside {}{}{}: {}", c.flag, c.other,
                              c.other_value ? " " : "", c.other_value ? c.other_value : "", c.why),
                  "leave one of them out");
}

// What CLI11 left over: positional arguments, and flags that nobody knows.
void take_rest(const Command& command, const std::vector<std::string>& rest, Options* out) {
  bool literal = false;
  for (const auto& word : rest) {
    if (!literal && word == "--") {
      literal = true;
    } else if (!literal && word.size() > 1 && word[0] == '-') {
      auto name = word.substr(0, word.find('='));
      if (name[1] != '-') name.resize(2);  // "-vv" is "-v" twice
      if (another_has(name))
        throw usage(command, fmt::format("{} has no effect with '{}'", name, command.name),
                    fmt::format("leave it out; lockstep {} --help", command.name));
      const auto near = nearest(name, flag_names(command));
      throw usage(
          command,
          fmt::format("unknown flag '{}' for '{}'", word.substr(0, word.find('=')), command.name),
          near.empty() ? std::string() : fmt::format("did you mean {}?", near));
    } else {
      out->args.push_back(word);
    }
  }
  if (out->args.size() > command.max_args)
    throw usage(command,
                fmt::format("'{}' is one argument too many for '{}'", out->args[command.max_args],
                            command.name),
                fmt::format("usage: lockstep {}", command.usage));
}

}  // namespace

const Flag* Command::find(std::string_view flag) const {
  for (const auto& group : groups)
    for (const auto& f : group.flags)
      if (flag == f.name || (f.alias && flag == f.alias)) return &f;
  return nullptr;
}

const Command* find_command(std::string_view name) {
  for (const auto& command : commands())
    if (name == command.name) return &command;
  return nullptr;
}

Options parse_options(const Command& command, const std::vector<std::string>& args) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Flag*, CLI::Option*>> table;
  for (const auto& group : command.groups) {
    for (const auto& flag : group.flags) {
      const auto names = flag.alias ? fmt::format("{},{}", flag.alias, flag.name) : flag.name;
      auto* option = flag.value ? app.add_option(names)->expected(0, 1) : app.add_flag(names);
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      table.emplace_back(&flag, option);
    }
  }
  for (const auto& arg : args)  // CLI11 would take the next word
    if (arg.size() > 2 && arg.starts_with("--") && arg.find('=') == arg.size() - 1)
      throw usage(command, fmt::format("{} needs a value", arg.substr(0, arg.size() - 1)));
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& e) {  // a switch with a value, and the like
    throw usage(command, e.what());
  }
  Options out;
  if (const char* env = std::getenv("LOCKSTEP_NO_CAUSAL_SLICE");
      env && std::string_view(env) == "1")
    out.slice = false;
  Given given;
  for (const auto& [flag, option] : table) {
    for (const auto& value : option->results()) {
      given.emplace_back(flag->name, value);
      if (!flag->value && value != "true")
        throw usage(command, fmt::format("{} takes no value", flag->name));
      apply(command, *flag, value, &out);
    }
  }
  refuse_clashes(command, given);
  take_rest(command, app.remaining(), &out);
  return out;
}

}  // namespace lockstep::cli
