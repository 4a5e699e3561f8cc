// One JSON object a line, for scripts. The first is {"type":"run","schema":1,...}, the last
// {"type":"summary",...}. Every figure of the text is here; keys are only ever added; integers that
// a double cannot hold are strings.
#include <nlohmann/json.hpp>

#include "cli/report/report.h"
#include "cli/report/report_proof.h"
#include "cli/report/schedule_view.h"
#include "cli/terminal/words.h"
#include "engine/explore/estimate.h"

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kExactInDouble = 1ull << 53;

Json number(uint64_t n) { return n <= kExactInDouble ? Json(n) : Json(std::to_string(n)); }

std::string line(const Json& json) {
  // Payloads may hold any bytes; what is not UTF-8 is replaced rather than refused.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json outcome_json(const Outcome& o) {
  return {{"verdict", verdict_name(o.verdict)},
          {"signature", o.signature()},
          {"reason", o.reason},
          {"site", o.site},
          {"object", o.object},
          {"process", o.process},
          {"detail", o.detail}};
}

Json size_json(const ShrinkSize& s) {
  return {{"steps", s.steps},         {"deviations", s.deviations},
          {"switches", s.switches},   {"preemptions", s.preemptions},
          {"processes", s.processes}, {"faults", s.faults}};
}

Json shrink_json(const ShrinkReport& s) {
  return {{"reproduced", s.reproduced},
          {"before", size_json(s.before)},
          {"after", size_json(s.after)},
          {"attempts", number(s.attempts)},
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
          {"attempts", number(e.attempts)},
          {"complete", e.complete}};
}

Json races_json(const RaceSummary& races) {
  const auto side = [](const RaceSide& s) { return Json{{"event", s.what}, {"site", s.site}}; };
  Json groups = Json::array();
  for (const auto& g : races.groups)
    groups.push_back({{"kind", race_kind_name(g.kind)},
                      {"object", g.object},
                      {"first", side(g.first)},
                      {"second", side(g.second)},
                      {"first_first", g.first_first},
                      {"second_first", g.second_first},
                      {"both_orders", g.both_orders()},
                      {"executions", number(g.executions)}});
  return {{"sampled", number(races.sampled)},
          {"left_out", number(races.left_out)},
          {"one_order", number(races.one_order())},
          {"pairs", groups}};
}

// Goals asked for by name stand there with 0 if no execution reached them.
Json activity_json(const Activity& c, const std::vector<std::string>& named) {
  Json goals = Json::object();
  for (const auto& name : named) goals[name] = 0;
  for (const auto& [name, n] : c.goals) goals[name] = number(n);
  return {{"executions", number(c.executions)},
          {"assertions", number(c.assertions)},
          {"without_assertion", number(c.without_assertion)},
          {"processes_most", c.processes_most},
          {"ran_most", c.ran_most},
          {"with_idle_process", number(c.idle)},
          {"unread_messages", number(c.unread)},
          {"with_unread_messages", number(c.with_unread)},
          {"cut_short", number(c.cut_short)},
          {"fired_last", c.fired_last},
          {"goals", goals}};
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
               {"alternatives", number(e.alternatives)},
               {"digest", std::to_string(e.digest)}};
  json["switched"] = shown.switched;
  json["preempted"] = shown.preempted;
  json["failed_here"] = shown.failed_here;
  return json;
}

Json schedule_json(const Trace& trace, bool slice) {
  const auto view = view_schedule(trace, slice);
  Json steps = Json::array(), sources = Json::array();
  for (const auto& shown : view.steps) steps.push_back(step_json(trace, shown));
  for (const auto& s : view.sources)
    sources.push_back({{"file", s.file}, {"line", s.line}, {"text", s.text}, {"steps", s.steps}});
  return {{"sliced", view.sliced},
          {"steps_total", trace.events.size()},
          {"steps", steps},
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
    case FailureReport::How::shrunk:
      return "shrunk";
    case FailureReport::How::dumped:
      return "dumped";
  }
  return "?";
}

class NdjsonReporter : public Reporter {
 public:
  explicit NdjsonReporter(const ReportOptions& options) : slice_(options.slice) {}

  std::string begin(const RunReport& run) override {
    return line({{"type", "run"},
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
                 {"iteration", number(f.iteration)},
                 {"seed", number(t.seed)},
                 {"iter_seed", std::to_string(iteration_seed(t.seed, t.iteration))},
                 {"strategy", t.strategy},
                 {"trace_path", f.path},
                 {"shrunk_path", f.small_path},
                 {"times", number(t.times)}};
    json.update(outcome_json(f.shown().outcome));
    json["options"] = t.options;
    json["deterministic"] = f.nondeterminism.empty();
    json["divergence"] = f.nondeterminism;
    if (f.how == FailureReport::How::found) json["schedules_all_failing"] = number(f.in_vain);
    json["tool_version"] = t.tool_version;
    json["fingerprint"] = std::to_string(t.fingerprint);
    json["decisions"] = f.shown().decisions.size();
    if (f.why) json["why"] = why_json(*f.why);
    if (f.shrink) json["shrink"] = shrink_json(*f.shrink);
    json["schedule"] = schedule_json(f.shown(), slice_);
    json["replay"] = f.shown_path().empty() ? "" : replay_command_line(f.shown_path());
    return line(json);
  }

  std::string scenario(const ScenarioReport& s) override {
    const auto& r = s.result;
    const double rate = r.seconds > 0 ? static_cast<double>(r.iterations) / r.seconds : 0;
    const double steps_rate = r.seconds > 0 ? static_cast<double>(r.steps) / r.seconds : 0;
    Json json = {{"type", "scenario"},
                 {"file", s.file},
                 {"scenario", s.name},
                 {"strategy", s.settings.strategy},
                 {"seed", number(s.settings.seed)},
                 {"max_steps", s.settings.max_steps},
                 {"options", s.settings.recorded()},
                 {"stop", stop_name(r.stop)},
                 {"failures", r.findings.size()},
                 {"shard", number(r.shard)},
                 {"shards", number(r.shards)},
                 {"iterations", number(r.iterations)},
                 {"steps", number(r.steps)},
                 {"seconds", r.seconds},
                 {"cpu_seconds", r.cpu_seconds},
                 {"executions_per_second", rate},
                 {"steps_per_second", steps_rate},
                 {"bound_hit", number(r.bound_hit)},
                 {"blocked", number(r.blocked)},
                 {"exhausted", r.exhausted},
                 {"classes", number(r.classes)},
                 {"classes_once", number(r.classes_once)},
                 {"classes_sampled", number(r.classes_sampled)}};
    const auto* strategy = find_strategy(s.settings.strategy);
    const Estimate e = strategy ? estimate(r, *strategy, s.settings.depth) : Estimate{};
    const auto optional = [](const std::optional<double>& v) {
      return v ? Json(*v) : Json(nullptr);
    };
    json["excluded_rate"] =
        optional(e.failure_bound);  // null: the strategy's draws do not allow it
    json["excluded_rate_of"] = !e.failure_bound   ? Json(nullptr)
                               : e.of_random_walk ? Json("random walks")
                                                  : Json("executions");
    json["independent_draws"] = number(e.draws);
    json["unseen_share"] = optional(e.unseen);
    json["unseen_bound"] = optional(e.unseen_bound);
    json["classes_estimate"] = optional(e.classes);
    json["pct_hit"] = optional(e.pct_hit);
    json["proof"] = r.exhausted && r.bound_hit == 0 && r.findings.empty();
    json["races"] = races_json(r.races);
    json["activity"] = activity_json(r.activity, s.settings.cover);
    json["share"] = r.share;
    if (s.proof != Proof::none) json["verification"] = proof_json(s);
    json["expect"] = s.settings.expect;
    json["expected"] = s.expected;
    json["missed"] = s.missed;
    if (s.checked) {
      json["checked"] = number(s.checked);
      json["nondeterminism"] = s.nondeterminism;
    }
    if (s.relation_checked) json["relation_checked"] = true;
    if (s.audit)
      json["audit"] = {{"states", number(s.audit->states)},
                       {"all", s.audit->all},
                       {"pairs", number(s.audit->pairs)},
                       {"conflicts", number(s.audit->conflicts)},
                       {"steps", number(s.audit->steps)}};
    if (r.misuse) json["misuse"] = outcome_json(r.misuse->outcome);
    return line(json);
  }

  std::string disagreement(const DisagreementReport& d) override {
    return line({{"type", "disagreement"},
                 {"scenario", d.scenario},
                 {"first", d.found.first},
                 {"second", d.found.second},
                 {"difference", d.found.what},
                 {"after", d.found.path},
                 {"trace_paths", {d.paths[0], d.paths[1]}}});
  }

  std::string diverged(const DivergenceReport& d) override {
    return line({{"type", "divergence"},
                 {"trace_path", d.path},
                 {"against", d.against},
                 {"step", d.at.step},
                 {"recorded", d.at.recorded},
                 {"actual", d.at.actual},
                 {"available", d.at.available},
                 {"causes", d.at.causes}});
  }

  std::string passed(const std::string& path, const std::string& file) override {
    return line({{"type", "passed"}, {"trace_path", path}, {"file", file}});
  }

  std::string end(const SummaryReport& s) override {
    return line({{"type", "summary"},
                 {"scenarios", s.scenarios},
                 {"failed", s.failed},
                 {"passed", s.passed()},
                 {"incomplete", s.incomplete},
                 {"not_run", s.not_run},
                 {"iterations", number(s.iterations)},
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
