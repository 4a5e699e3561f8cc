// The contrast in words: what has to happen in which order for it to fail, and how that is known.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/terminal/console.h"
#include "engine/contrast/contrast.h"

namespace lockstep::cli {

// One part without its number: "P1(a) ets.lookup counter["n"] = 0 (step 5, a.lua:9) before ...".
std::string contrast_sentence(const ContrastPart& part);
// Numbered, on two lines if it is an order.
std::string contrast_lines(const ContrastPart& part, size_t number, const Style& style);
std::string contrast_text(const Contrast& contrast, const Style& style);
nlohmann::ordered_json contrast_json(const Contrast& contrast);

}  // namespace lockstep::cli
