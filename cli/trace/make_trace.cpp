#include "cli/trace/make_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {
namespace {

// A name that needs no quotes in a shell.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool keep =
        std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
    if (keep)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "scenario" : out.substr(0, 80);
}

std::string suite(const ScenarioRun& run) {
  auto stem = plain(std::filesystem::path(run.program.path()).stem().string());
  if (run.program.scenarios().size() == 1) return stem;
  return stem + "-" + plain(run.scenario.name);
}

}  // namespace

Trace make_trace(const ScenarioRun& run, const Finding& finding, System* system) {
  Trace t;
  t.tool_version = tool_version();
  t.fingerprint = vm::lua_fingerprint();
  for (const auto& file : run.program.files()) t.files.push_back({file.name, file.text});
  t.scenario = run.scenario.name;
  t.options = run.settings.recorded();
  t.strategy = run.settings.strategy;
  t.seed = run.settings.seed;
  t.iteration = finding.stream;
  t.times = finding.times;
  put_recording(t, {finding.outcome, finding.decisions, finding.events, {}});
  if (system && finding.deterministic && finding.confirmed) annotate(t, *system);
  return t;
}

Trace make_small_trace(const Trace& trace, const ShrinkResult& result, const std::string& origin,
                       System& system) {
  Trace t = trace;
  put_recording(t, result.recording);
  annotate(t, system);
  if (!result.omitted.empty()) t.options["omit"] = omitted_text(result.omitted);
  t.shrunk = true;
  t.minimum = result.minimum;
  t.deviations = result.after.deviations;
  t.origin = std::filesystem::path(origin).filename().string();
  return t;
}

ShrinkReport make_shrink_report(const ShrinkResult& r) {
  return {r.before,
          r.after,
          r.attempts,
          r.seconds,
          r.reproduced,
          r.one_minimal,
          r.minimum,
          r.budget_ended,
          r.inputs,
          r.inputs - std::min<uint32_t>(r.inputs, static_cast<uint32_t>(r.omitted.size()))};
}

void log_written(const std::string& path, const Trace& trace) {
  log_info(Part::trace,
           fmt::format("{}: written, {}", path, counted(trace.decisions.size(), "decision")));
}

void log_smaller(const ShrinkSize& now, uint64_t attempts) {
  log_debug(Part::shrink,
            fmt::format("{}, {} after {}", counted(now.steps, "step"),
                        counted(now.deviations, "deviation"), counted(attempts, "replay")));
}

void log_shrunk(const std::string& path, const ShrinkResult& result) {
  log_info(Part::shrink,
           fmt::format("{}: {} to {} after {}, {:.2f} s", path,
                       counted(result.before.steps, "step"), counted(result.after.steps, "step"),
                       counted(result.attempts, "replay"), result.seconds));
}

std::string TraceNames::next(const ScenarioRun& run, uint64_t iteration) {
  return unused(fmt::format("{}-iter{}-seed{}", suite(run), iteration, run.settings.seed));
}

std::string TraceNames::audited(const ScenarioRun& run) {
  return unused(fmt::format("{}-audit-seed{}", suite(run), run.settings.seed));
}

std::string TraceNames::unused(const std::string& base) {
  auto name = base;
  for (int n = 2; !used_.insert(name).second; n++) name = fmt::format("{}-{}", base, n);
  return (std::filesystem::path(folder_) / (name + ".lockstep")).string();
}

std::string small_name(const std::string& path) {
  const std::string end = ".lockstep";
  const auto stem = path.ends_with(end) ? path.substr(0, path.size() - end.size()) : path;
  return stem.ends_with(".shrunk") ? stem + end : stem + ".shrunk" + end;
}

}  // namespace lockstep::cli
