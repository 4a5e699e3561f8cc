// Random programs of tests: from a fixed seed, unless somebody looks for more by PROOF_SEED and
// PROOF_PROGRAMS. A third of them under AddressSanitizer, which looks for misuse of memory: what
// they come to is compared in other builds.
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
#ifdef __SANITIZE_ADDRESS__
  usual = (usual + 2) / 3;
#endif
  return text ? atoi(text) : usual;
}

}  // namespace lockstep
