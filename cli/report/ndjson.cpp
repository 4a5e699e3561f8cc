// One JSON object a line, for scripts. The first is {"type":"run","schema":1,...}, the last
// {"type":"summary",...}. Every figure of the text is here; keys are only ever added; integers that
// a double cannot hold are strings.
#include "cli/fold/schedule_view.h"
#include "cli/report/contrast.h"
#include "cli/report/curve.h"
#include "cli/report/fix.h"
#include "cli/report/report.h"
#include "cli/report/rows.h"
#include "cli/report/scenario_facts.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

Json size_json(const ShrinkSize& s) {
  return {{"steps", s.steps},         {"deviations", s.deviations},
          {"switches", s.switches},   {"preemptions", s.preemptions},
          {"processes", s.processes}, {"faults", s.faults}};
}

Json shrink_json(const ShrinkReport& s) {
  return {{"reproduced", s.reproduced},
          {"before", size_json(s.before)},
          {"after", size_json(s.after)},
          {"attempts", json_number(s.attempts)},
          {"seconds", s.seconds},
          {"one_minimal", s.one_minimal},
          {"minimum", s.minimum},
          {"budget_ended", s.budget_ended},
          {"inputs_before", s.inputs_before},
          {"inputs_after", s.inputs_after}};
}

Json why_json(const Explanation& e) {
  Json culprits = Json::array();
  for (const auto& c : e.culprits)
    culprits.push_back({{"first", c.first},
                        {"second", c.second},
                        {"first_text", c.first_text},
                        {"second_text", c.second_text}});
  return {{"sentence", e.sentence},
          {"culprits", culprits},
          {"races", e.races},
          {"turned", e.turned},
          {"other_failures", e.other_failures},
          {"attempts", json_number(e.attempts)},
          {"complete", e.complete}};
}

const char* kind_name(AltKind kind) {
  switch (kind) {
    case AltKind::step:
      return "step";
    case AltKind::deliver:
      return "deliver";
    case AltKind::timer:
      return "timer";
    case AltKind::fault:
      return "fault";
    case AltKind::data:
      return "data";
  }
  return "?";
}

Json step_json(const Trace& trace, const ShownStep& shown) {
  const auto& e = trace.events[shown.event];
  Json json = {{"step", e.step},
               {"kind", kind_name(e.kind)},
               {"event", e.what},
               {"op", op_name(e.op)},
               {"actor", e.who},
               {"process", e.process},
               {"target", e.target},
               {"args", e.args},
               {"result", e.result},
               {"change", e.change},
               {"site", e.site},
               {"causes", e.causes},
               {"alternatives", json_number(e.alternatives)},
               {"digest", std::to_string(e.digest)}};
  json["switched"] = shown.switched;
  json["preempted"] = shown.preempted;
  json["failed_here"] = shown.failed_here;
  return json;
}

Json schedule_json(const Trace& trace, bool slice, const Observed* observed) {
  const auto view = view_schedule(trace, slice);
  const auto folded = fold(trace, view, observed);
  Json steps = Json::array(), sources = Json::array();
  for (const auto& shown : view.steps) steps.push_back(step_json(trace, shown));
  for (const auto& s : view.sources)
    sources.push_back({{"file", s.file}, {"line", s.line}, {"text", s.text}, {"steps", s.steps}});
  return {{"sliced", view.sliced},
          {"steps_total", trace.events.size()},
          {"steps", steps},
          {"rows", rows_json(trace, folded)},
          {"waiting", waiting_json(folded)},
          {"unread", unread_json(folded)},
          {"sources", sources}};
}

const char* how_name(FailureReport::How how) {
  switch (how) {
    case FailureReport::How::found:
      return "found";
    case FailureReport::How::bound:
      return "bound";
    case FailureReport::How::expected:
      return "expected";
    case FailureReport::How::replayed:
      return "replayed";
    case FailureReport::How::edited:
      return "edited";
    case FailureReport::How::otherwise:
      return "otherwise";
    case FailureReport::How::kept:
      return "kept";
    case FailureReport::How::sampled:
      return "sampled";
    case FailureReport::How::shrunk:
      return "shrunk";
    case FailureReport::How::explained:
      return "explained";
    case FailureReport::How::dumped:
      return "dumped";
  }
  return "?";
}

class NdjsonReporter : public Reporter {
 public:
  explicit NdjsonReporter(const ReportOptions& options) : slice_(options.slice) {}

  std::string begin(const RunReport& run) override {
    return json_line({{"type", "run"},
                      {"schema", 1},
                      {"tool", "lockstep"},
                      {"version", tool_version()},
                      {"command", run.command},
                      {"files", run.files}});
  }

  std::string failure(const FailureReport& f) override {
    const auto& t = f.trace;
    Json json = {{"type", "failure"},
                 {"how", how_name(f.how)},
                 {"scenario", t.scenario},
                 {"file", t.files.empty() ? "" : t.files[0].name},
                 {"iteration", json_number(f.iteration)},
                 {"seed", json_number(t.seed)},
                 {"iter_seed", std::to_string(iteration_seed(t.seed, t.iteration))},
                 {"strategy", t.strategy},
                 {"trace_path", f.path},
                 {"shrunk_path", f.small_path},
                 {"times", json_number(t.times)}};
    json.update(outcome_json(f.shown().outcome));
    if (!f.fingerprint.empty()) json["fingerprint_of_failure"] = f.fingerprint;
    json["known"] = f.known;
    json["options"] = t.options;
    json["deterministic"] = f.nondeterminism.empty();
    json["divergence"] = f.nondeterminism;
    json["confirmed"] = f.confirmed;
    if (f.how == FailureReport::How::found) json["schedules_all_failing"] = json_number(f.in_vain);
    json["tool_version"] = t.tool_version;
    json["fingerprint"] = std::to_string(t.fingerprint);
    json["decisions"] = f.shown().decisions.size();
    if (f.why) json["why"] = why_json(*f.why);
    if (f.contrast) json["contrast"] = contrast_json(*f.contrast);
    if (f.curve) json["curve"] = curve_json(*f.curve);
    if (f.unsteered) json["unsteered"] = unsteered_json(*f.unsteered);
    if (f.shrink) json["shrink"] = shrink_json(*f.shrink);
    json["schedule"] = schedule_json(f.shown(), slice_, f.observed ? &*f.observed : nullptr);
    json["replay"] = f.shown_path().empty() ? "" : replay_command_line(f.shown_path());
    return json_line(json);
  }

  std::string scenario(const ScenarioReport& s) override {
    Json json = {{"type", "scenario"}};
    for (const ScenarioFact& fact : scenario_facts()) fact.json(s, json);
    return json_line(json);
  }

  std::string disagreement(const DisagreementReport& d) override {
    return json_line({{"type", "disagreement"},
                      {"scenario", d.scenario},
                      {"first", d.found.first},
                      {"second", d.found.second},
                      {"difference", d.found.what},
                      {"after", d.found.path},
                      {"trace_paths", {d.paths[0], d.paths[1]}}});
  }

  std::string diverged(const DivergenceReport& d) override {
    return json_line({{"type", "divergence"},
                      {"trace_path", d.path},
                      {"against", d.against},
                      {"step", d.at.step},
                      {"recorded", d.at.recorded},
                      {"actual", d.at.actual},
                      {"available", d.at.available},
                      {"causes", d.at.causes}});
  }

  std::string fixed(const FixReport& fix) override {
    Json json = fix.fix.kind == FixResult::passes
                    ? Json{{"type", "passed"}, {"trace_path", fix.path}, {"file", fix.file}}
                    : Json{{"type", "divergence"},          {"trace_path", fix.path},
                           {"against", fix.file},           {"step", fix.at.step},
                           {"recorded", fix.at.recorded},   {"actual", fix.at.actual},
                           {"available", fix.at.available}, {"causes", fix.at.causes}};
    json["fix"] = fix_json(fix.fix);
    return json_line(json);
  }

  std::string passed(const std::string& path, const std::string& file, bool as_recorded) override {
    return json_line(
        {{"type", "passed"}, {"trace_path", path}, {"file", file}, {"as_recorded", as_recorded}});
  }

  std::string broken(const BrokenFile& b) override {
    return json_line({{"type", "broken"},
                      {"file", b.path},
                      {"message", b.error.what()},
                      {"hint", b.error.hint()},
                      {"exit_code", static_cast<int>(b.error.code())}});
  }

  std::string remembered(const RememberedReport& r) override {
    return json_line({{"type", "remembered"},
                      {"state", state_name(r.state)},
                      {"otherwise", r.otherwise},
                      {"changed", r.changed},
                      {"known", r.known},
                      {"file", r.file},
                      {"scenario", r.scenario},
                      {"signature", r.signature},
                      {"reason", r.reason},
                      {"trace_path", r.path}});
  }

  std::string known(const FailureReport& f) override { return failure(f); }

  std::string end(const SummaryReport& s) override {
    return json_line({{"type", "summary"},
                      {"scenarios", s.scenarios},
                      {"failed", s.failed},
                      {"passed", s.passed()},
                      {"incomplete", s.incomplete},
                      {"not_run", s.not_run},
                      {"known", s.known},
                      {"still_failing", s.still_failing},
                      {"broken", s.broken},
                      {"iterations", json_number(s.iterations)},
                      {"interrupted", s.interrupted},
                      {"exit_code", static_cast<int>(s.exit)}});
  }

 private:
  bool slice_;
};

}  // namespace

std::unique_ptr<Reporter> make_ndjson_reporter(const ReportOptions& options) {
  return std::make_unique<NdjsonReporter>(options);
}

}  // namespace lockstep::cli
