// How likely the failure is after each step, where that rises, and from where there is no return;
// and how often plain runs meet it.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/terminal/console.h"
#include "engine/explain/curve.h"
#include "engine/explain/unsteered.h"

namespace lockstep::cli {

std::string curve_text(
    const Curve& curve);  // a field of a report; empty if there is nothing to say
nlohmann::ordered_json curve_json(const Curve& curve);

// "1 in 6,667 of plain runs: 3 of 20,000 fail so (95 %: 1 in 2,267 to 1 in 19,608); ...". Of none
// it is said how rare it is at most.
std::string unsteered_text(const Unsteered& unsteered);
nlohmann::ordered_json unsteered_json(const Unsteered& unsteered);

// "0.25"; a share that is neither 0 nor 1 is never written so.
std::string share_text(double share);
// "12 of 40 fail (0.3, Wilson 95 %: 0.18 to 0.45)"; what else happened is said too.
std::string tally_text(const Tally& tally);
nlohmann::ordered_json tally_json(const Tally& tally);

}  // namespace lockstep::cli
