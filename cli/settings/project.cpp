#include "cli/settings/project.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "engine/base/files.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "lockstep.toml";
constexpr size_t kMostBytes = size_t{1} << 20;
constexpr const char* kPaths = "paths";

// Which file is read, and what is done instead of a command, nobody can say in the file.
constexpr std::array kNotInFile = {"--config", "--show-config"};
// Commands to which the file's common keys apply. What others call by these names is another thing.
constexpr std::array kCommon = {"run", "verify", "lint", "list"};
// How to sample says nothing about a proof: of these `verify` takes its own table's only, as it
// does with a scenario's.
constexpr std::array kOfSampling = {"--strategy", "--iterations", "--time", "--depth",
                                    "--resample-prob"};

template <class List>
bool among(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool has_project(const Command& command) { return command.find("--config") != nullptr; }

std::string key_of(const Flag& flag) {
  std::string key = flag.name.substr(2);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

const Flag* find_key(const Command& command, std::string_view key) {
  for (const auto& group : command.groups)
    for (const auto& flag : group.flags)
      if (!among(kNotInFile, flag.name) && key_of(flag) == key) return &flag;
  return nullptr;
}

class Reader {
 public:
  Reader(const std::string& path, const Command& command) : path_(path), command_(command) {
    const auto folder = fs::path(path).parent_path();
    folder_ = folder.empty() ? "" : folder.string();
  }

  Project read() {
    std::string text, problem;
    if (!read_whole(path_, kMostBytes, &text, &problem))
      throw Error(ExitCode::usage, fmt::format("{}: cannot be read: {}", path_, problem));
    toml::table table;
    try {
      table = toml::parse(text, path_);
    } catch (const toml::parse_error& e) {
      fail(e.source(), std::string(e.description()), "the file is TOML: key = value, [command]");
    }
    project_.path = path_;
    for (const auto& [key, value] : table) {
      if (const auto* own = value.as_table())
        command_table(key, *own);
      else
        common(key, value);
    }
    for (auto& [flag, entry] : entries_) project_.entries.push_back(std::move(entry));
    return std::move(project_);
  }

 private:
  [[noreturn]] void fail(const toml::source_region& at, const std::string& what,
                         const std::string& hint = {}) const {
    throw Error(ExitCode::usage, fmt::format("{}: {}", where(at), what), hint);
  }
  std::string where(const toml::source_region& at) const {
    return fmt::format("{}:{}", path_, at.begin.line);
  }

  [[noreturn]] void unknown(const toml::key& key, const std::string& what,
                            const std::vector<std::string>& known, const std::string& see) const {
    const auto near = nearest(key.str(), known);
    fail(key.source(), fmt::format("unknown {} '{}'", what, key.str()),
         near.empty() ? see : fmt::format("did you mean {}?", near));
  }

  void common(const toml::key& key, const toml::node& value) {
    if (key == kPaths) {
      project_.paths = texts(key, value, true);
      for (auto& path : project_.paths) path = from_here(path);
      project_.paths_where = where(key.source());
      return;
    }
    std::vector<std::string> known = {kPaths};
    const Flag* any = nullptr;
    for (const auto& command : commands()) {
      if (!among(kCommon, command.name)) continue;
      for (const auto& group : command.groups)
        for (const auto& flag : group.flags)
          if (!among(kNotInFile, flag.name)) known.push_back(key_of(flag));
      if (const Flag* flag = find_key(command, key.str())) any = flag;
    }
    if (!any) {
      for (const auto& command : commands())
        if (has_project(command)) known.emplace_back(command.name);
      unknown(key, "key", known, "keys are flags in snake_case: lockstep run --help");
    }
    const Flag* flag = find_key(command_, key.str());
    const bool applies =
        flag && among(kCommon, command_.name) &&
        !(command_.name == std::string_view("verify") && among(kOfSampling, flag->name));
    const ProjectEntry entry = this->entry(flag ? *flag : *any, key, value, "");
    if (applies) entries_.try_emplace(flag->name, entry);
  }

  void command_table(const toml::key& name, const toml::table& table) {
    std::vector<std::string> names;
    for (const auto& command : commands())
      if (has_project(command)) names.emplace_back(command.name);
    if (!among(names, name.str())) {
      const Command* other = find_command(name.str());
      if (other)
        fail(name.source(), fmt::format("'{}' reads no project file", name.str()),
             fmt::format("tables are of {}", fmt::join(names, ", ")));
      unknown(name, "table", names, fmt::format("tables are of {}", fmt::join(names, ", ")));
    }
    const Command& command = *find_command(name.str());
    for (const auto& [key, value] : table) {
      const Flag* flag = find_key(command, key.str());
      if (!flag) {
        std::vector<std::string> known;
        for (const auto& group : command.groups)
          for (const auto& f : group.flags)
            if (!among(kNotInFile, f.name)) known.push_back(key_of(f));
        unknown(key, fmt::format("key of [{}]", name.str()), known,
                fmt::format("keys are its flags in snake_case: lockstep {} --help", name.str()));
      }
      auto own = entry(*flag, key, value, std::string(name.str()) + ".");
      if (command_.name == name.str()) entries_.insert_or_assign(flag->name, std::move(own));
    }
  }

  ProjectEntry entry(const Flag& flag, const toml::key& key, const toml::node& value,
                     const std::string& prefix) const {
    ProjectEntry entry{&flag, prefix + std::string(key.str()), {}, where(key.source())};
    if (!flag.value) {
      const auto* on = value.as_boolean();
      if (!on) fail(key.source(), fmt::format("{} must be true or false", key.str()));
      if (on->get()) entry.values = {"true"};
      return entry;
    }
    entry.values = texts(key, value, flag.repeats);
    for (auto& text : entry.values) {
      check(flag, key, text);
      text = with_path(flag, text);
    }
    return entry;
  }

  // Also of commands other than the one at hand, which would never say so.
  void check(const Flag& flag, const toml::key& key, const std::string& text) const {
    Options scratch;
    try {
      apply_value(flag, text, &scratch);
    } catch (const std::string& complaint) {
      fail(key.source(), fmt::format("{} {}", key.str(), complaint));
    }
  }

  std::vector<std::string> texts(const toml::key& key, const toml::node& value,
                                 bool several) const {
    std::vector<std::string> all;
    if (const auto* list = value.as_array()) {
      if (!several) fail(key.source(), fmt::format("{} takes one value, not a list", key.str()));
      for (const auto& item : *list) all.push_back(text(key, item));
    } else {
      all.push_back(text(key, value));
    }
    return all;
  }

  std::string text(const toml::key& key, const toml::node& value) const {
    if (const auto* s = value.as_string()) return s->get();
    if (const auto* n = value.as_integer()) return std::to_string(n->get());
    if (const auto* x = value.as_floating_point()) return fmt::format("{}", x->get());
    fail(key.source(), fmt::format("{} must be text or a number", key.str()));
  }

  // Flags that name a file or a folder, as their help says.
  std::string with_path(const Flag& flag, const std::string& text) const {
    const std::string_view value = flag.value;
    if (value == "FILE" || value == "DIR") return from_here(text);
    const size_t at = text.find('=');
    if (value.ends_with("=FILE]") && at != std::string::npos)
      return text.substr(0, at + 1) + from_here(text.substr(at + 1));
    return text;
  }

  std::string from_here(const std::string& path) const {
    if (folder_.empty() || path == "-" || fs::path(path).is_absolute()) return path;
    return (fs::path(folder_) / path).lexically_normal().string();
  }

  const std::string path_;
  const Command& command_;
  std::string folder_;
  Project project_;
  std::map<std::string, ProjectEntry> entries_;
};

}  // namespace

std::string find_project() {
  std::error_code error;
  auto folder = fs::current_path(error);
  fs::path here;  // the same, seen from the current folder
  while (!error) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / kName, ignored)) return (here / kName).string();
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
    here /= "..";
  }
  return "";
}

Project read_project(const std::string& path, const Command& command) {
  return Reader(path, command).read();
}

}  // namespace lockstep::cli
