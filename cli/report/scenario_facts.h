// What is said of a scenario that was searched: a row for each fact, with its lines in the text and
// its keys in NDJSON.
#pragma once
#include <span>

#include "cli/report/report.h"
#include "cli/terminal/json_line.h"

namespace lockstep::cli {

struct ScenarioFact {
  void (*json)(const ScenarioReport& s, Json& json);
  // Null: it is for scripts alone, or said elsewhere.
  void (*text)(const ScenarioReport& s, const ReportOptions& options, std::string& out) = nullptr;
};
// In the order of both.
std::span<const ScenarioFact> scenario_facts();

Json outcome_json(const Outcome& outcome);

}  // namespace lockstep::cli
