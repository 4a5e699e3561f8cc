#include "cli/selection.h"

#include <fmt/format.h>

#include "cli/log.h"
#include "cli/nearest.h"
#include "cli/words.h"

namespace lockstep::cli {
namespace {

bool wanted(const Options& options, const std::string& name) {
  if (options.only.empty()) return true;
  for (const auto& part : options.only)
    if (name.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

std::vector<vm::Program> load_programs(const Options& options, const std::string& example) {
  if (options.args.empty()) throw Error(ExitCode::usage, "no scenario file given", example);
  std::vector<vm::Program> programs;
  for (const auto& path : options.args) {
    const auto& program = programs.emplace_back(vm::Program::from_file(path));
    log_info(Part::load,
             fmt::format("{}: {}, {}", path, counted(program.scenarios().size(), "scenario"),
                         counted(program.files().size() - 1, "module")));
    for (const auto& file : program.files())
      log_debug(Part::load, fmt::format("{}: {}", file.name, counted(file.text.size(), "byte")));
  }
  return programs;
}

std::vector<Selected> select_scenarios(const Options& options,
                                       const std::vector<vm::Program>& programs) {
  std::vector<Selected> selected;
  std::vector<std::string> names;
  for (const auto& program : programs)
    for (const auto& scenario : program.scenarios()) {
      names.push_back(scenario.name);
      if (wanted(options, scenario.name))
        selected.push_back({&program, &scenario, resolve_settings(scenario, options.settings)});
    }
  if (!selected.empty() || options.only.empty()) return selected;
  const auto near = nearest(options.only[0], names);
  throw Error(
      ExitCode::usage,
      fmt::format("--only {} matches none of {} scenarios", options.only[0], names.size()),
      near.empty() ? "lockstep list scenarios FILE" : fmt::format("did you mean \"{}\"?", near));
}

}  // namespace lockstep::cli
