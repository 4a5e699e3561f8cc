#include "cli/mcp/digest.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal/words.h"
#include "engine/base/error.h"

namespace lockstep::cli::mcp {
namespace {

constexpr size_t kLongestText = 400;   // bytes
constexpr size_t kLongestList = 40;    // entries
constexpr size_t kLargest = 16 << 10;  // bytes of all

const char* meaning(int code) {
  switch (static_cast<ExitCode>(code)) {
    case ExitCode::ok:
      return "nothing found";
    case ExitCode::failure:
      return "a failure found or reproduced, a finding, or a difference";
    case ExitCode::usage:
      return "wrong usage";
    case ExitCode::scenario:
      return "the scenario cannot be loaded, or misuses the API";
    case ExitCode::diverged:
      return "the replay left the recorded execution, or cannot tell";
    case ExitCode::incomplete:
      return "a budget ended before what was asked for";
    case ExitCode::trace:
      return "a file cannot be read or written";
    case ExitCode::internal:
      return "a bug of lockstep itself";
    case ExitCode::interrupted:
      return "stopped; what there was by then";
  }
  return "ended in no way that it knows: killed, or out of memory";
}

bool is_error(int code) { return code != 0 && code != 1 && code != 4 && code != 5 && code != 130; }

// Long texts and lists cut, at any depth.
Json shortened(const Json& json, bool* cut) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.size() <= kLongestText) return json;
    *cut = true;
    size_t end = kLongestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;
    return text.substr(0, end) + "...";
  }
  if (json.is_array()) {
    Json out = Json::array();
    for (size_t i = 0; i < std::min(json.size(), kLongestList); i++)
      out.push_back(shortened(json[i], cut));
    if (json.size() > kLongestList) {
      *cut = true;
      out.push_back(fmt::format("... and {} more", json.size() - kLongestList));
    }
    return out;
  }
  if (!json.is_object()) return json;
  Json out = Json::object();
  for (const auto& [key, value] : json.items()) out[key] = shortened(value, cut);
  return out;
}

void copy(const Json& from, Json* to, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto it = from.find(key); it != from.end()) (*to)[key] = *it;
}

std::string text_of(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// ---- a failure ----

std::string step_line(const Json& step) {
  auto text = fmt::format("{} {} {}", step.value("step", 0), text_of(step, "actor"),
                          text_of(step, "event"));
  for (const char* key : {"target", "args"})
    if (const auto part = text_of(step, key); !part.empty()) text += " " + part;
  if (const auto result = text_of(step, "result"); !result.empty()) text += " = " + result;
  if (const auto site = text_of(step, "site"); !site.empty()) text += "  " + site;
  if (step.value("preempted", false)) text += "  (another one was preempted here)";
  if (step.value("failed_here", false)) text += "  <-- FAILED HERE";
  return text;
}

// The last steps are those that matter most.
Json steps_of(const Json& schedule, bool* cut) {
  const Json& steps = schedule["steps"];
  Json lines = Json::array();
  const size_t first = steps.size() > kLongestList ? steps.size() - kLongestList : 0;
  if (first > 0) {
    *cut = true;
    lines.push_back(fmt::format("... {} earlier steps", first));
  }
  for (size_t i = first; i < steps.size(); i++) lines.push_back(step_line(steps[i]));
  return lines;
}

Json contrast_of(const Json& contrast) {
  Json out{{"kind", contrast.value("kind", "")}, {"exact", contrast.value("exact", false)}};
  if (const auto reason = text_of(contrast, "reason"); !reason.empty()) out["reason"] = reason;
  Json parts = Json::array();
  for (const Json& part : contrast.value("parts", Json::array()))
    parts.push_back(text_of(part, "text"));
  out["parts"] = std::move(parts);
  copy(contrast, &out, {"all_classes", "executions"});
  return out;
}

Json failure_of(const Json& line, bool* cut) {
  Json out = Json::object();
  copy(line, &out,
       {"how", "scenario", "file", "verdict", "signature", "reason", "site", "process", "detail",
        "iteration", "seed", "strategy", "deterministic"});
  const auto small = text_of(line, "shrunk_path");
  out["trace"] = small.empty() ? text_of(line, "trace_path") : small;
  if (!small.empty()) out["trace_before_shrinking"] = text_of(line, "trace_path");
  if (const auto n = line.value("schedules_all_failing", Json(0)); n != 0)
    out["fails_under_every_schedule"] = true, out["schedules_tried"] = n;
  if (line.contains("contrast")) out["fails_when"] = contrast_of(line["contrast"]);
  if (line.contains("curve")) copy(line["curve"], &out, {"no_return"});
  if (line.contains("unsteered")) {
    Json plain = Json::object();
    copy(line["unsteered"], &plain, {"tried", "failed", "low", "high", "cores"});
    out["plain_runs"] = std::move(plain);
  }
  if (line.contains("schedule")) {
    out["steps_total"] = line["schedule"].value("steps_total", 0);
    out["steps"] = steps_of(line["schedule"], cut);
  }
  return out;
}

// ---- a scenario that was searched ----

Json scenario_of(const Json& line) {
  Json out = Json::object();
  copy(line, &out,
       {"file", "line", "scenario", "options", "strategy", "iterations", "failures", "stop",
        "classes", "excluded_rate", "excluded_rate_of", "expected", "missed"});
  if (line.contains("verification")) {
    Json v = Json::object();
    copy(line["verification"], &v,
         {"verdict", "executed", "unit", "assertions", "racing_pairs", "both_orders", "drain",
          "cut_short", "stopped_by", "try"});
    out["verification"] = std::move(v);
  } else if (line.contains("failures") && line["failures"] == 0) {
    out["note"] = "no failure found, which is no proof: verify looks for one";
  }
  return out;
}

struct Sums {
  size_t failures = 0, scenarios = 0, findings = 0, verified = 0, incomplete = 0;
};

std::string summary_of(const std::string& tool, const Sums& n, int code, const Json& lists) {
  if (is_error(code)) return meaning(code);
  if (tool == "list_scenarios") return counted(n.scenarios, "scenario");
  if (tool == "lint") return counted(n.findings, "finding");
  std::string text = meaning(code);
  if (n.failures > 0)
    text = counted(n.failures, "failure") + ": " + text_of(lists["failures"][0], "reason");
  if (n.verified > 0) text += fmt::format("; {} verified", counted(n.verified, "scenario"));
  if (n.incomplete > 0) text += fmt::format("; {} not decided", counted(n.incomplete, "scenario"));
  return text;
}

void add_line(const Json& line, Json* lists, Sums* sums, bool* cut) {
  const auto type = text_of(line, "type");
  if (type == "run" || type == "summary") return;
  if (type == "failure") {
    sums->failures++;
    (*lists)["failures"].push_back(failure_of(line, cut));
  } else if (type == "scenario") {
    sums->scenarios++;
    const Json s = scenario_of(line);
    if (s.contains("verification"))
      (s["verification"].value("verdict", "") == "verified" ? sums->verified : sums->incomplete)++;
    (*lists)["scenarios"].push_back(s);
  } else if (type == "finding") {
    sums->findings++;
    (*lists)["findings"].push_back(line);
  } else {
    (*lists)["results"].push_back(line);
  }
}

// What went to standard error: complaints and warnings.
Json messages_of(const std::string& errors) {
  Json lines = Json::array();
  for (size_t at = 0; at < errors.size();) {
    const size_t end = std::min(errors.find('\n', at), errors.size());
    if (end > at) lines.push_back(errors.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

size_t size_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace).size();
}

// Too long still: what can be had by another call goes first.
void fit(Json* all) {
  for (const char* list : {"results", "scenarios", "findings", "failures"}) {
    while (size_of(*all) > kLargest && all->contains(list) && (*all)[list].size() > 1) {
      (*all)[list].erase((*all)[list].size() - 1);
      (*all)["complete"] = false;
      (*all)["left_out"] = (*all).value("left_out", 0) + 1;
    }
  }
  if (size_of(*all) <= kLargest) return;
  (*all)["complete"] = false;
  if (all->contains("failures"))
    for (Json& failure : (*all)["failures"]) failure.erase("steps");
  if (size_of(*all) > kLargest)
    for (const char* list : {"results", "scenarios", "findings", "messages"}) all->erase(list);
}

}  // namespace

Json digest(const std::string& tool, const std::vector<Printed>& all) {
  Sums sums;
  Json lists = Json::object(), messages = Json::array();
  bool cut = false, timed_out = false;
  int code = 0;
  for (const Printed& printed : all) {
    // Of several files one that is no scenario does not decide.
    if (all.size() == 1 || (printed.code != 0 && code == 0 && !is_error(printed.code)))
      code = printed.code;
    timed_out |= printed.timed_out;
    cut |= printed.too_much;
    for (const Json& line : messages_of(printed.errors)) messages.push_back(line);
    for (const Json& text : messages_of(printed.output)) {
      const Json line = Json::parse(text.get_ref<const std::string&>(), nullptr, false);
      if (line.is_object()) add_line(line, &lists, &sums, &cut);
    }
  }
  Json out{{"exit_code", code}, {"summary", shortened(summary_of(tool, sums, code, lists), &cut)}};
  const bool short_of_time = timed_out || code == static_cast<int>(ExitCode::interrupted);
  if (short_of_time) out["summary"] = text_of(out, "summary") + "; the time was up";
  out["complete"] = true;
  for (const auto& [name, list] : lists.items()) out[name] = shortened(list, &cut);
  if (!messages.empty()) out["messages"] = shortened(messages, &cut);
  out["complete"] = !cut && !short_of_time;
  fit(&out);
  return out;
}

Json call_result(const Json& digested) {
  return {{"content",
           {{{"type", "text"},
             {"text", digested.dump(-1, ' ', false, Json::error_handler_t::replace)}}}},
          {"structuredContent", digested},
          {"isError", is_error(digested.value("exit_code", 0))}};
}

}  // namespace lockstep::cli::mcp
