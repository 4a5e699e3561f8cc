// The Test Anything Protocol, version 13.
#include <fmt/format.h>

#include "cli/ci/ci_run.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// A # would begin a directive.
std::string described(const CiCase& c) {
  std::string out;
  for (const char ch : one_line(c.name.empty() ? c.file : c.file + ": " + c.name))
    out += ch == '#' || ch == '\\' ? std::string("\\") + ch : std::string(1, ch);
  return out;
}

// A text of JSON is one of YAML.
std::string yaml(const char* key, const std::string& text) {
  auto quoted = json_line(Json(text));
  return fmt::format("  {}: {}", key, quoted);
}

std::string diagnosis(const CiCase& c) {
  std::string out = "  ---\n" + yaml("state", state_name(c.state));
  if (!c.message.empty()) out += yaml("message", c.message);
  if (!c.failures.empty()) out += "  failures:\n";
  for (const auto& f : c.failures) {
    out += "  - ";
    out += yaml("signature", f.signature).substr(2) + "  " + yaml("reason", f.reason) + "  " +
           yaml("at", fmt::format("{}:{}", f.place.file, f.place.line)) + "  " +
           yaml("fingerprint", f.fingerprint) + "  " + yaml("replay", f.replay);
  }
  return out + "  ...\n";
}

}  // namespace

std::string tap_report(const CiRun& run) {
  std::string out = fmt::format("TAP version 13\n1..{}\n", run.cases.size());
  for (size_t i = 0; i < run.cases.size(); i++) {
    const CiCase& c = run.cases[i];
    const bool ok = c.state == CiCase::passed || c.state == CiCase::known;
    out += fmt::format("{}ok {} - {}\n", ok ? "" : "not ", i + 1, described(c));
    if (!ok) out += diagnosis(c);
  }
  return out;
}

}  // namespace lockstep::cli
