// "Did you mean": the candidate at the smallest edit distance, empty if none is near.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

// Insertions, deletions, substitutions and swaps of neighbours count one each (optimal string
// alignment).
size_t edit_distance(std::string_view a, std::string_view b);

std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lockstep
