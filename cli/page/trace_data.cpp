#include "cli/page/trace_data.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/fold/schedule_view.h"
#include "cli/page/page.h"
#include "cli/page/run_data.h"
#include "cli/report/contrast.h"
#include "cli/report/curve.h"
#include "cli/report/report.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"
#include "engine/contrast/passing.h"
#include "engine/trace/trace_replay.h"
#include "engine/walk/walk.h"
#include "vm/machine/recorded_history.h"

namespace lockstep::cli {
namespace {

// A page of 1,000 steps has less than a megabyte: texts are cut until they fit.
constexpr size_t kLongestText = 4096, kShortestText = 48;
constexpr size_t kTextBytes = 300'000, kTextBytesEachStep = 200;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.substr(std::min(text.find_first_not_of("\n "), text.size()));
}

// "checked:  all 10 classes ...": the lines of the report, without their indentation.
std::vector<std::string> told_lines(const std::string& text) {
  std::vector<std::string> lines;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (end > at + 2) lines.push_back(harmless(trimmed(text.substr(at, end - at))));
    at = end + 1;
  }
  return lines;
}

Json contrast_data(const Contrast& c) {
  Json json = contrast_json(c);
  Json lines = Json::array();
  for (const auto& line : told_lines(contrast_text(c, Style())))
    if (line.starts_with("checked:") || line.starts_with("turned:") || line.starts_with("Fails"))
      lines.push_back(line);
  json["lines"] = std::move(lines);
  for (size_t i = 0; i < c.parts.size(); i++) {
    auto words = told_lines(contrast_lines(c.parts[i], i + 1, Style()));
    words[0] = words[0].substr(words[0].find(' ') + 1);
    if (words.size() > 1) words[1] = words[1].substr(std::string("comes before ").size());
    json["parts"][i]["words"] = words;
  }
  return json;
}

// Which steps the failure depends on, and where a process was preempted.
void put_view(const Trace& trace, Json* run) {
  const ScheduleView view = view_schedule(trace, true);
  Json shown = Json::array(), preempted = Json::array();
  for (const ShownStep& s : view.steps) shown.push_back(trace.events[s.event].step);
  for (const ShownStep& s : view_schedule(trace, false).steps)
    if (s.preempted) preempted.push_back(trace.events[s.event].step);
  (*run)["sliced"] = view.sliced;
  (*run)["shown"] = std::move(shown);
  (*run)["preempted"] = std::move(preempted);
}

Json outcome_json(const Outcome& o) {
  return {{"failed", o.failed()},         {"verdict", verdict_name(o.verdict)},
          {"reason", harmless(o.reason)}, {"signature", o.failed() ? harmless(o.signature()) : ""},
          {"site", harmless(o.site)},     {"process", harmless(o.process)},
          {"detail", harmless(o.detail)}};
}

struct Execution {
  std::string name;
  Trace trace;  // events and outcome alone matter
  States states;
  Json more = Json::object();
};

Execution execution(const char* name, const Trace& base, Recording recording, Walk& walk,
                    size_t line) {
  Execution out{name, base, states_of(walk, line), Json::object()};
  out.trace.events = std::move(recording.events);
  out.trace.outcome = std::move(recording.outcome);
  return out;
}

// With texts as long as fit.
void put_executions(const std::vector<Execution>& executions, Json* json) {
  size_t steps = 0;
  for (const Execution& e : executions) steps += e.trace.events.size();
  const size_t most = std::max(kTextBytes, steps * kTextBytesEachStep);
  for (size_t longest = kLongestText;; longest /= 2) {
    Texts texts(longest);
    Slots slots;
    Json runs = Json::array();
    for (const Execution& e : executions) {
      Json run{{"name", e.name},
               {"outcome", outcome_json(e.trace.outcome)},
               {"events", events_json(e.trace.events, texts)},
               {"states", states_json(e.states, texts, slots)}};
      put_view(e.trace, &run);
      run.update(e.more);
      runs.push_back(std::move(run));
    }
    if (texts.bytes() > most && longest / 2 >= kShortestText) continue;
    (*json)["runs"] = std::move(runs);
    (*json)["texts"] = texts.json();
    (*json)["slots"] = slots.json();
    return;
  }
}

Recording recorded(const Traced& traced, System& machine) {
  auto result = replay_strict(machine, traced.trace);
  check_not_cut(machine, traced.path);
  if (result.kind == ReplayResult::diverged)
    throw Error(ExitCode::diverged,
                fmt::format("{}: the recorded schedule cannot be followed", traced.path),
                replay_command_line(traced.path) + " shows where it leaves the recording");
  return std::move(result.recording);
}

Json about(const Traced& traced) {
  const Trace& t = traced.trace;
  Json json{{"scenario", harmless(t.scenario)},
            {"path", harmless(std::filesystem::path(traced.path).filename().string())},
            {"facts",
             {{"strategy", t.strategy},
              {"seed", std::to_string(t.seed)},
              {"iteration", std::to_string(t.iteration)}}},
            {"replay", harmless(replay_command_line(traced.path))}};
  Json files = Json::array();
  for (const TraceFile& f : t.files)
    files.push_back({{"name", harmless(f.name)}, {"text", harmless(f.text)}});
  json["files"] = std::move(files);
  return json;
}

}  // namespace

TraceData trace_data(const Traced& traced, Told told) {
  const auto machine = traced.machine(stop_if_interrupted());
  const Trace& t = traced.trace;
  Recording recording = recorded(traced, *machine);
  TraceData out;
  if (const auto picture = vm::recorded_histories(*machine).picture; !picture.empty())
    out.histories.push_back(Json::parse(picture));
  out.trace = about(traced);
  const bool failed = recording.outcome.failed();
  std::optional<NearestPassing> passing;
  if (failed) {
    ContrastOptions contrast_options;
    contrast_options.interrupted = &interrupted();
    if (!told.contrast)
      told.contrast = contrast(*machine, t.seed, t.iteration, recording, contrast_options);
    CurveOptions curve_options;
    curve_options.interrupted = &interrupted();
    if (!told.curve)
      told.curve = failure_curve(*machine, t.seed, t.iteration, recording, curve_options);
    PassingOptions passing_options;
    passing_options.interrupted = &interrupted();
    passing =
        nearest_passing(*machine, t.seed, t.iteration, recording, &*told.contrast, passing_options);
    check_not_cut(*machine, traced.path);
    out.trace["contrast"] = contrast_data(*told.contrast);
    out.trace["curve"] = curve_json(*told.curve);
    out.trace["curve"]["line"] = trimmed(curve_text(*told.curve));
  }
  Walk walk(*machine, t.seed, t.iteration, recording);
  std::vector<Execution> executions;
  executions.push_back(execution(failed ? "failing" : "passing", t, std::move(recording), walk, 0));
  if (passing) {
    const size_t line = walk.adopt(0, 0, passing->recording.decisions);
    auto near = execution("passing", t, passing->recording, walk, line);
    Json stayed = Json::array();
    for (const bool s : passing->stayed) stayed.push_back(s ? 1 : 0);
    near.more = {
        {"twins", passing->twins}, {"stayed", std::move(stayed)}, {"apart", passing->apart}};
    executions.push_back(std::move(near));
  }
  check_not_cut(*machine, traced.path);
  put_executions(executions, &out.trace);
  return out;
}

void write_trace_page(const char* flag, const std::string& file, const std::string& path,
                      Told told) {
  const auto traced = read_traced(path);
  TraceData data = trace_data(traced, std::move(told));
  const auto html = page_html({{"title", data.trace["scenario"]},
                               {"version", tool_version()},
                               {"traces", Json::array({std::move(data.trace)})},
                               {"histories", std::move(data.histories)},
                               {"files", Json::array()}});
  if (file == "-") return put_as_it_is(html);
  write_whole_file(flag, file, html);
  log_info(Part::trace, fmt::format("{}: written, {} bytes", file, grouped(html.size())));
}

std::string numbered_file(const std::string& file, size_t number) {
  if (number <= 1 || file == "-") return file;
  const std::filesystem::path p(file);
  return (p.parent_path() /
          fmt::format("{}.{}{}", p.stem().string(), number, p.extension().string()))
      .string();
}

}  // namespace lockstep::cli
