// "Did you mean": the candidate at the smallest edit distance, empty if none is near.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lockstep
