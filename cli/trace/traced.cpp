#include "cli/trace/traced.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "engine/base/error.h"
#include "vm/loading/owes.h"

namespace lockstep::cli {

std::unique_ptr<System> Traced::machine(const StopToken& stop) const {
  auto options = settings.machine();
  options.stop = &stop;
  return vm::make_machine(program, trace.scenario, options);
}

void check_not_cut(const System& machine, const std::string& path) {
  if (machine.cut())
    throw Error(ExitCode::interrupted,
                fmt::format("{}: interrupted before the schedule came to its end", path));
}

namespace {

[[noreturn]] void refuse(const Trace& trace, const std::string& path, const char* older) {
  throw Error(
      ExitCode::trace,
      fmt::format("{}: format version {}, of a lockstep {}: its steps mean something else now",
                  path, trace.format, older),
      fmt::format("look for the failure again: lockstep run {} --seed {}", trace.files.front().name,
                  trace.seed));
}

}  // namespace

Traced read_traced(const std::string& path) {
  return make_traced(read_trace(path), path, stop_if_interrupted());
}

Traced make_traced(Trace trace, const std::string& path, const StopToken& stop) {
  if (trace.files.empty())
    throw Error(ExitCode::trace, fmt::format("{}: holds no scenario source", path));
  log_info(Part::trace, fmt::format("{}: scenario {}, {}, {}", path, trace.scenario,
                                    counted(trace.decisions.size(), "decision"),
                                    counted(trace.files.size(), "file")));
  for (const auto& [name, text] : trace.options)
    log_debug(Part::trace, fmt::format("{}: {} = {}", path, name, text));
  auto settings = settings_from_trace(trace.options, path);
  if (trace.format < 2 && settings.execution.timers != vm::TimerMode::quiescent)
    refuse(trace, path, "whose timers raced otherwise");
  const auto owes = [](const TraceFile& file) { return vm::may_owe(file.text); };
  if (trace.format < 3 && std::any_of(trace.files.begin(), trace.files.end(), owes))
    refuse(trace, path, "where the end of the root was no step if nothing else could come");
  settings.seed = trace.seed;
  settings.strategy = trace.strategy;
  std::vector<vm::SourceFile> files;
  for (const auto& file : trace.files) files.push_back({file.name, file.text});
  auto program = vm::Program::from_sources(std::move(files), &stop);
  return {path, std::move(trace), std::move(settings), std::move(program)};
}

}  // namespace lockstep::cli
