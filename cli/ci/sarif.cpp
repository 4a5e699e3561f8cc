// SARIF 2.1.0: a result a failure, with one thread flow a process, so that viewers step through the
// interleaving. https://docs.oasis-open.org/sarif/sarif/v2.1.0/
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "cli/ci/ci_run.h"
#include "cli/fold/schedule_view.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostSteps = 1000;  // that services show of a flow
constexpr const char* kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

struct Rule {
  const char *id, *name, *text;
};
constexpr Rule kRules[] = {
    {"assertion", "Assertion", "An assertion fails under some schedule."},
    {"crash", "Crash", "A process that nobody watches ends by an error."},
    {"deadlock", "Deadlock", "The scenario cannot finish and nothing can go on."},
    {"invariant", "Invariant", "An invariant or a monitor is violated."},
    {"not_linearizable", "NotLinearizable", "A history breaks its model."},
    {"step_bound", "StepBound", "An execution does not end within its steps."},
    {"runaway", "Runaway", "A process computes without end."},
    {"memory_bound", "MemoryBound", "An execution needs more memory than it has."},
    {"expectation", "Expectation", "A failure that should come does not."},
    {"liveness", "Liveness", "Something that was promised never happens."}};

// A link, which a scenario's words must not be: [text](target).
Json text(const std::string& words) {
  std::string out = harmless(words);
  for (size_t at = 0; (at = out.find("](", at)) != std::string::npos; at += 3)
    out.insert(at + 1, " ");
  return {{"text", out.empty() ? " " : out}};
}

Json list(Json one) {
  Json all = Json::array();
  all.push_back(std::move(one));
  return all;
}

// RFC 3986, relative to the root; absolute as file:.
std::string uri(const std::string& path) {
  std::string out = std::filesystem::path(path).is_absolute() ? "file://" : "";
  for (const char c : path) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || std::string_view("-._~/").find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", u);
  }
  return out;
}

Json physical(const Place& place) {
  return {{"artifactLocation", {{"uri", uri(place.file)}}},
          {"region", {{"startLine", std::max(place.line, 1u)}}}};
}
Json locations(const Place& place) {
  Json one;
  one["physicalLocation"] = physical(place);
  return list(std::move(one));
}
Json locations(const CiCase& c) { return locations({c.file, static_cast<uint32_t>(c.line)}); }

std::string words(const Event& e) {
  const bool own = e.kind == AltKind::step || e.kind == AltKind::data;
  std::string s = fmt::format("step {}: {}", e.step, own ? e.what : e.who + " " + e.what);
  for (const auto* part : {&e.target, &e.args})
    if (!part->empty()) s += ' ' + *part;
  if (!e.result.empty()) s += " = " + e.result;
  if (!e.change.empty()) s += "; " + e.change;
  return one_line(s);
}

Json step(const CiRun& run, const CiFailure& f, const ShownStep& shown) {
  const Event& e = f.trace.events[shown.event];
  Json location = {{"message", text(words(e))}};
  if (const auto at = place_of(run.root, f.path, e.site, f.trace); at.line)
    location["physicalLocation"] = physical(at);
  return {{"location", std::move(location)},
          {"executionOrder", e.step},
          {"importance", shown.failed_here || shown.preempted ? "essential" : "important"}};
}

// One a process; executionOrder puts them side by side.
Json thread_flows(const CiRun& run, const CiFailure& f) {
  const auto view = view_schedule(f.trace, true);
  std::map<uint32_t, Json> flows;
  const size_t first = view.steps.size() > kMostSteps ? view.steps.size() - kMostSteps : 0;
  for (size_t i = first; i < view.steps.size(); i++)
    flows.try_emplace(f.trace.events[view.steps[i].event].process, Json::array())
        .first->second.push_back(step(run, f, view.steps[i]));
  std::map<uint32_t, std::string> names;
  for (const auto& p : view.processes) names[p.process] = p.name;
  Json all = Json::array();
  for (auto& [process, locations] : flows) {
    const auto name = names.contains(process) ? names[process] : fmt::format("P{}", process);
    all.push_back({{"id", harmless(one_line(name))}, {"locations", std::move(locations)}});
  }
  return all;
}

Json result(const CiRun& run, const CiCase& c, const CiFailure& f) {
  std::string message = fmt::format("{}: {} ({}).", one_line(c.name), f.reason, f.signature);
  if (!f.decides.empty()) message += "\nFails exactly when:";
  for (const auto& part : f.decides) message += "\n- " + part;
  if (!f.replay.empty()) message += "\nReplay with: " + f.replay;
  const auto* const rule = std::find_if(std::begin(kRules), std::end(kRules),
                                        [&](const Rule& r) { return f.verdict == r.id; });
  Json json = {{"ruleId", f.verdict}};
  if (rule != std::end(kRules)) json["ruleIndex"] = rule - std::begin(kRules);
  json["level"] = "error";
  json["message"] = text(message);
  json["locations"] = locations(f.place);
  json["partialFingerprints"] = {{"lockstepFailure/v1", f.fingerprint},
                                 {"primaryLocationLineHash", f.fingerprint + ":1"}};
  if (auto flows = thread_flows(run, f); !flows.empty())
    json["codeFlows"] = list({{"message", text(f.signature)}, {"threadFlows", std::move(flows)}});
  if (run.baseline) json["baselineState"] = f.known ? "unchanged" : "new";
  json["properties"] = {{"scenario", harmless(c.name)},
                        {"strategy", f.trace.strategy},
                        {"seed", json_number(f.trace.seed)},
                        {"iteration", json_number(f.iteration)},
                        {"trace", harmless(f.trace_path)}};
  return json;
}

Json missed(const CiCase& c) {
  return {{"ruleId", "expectation"},
          {"level", "error"},
          {"message", text(one_line(c.name) + ": " + c.message + ".")},
          {"locations", locations(c)},
          {"partialFingerprints",
           {{"lockstepFailure/v1", fingerprint(c.file, c.name, Outcome{}, "expectation")}}}};
}

Json notification(const CiCase& c) {
  return {{"level", c.state == CiCase::broken ? "error" : "warning"},
          {"message", text(c.name.empty() ? c.message : one_line(c.name) + ": " + c.message)},
          {"locations", locations(c)}};
}

}  // namespace

std::string sarif_report(const CiRun& run) {
  Json rules = Json::array(), results = Json::array(), notes = Json::array();
  for (const auto& r : kRules)
    rules.push_back({{"id", r.id},
                     {"name", r.name},
                     {"shortDescription", {{"text", r.text}}},
                     {"fullDescription", {{"text", r.text}}},
                     {"help", {{"text", "Replay it: lockstep replay --trace T"}}},
                     {"defaultConfiguration", {{"level", "error"}}}});
  for (const auto& c : run.cases) {
    for (const auto& f : c.failures) results.push_back(result(run, c, f));
    if (c.state == CiCase::failed && c.failures.empty()) results.push_back(missed(c));
    if (c.state == CiCase::broken || c.state == CiCase::incomplete || c.state == CiCase::not_run)
      notes.push_back(notification(c));
  }
  Json invocation = {{"executionSuccessful", run.count(CiCase::broken) == 0},
                     {"exitCode", static_cast<int>(run.exit)}};
  if (!notes.empty()) invocation["toolExecutionNotifications"] = std::move(notes);
  const Json driver = {{"name", "lockstep"},
                       {"version", tool_version()},
                       {"semanticVersion", tool_version()},
                       {"rules", std::move(rules)}};
  Json sarif_run = {{"tool", {{"driver", driver}}},
                    {"automationDetails", {{"id", "lockstep/" + run.command + "/"}}},
                    {"invocations", list(std::move(invocation))},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", std::move(results)}};
  const Json json = {
      {"$schema", kSchema}, {"version", "2.1.0"}, {"runs", list(std::move(sarif_run))}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep::cli
