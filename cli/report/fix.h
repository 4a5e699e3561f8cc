// The answer to "is my fix real?" where the edited file was not seen to fail.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/report/report.h"
#include "cli/terminal/console.h"

namespace lockstep::cli {

std::string fix_text(const FixReport& fix, const Style& style);
nlohmann::ordered_json fix_json(const FixResult& fix);

}  // namespace lockstep::cli
