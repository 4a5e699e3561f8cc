// What a search depends on, as text: files, options, version. Two processes that are to work on one
// search have to agree on all of it.
#pragma once
#include <map>
#include <string>

#include "cli/trace/make_trace.h"

namespace lockstep::cli {

using Identity = std::map<std::string, std::string>;

Identity identity_of(const ScenarioRun& run, uint64_t max_failures);
// The first thing in which they differ: "max_steps is 500 there and 1000 here"; empty: none.
std::string difference(const Identity& there, const Identity& here);

}  // namespace lockstep::cli
