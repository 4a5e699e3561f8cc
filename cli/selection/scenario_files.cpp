#include "cli/selection/scenario_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

#include "cli/settings/settings.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_lua(const fs::path& path) {
  const auto name = path.filename().string();
  return name.ends_with(".lua") && !name.ends_with(".d.lua");
}

// By whole path, so that the order does not depend on the file system.
std::vector<std::string> below(const std::string& folder) {
  std::vector<std::string> paths;
  const auto options = fs::directory_options::skip_permission_denied;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, options, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;  // what cannot be looked at is no file
    if (hidden(it->path()) && it->is_directory(ignored)) it.disable_recursion_pending();
    if (!hidden(it->path()) && is_lua(it->path()) && it->is_regular_file(ignored))
      paths.push_back(it->path().lexically_normal().string());
  }
  if (error)
    throw Error(ExitCode::usage, fmt::format("{}: cannot be read: {}", folder, error.message()));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string identity(const std::string& path) {
  std::error_code error;
  const auto same = fs::weakly_canonical(path, error);
  return error ? path : same.string();
}

// Modules are required by a name that is relative to the scenario's folder, unless they were found
// along the search path.
std::set<std::string> required_by(const std::vector<vm::Program>& programs) {
  std::set<std::string> modules;
  for (const auto& program : programs) {
    const auto folder = fs::path(program.path()).parent_path();
    for (size_t i = 1; i < program.files().size(); i++) {
      const auto& file = program.files()[i];
      modules.insert(identity(file.found.empty() ? (folder / file.name).string() : file.found));
    }
  }
  return modules;
}

// What is wrong is said with names that are relative to the scenario's folder.
Error with_folder(const std::string& path, const Error& e) {
  const std::string what = e.what(), name = fs::path(path).filename().string();
  if (what.find(path) != std::string::npos) return e;
  const auto folder = path.substr(0, path.size() - name.size());
  return Error(e.code(), what.starts_with(name + ":") ? folder + what : path + ": " + what,
               e.hint());
}

void log_loaded(const vm::Program& program) {
  log_info(Part::load, fmt::format("{}: {}, {}", program.path(),
                                   counted(program.scenarios().size(), "scenario"),
                                   counted(program.files().size() - 1, "module")));
  for (const auto& file : program.files())
    log_debug(Part::load, fmt::format("{}: {}{}", file.name, counted(file.text.size(), "byte"),
                                      file.found.empty() ? "" : ", from " + file.found));
}

class Loader {
 public:
  explicit Loader(const Options& options)
      : all_(stop_after(options.total_seconds)), search_(options.search) {
    if (const auto* time = options.setting("time"))
      each_ = resolve_settings({}, {{"time", *time}}).seconds;
  }

  void load(const ScenarioFile& file) {
    StopToken stop = stop_after(each_);  // a file is loaded before it says what it has
    if (each_ == 0 || all_.deadline < stop.deadline) stop.deadline = all_.deadline;
    try {
      log_loaded(loaded_.programs.emplace_back(vm::Program::from_file(file.path, &stop, search_)));
    } catch (const vm::NoScenario& e) {
      if (!file.found) loaded_.broken.push_back({file.path, with_folder(file.path, e)});
      loaded_.helpers += file.found;
    } catch (const Error& e) {
      if (e.code() == ExitCode::interrupted || (e.code() == ExitCode::usage && !file.found)) throw;
      loaded_.broken.push_back({file.path, with_folder(file.path, e)});
    }
  }

  // What a scenario requires may make no sense by itself.
  LoadedFiles done() {
    if (loaded_.broken.empty()) return std::move(loaded_);
    const auto modules = required_by(loaded_.programs);
    loaded_.helpers += std::erase_if(
        loaded_.broken, [&](const BrokenFile& b) { return modules.contains(identity(b.path)); });
    return std::move(loaded_);
  }

 private:
  const StopToken all_;
  const std::vector<std::string>& search_;
  double each_ = 0;
  LoadedFiles loaded_;
};

}  // namespace

std::vector<ScenarioFile> scenario_files(const std::vector<std::string>& args,
                                         const std::string& example) {
  if (args.empty()) throw Error(ExitCode::usage, "no scenario file given", example);
  std::vector<ScenarioFile> files;
  std::set<std::string> seen, found;
  for (const auto& arg : args) {
    std::error_code ignored;
    if (!fs::is_directory(arg, ignored)) {
      if (!found.contains(identity(arg))) files.push_back({arg});
      seen.insert(identity(arg));
      continue;
    }
    const auto paths = below(arg);
    if (paths.empty())
      throw Error(ExitCode::usage, fmt::format("{}: no Lua file in this folder", arg),
                  "name a folder with scenario files (*.lua), or a file");
    for (const auto& path : paths) {
      found.insert(identity(path));
      if (seen.insert(identity(path)).second) files.push_back({path, true});
    }
  }
  return files;
}

LoadedFiles load_files(const Options& options, const std::string& example) {
  Loader loader(options);
  const auto files = scenario_files(options.args, example);
  for (const auto& file : files) loader.load(file);
  auto loaded = loader.done();
  if (loaded.helpers)
    log_info(Part::load, counted(loaded.helpers, "file") + " without a scenario passed over");
  if (loaded.programs.empty() && loaded.broken.empty())
    throw Error(ExitCode::usage,
                fmt::format("no scenario in {}", counted(loaded.helpers, "Lua file")),
                "declare one with lockstep.scenario(name, function() ... end)");
  return loaded;
}

}  // namespace lockstep::cli
