// Workflow commands of GitHub's runner: a line each, ::error file=...,line=...,title=...::message.
#include <fmt/format.h>

#include "cli/ci/ci_run.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// The service shows about ten of a step.
constexpr size_t kShown = 10;

std::string data(const std::string& text) {
  std::string out;
  for (const char c : harmless(text)) {
    if (c == '%')
      out += "%25";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out;
}

std::string property(const std::string& text) {
  std::string out;
  for (const char c : data(text)) out += c == ':' ? "%3A" : c == ',' ? "%2C" : std::string(1, c);
  return out;
}

std::string command(const char* level, const Place& at, const std::string& title,
                    const std::string& message) {
  return fmt::format("::{} file={},line={},title={}::{}\n", level, property(at.file), at.line,
                     property(title), data(message));
}

std::string message(const CiFailure& f) {
  std::string out = f.reason;
  for (const auto& part : f.decides) out += "\n" + part;
  if (!f.replay.empty()) out += "\n" + f.replay;
  return out;
}

}  // namespace

std::string github_report(const CiRun& run) {
  std::vector<std::string> lines;
  for (const auto& c : run.cases) {
    for (const auto& f : c.failures)
      if (!f.known)
        lines.push_back(
            command("error", f.place, one_line(c.name) + ": " + f.signature, message(f)));
    const Place here{c.file, static_cast<uint32_t>(c.line)};
    const bool told = !c.failures.empty();
    if (c.state == CiCase::broken || (c.state == CiCase::failed && !told))
      lines.push_back(command("error", here, c.name.empty() ? "cannot be loaded" : one_line(c.name),
                              c.message));
    if (c.state == CiCase::incomplete || c.state == CiCase::not_run)
      lines.push_back(
          command("warning", here, one_line(c.name) + ": " + state_name(c.state), c.message));
  }
  std::string out;
  for (size_t i = 0; i < lines.size() && i < kShown; i++) out += lines[i];
  if (lines.size() > kShown)
    out += fmt::format("::notice::and {} more, of which the log tells\n", lines.size() - kShown);
  return out;
}

}  // namespace lockstep::cli
