// Random programs of tests: from a fixed seed, unless somebody looks for more by PROOF_SEED and
// PROOF_PROGRAMS.
#pragma once
#include <cstdint>
#include <cstdlib>

namespace lockstep {

inline uint64_t random_seed(uint64_t usual) {
  const char* text = getenv("PROOF_SEED");
  return text ? strtoull(text, nullptr, 10) : usual;
}
inline int random_programs(int usual) {
  const char* text = getenv("PROOF_PROGRAMS");
  return text ? atoi(text) : usual;
}

}  // namespace lockstep
