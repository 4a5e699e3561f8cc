// The only file besides main.cpp that may include CLI11: it costs seconds for each translation
// unit. CLI11 splits the words; what they mean, and what to say if they mean nothing, comes from
// the tables.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>

#include "cli/settings/options.h"
#include "cli/settings/project.h"
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
    apply_value(flag, value, out);
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
    {"--max-failures", nullptr, "--write-baseline", nullptr, "that looks for all of them"},
    {"--color", nullptr, "--format", "ndjson", "that has no colours"},
    {"--color", nullptr, "--format", "events", "that has no colours"},
    {"--color", nullptr, "--format", "markdown", "that has no colours"},
    {"--full", nullptr, "--format", "ndjson", "that has everything"},
    {"--full", nullptr, "--format", "events", "that has everything"},
    {"--width", nullptr, "--format", "ndjson", "that breaks no lines"},
    {"--width", nullptr, "--format", "events", "that breaks no lines"},
    {"--full", nullptr, "--history", nullptr, "that prints nothing else"},
    {"--full", nullptr, "--timeline", nullptr, "that prints nothing else"},
    {"--width", nullptr, "--history", nullptr, "that prints nothing else"},
    {"--width", nullptr, "--timeline", nullptr, "that prints nothing else"},
    {"--format", nullptr, "--history", nullptr, "that writes JSON Lines"},
    {"--format", nullptr, "--timeline", nullptr, "that writes HTML"},
    {"--color", nullptr, "--history", nullptr, "that prints nothing else"},
    {"--color", nullptr, "--timeline", nullptr, "that prints nothing else"},
    {"--html", nullptr, "--scenario", nullptr, "a page is about the recorded execution"},
    {"--html", nullptr, "--history", nullptr, "one of them at a time"},
    {"--html", nullptr, "--timeline", nullptr, "the page has the history, too"},
    {"--format", nullptr, "--dry-run", nullptr, "that prints what would be sent"},
    {"--color", nullptr, "--dry-run", nullptr, "that has no colours"},
    {"--timeline", "-", "--history", "-", "both would go to standard output"},
};

using Given = std::vector<std::pair<std::string, std::string>>;  // flags by name, and their values

bool has(const Given& given, const char* flag, const char* value) {
  for (const auto& [name, text] : given)
    if (name == flag && (!value || text == value)) return true;
  return false;
}

const Clash* clash(const Given& given) {
  for (const auto& c : kClashes)
    if (has(given, c.flag, c.value) && has(given, c.other, c.other_value)) return &c;
  return nullptr;
}

void refuse_clashes(const Command& command, const Given& given) {
  if (const Clash* c = clash(given))
    throw usage(
        command,
        fmt::format("{} has no effect beside {}{}{}: {}", c->flag, c->other,
                    c->other_value ? " " : "", c->other_value ? c->other_value : "", c->why),
        "leave one of them out");
}

constexpr const char* kCommandLine = "the command line";

// Which file, if any: "none" for none, whatever there is.
std::string project_file(const Command& command, const Given& given) {
  if (!command.find("--config")) return "";
  for (auto it = given.rbegin(); it != given.rend(); ++it)
    if (it->first == "--config") return it->second == "none" ? "" : it->second;
  return find_project();
}

// Laid under the flags: a flag wins over the same of the file, and over what would have no effect
// beside it.
void take_project(const Command& command, const Given& given, Options* out) {
  const std::string path = project_file(command, given);
  if (path.empty()) return;
  const Project project = read_project(path, command);
  out->project_file = path;
  out->project_paths = project.paths;
  Given taken;
  for (const auto& entry : project.entries) {
    const auto& name = entry.flag->name;
    for (const auto& value : entry.values) {
      Given with = given;
      with.emplace_back(name, value);
      const bool loses = has(given, name.c_str(), nullptr) || (!clash(given) && clash(with));
      out->origins.push_back({name, value, entry.where, loses ? kCommandLine : ""});
      if (loses) continue;
      taken.emplace_back(name, value);
      if (const Clash* c = clash(taken))
        throw Error(
            ExitCode::usage,
            fmt::format("{}: {} and {} in one file: {}", entry.where, c->flag, c->other, c->why),
            "leave one of them out");
      apply(command, *entry.flag, value, out);
    }
  }
  out->project = std::move(out->settings);
  out->settings.clear();
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

void apply_value(const Flag& flag, const std::string& value, Options* out) {
  if (flag.value && value.empty()) throw fmt::format("needs a value ({})", flag.value);
  if (flag.value && std::string_view(flag.value).find('|') != std::string_view::npos)
    check_choice(flag.value, value);
  flag.set(*out, value);
}

const std::string* Options::setting(const std::string& name) const {
  for (const auto* map : {&settings, &project})
    if (const auto it = map->find(name); it != map->end()) return &it->second;
  return nullptr;
}

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
  for (const auto& [flag, option] : table)
    for (const auto& value : option->results()) {
      given.emplace_back(flag->name, value);
      if (!flag->value && value != "true")
        throw usage(command, fmt::format("{} takes no value", flag->name));
    }
  take_project(command, given, &out);
  for (const auto& [name, value] : given) {
    out.origins.push_back({name, value, kCommandLine, ""});
    apply(command, *command.find(name), value, &out);
  }
  refuse_clashes(command, given);
  take_rest(command, app.remaining(), &out);
  if (out.args.empty() && command.args == std::string_view("file")) out.args = out.project_paths;
  return out;
}

}  // namespace lockstep::cli
