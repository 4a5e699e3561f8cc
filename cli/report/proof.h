// The verdict of a search that can end: VERIFIED with what it assumed and what it saw, or
// INCOMPLETE with what stopped it, how much is left and which knob helps.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/report/report.h"

namespace lockstep::cli {

// "Every class of equivalent schedules was executed", or what else the strategy counts.
// `within`: what bounds it, if anything.
std::string everything(const ScenarioReport& report, std::string_view within = "");
std::string proof_heading(const ScenarioReport& report, const Style& style);
std::string proof_text(const ScenarioReport& report);
nlohmann::ordered_json proof_json(const ScenarioReport& report);

// What stands on the line that is rewritten while searching.
// `seconds`: how long it may take; 0: no limit.
std::string progress_text(const std::string& scenario, const Progress& progress, double seconds);

}  // namespace lockstep::cli
