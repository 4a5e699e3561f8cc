#include "engine/boundary/outcome.h"

#include <iterator>

namespace lockstep {
namespace {
const char* const kNames[] = {"passed",       "assertion",        "crash",      "deadlock",
                              "invariant",    "not_linearizable", "step_bound", "runaway",
                              "memory_bound", "expectation",      "liveness",   "misuse",
                              "stopped",      "suspect"};
}

const char* verdict_name(Verdict verdict) {
  const auto i = static_cast<size_t>(verdict);
  return i < std::size(kNames) ? kNames[i] : "?";
}

bool parse_verdict(const std::string& name, Verdict* out) {
  for (size_t i = 0; i < std::size(kNames); i++)
    if (name == kNames[i]) {
      *out = static_cast<Verdict>(i);
      return true;
    }
  return false;
}

std::string Outcome::signature() const {
  std::string s = verdict_name(verdict);
  if (!site.empty()) s += " at " + site;
  if (!object.empty()) s += " (" + object + ")";
  return s;
}

bool fails_alike(const Outcome& then, const Outcome& now) {
  if (!now.failed() || now.verdict != then.verdict) return false;
  return now.site.empty() ? now.signature() == then.signature() : now.site == then.site;
}

}  // namespace lockstep
