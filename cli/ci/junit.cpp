// JUnit's XML, which nobody has standardized: what GoogleTest and bats write, with `file` and
// `line`.
#include <fmt/format.h>

#include <map>
#include <string_view>
#include <vector>

#include "cli/ci/ci_run.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// Control characters are escaped already; what XML cannot hold at all is replaced.
std::string xml(const std::string& text) {
  std::string out;
  const std::string plain = harmless(text);
  for (size_t i = 0; i < plain.size(); i++) {
    const std::string_view three = std::string_view(plain).substr(i, 3);
    if (three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf") {  // U+FFFE, U+FFFF
      out += "\xef\xbf\xbd";
      i += 2;
      continue;
    }
    switch (plain[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += plain[i];
    }
  }
  return out;
}

struct Counts {
  uint64_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;

  void add(const CiCase& c) {
    tests++;
    failures += c.state == CiCase::failed;
    errors += c.state == CiCase::incomplete || c.state == CiCase::broken;
    skipped += c.state == CiCase::not_run;
    seconds += c.seconds;
  }
  std::string attributes() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")", tests,
                       failures, errors, skipped, seconds);
  }
};

// One a testcase: dashboards show the first.
std::string verdict(const CiCase& c) {
  std::string text;
  const CiFailure* first = nullptr;
  for (const auto& f : c.failures) {
    if (f.known) continue;
    if (!first) first = &f;
    text += f.text;
  }
  switch (c.state) {
    case CiCase::failed:
      return fmt::format("      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
                         xml(first ? first->signature + ": " + first->reason : c.message),
                         xml(first ? first->verdict : "expectation"), xml(text));
    case CiCase::incomplete:
    case CiCase::broken:
      return fmt::format("      <error message=\"{}\" type=\"{}\"/>\n", xml(c.message),
                         state_name(c.state));
    case CiCase::not_run:
      return fmt::format("      <skipped message=\"{}\"/>\n", xml(c.message));
    default:
      return "";
  }
}

std::string known(const CiCase& c) {
  std::string out;
  for (const auto& f : c.failures)
    if (f.known)
      out += fmt::format("known failure, in the baseline: {} {}\n", f.fingerprint, f.signature);
  return out.empty() ? "" : fmt::format("      <system-out>{}</system-out>\n", xml(out));
}

std::string testcase(const CiCase& c) {
  return fmt::format(
             "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" "
             "time=\"{:.3f}\">\n",
             xml(one_line(c.name.empty() ? c.file : c.name)), xml(c.file), xml(c.file), c.line,
             c.seconds) +
         verdict(c) + known(c) + "    </testcase>\n";
}

}  // namespace

std::string junit_report(const CiRun& run) {
  std::vector<std::string> files;
  std::map<std::string, std::pair<Counts, std::string>> suites;
  Counts all;
  for (const auto& c : run.cases) {
    const auto [it, fresh] = suites.try_emplace(c.file);
    if (fresh) files.push_back(c.file);
    it->second.first.add(c);
    it->second.second += testcase(c);
    all.add(c);
  }
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lockstep {}\" {}>\n",
      run.command, all.attributes());
  for (const auto& file : files) {
    const auto& [counts, cases] = suites.at(file);
    out += fmt::format("  <testsuite name=\"{}\" {}>\n", xml(file), counts.attributes()) + cases +
           "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace lockstep::cli
