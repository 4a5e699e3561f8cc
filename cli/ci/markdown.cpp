// A page for a step's summary, in GitHub's Markdown. What a scenario says stands in code, where
// nothing of it is markup.
#include <fmt/format.h>

#include <algorithm>

#include "cli/ci/ci_run.h"
#include "cli/fold/schedule_view.h"
#include "cli/terminal/words.h"
#include "cli/trace/export.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostSteps = 60;    // of a diagram that can be read
constexpr size_t kMostDetails = 20;  // the summary of a step is at most 1 MiB
constexpr size_t kMostRows = 1000;

size_t longest_run(std::string_view text, char c) {
  size_t longest = 0, run = 0;
  for (const char ch : text) longest = std::max(longest, run = ch == c ? run + 1 : 0);
  return longest;
}

// In a table a | ends the cell, in code, too.
std::string code(const std::string& text) {
  std::string plain;
  for (const char c : one_line(text)) plain += c == '|' ? "\\|" : std::string(1, c);
  const std::string fence(longest_run(plain, '`') + 1, '`');
  const bool touches = plain.empty() || plain.front() == '`' || plain.back() == '`';
  const std::string pad = touches ? " " : "";
  return fence + pad + plain + pad + fence;
}

std::string block(const char* language, const std::string& text) {
  const std::string fence(std::max<size_t>(longest_run(text, '`') + 1, 3), '`');
  return fmt::format("{}{}\n{}{}{}\n\n", fence, language, text,
                     text.empty() || text.back() == '\n' ? "" : "\n", fence);
}

std::string diagram(const Trace& trace) {
  const auto view = view_schedule(trace, true);
  if (view.steps.empty()) return "";
  Trace shown = trace;
  shown.events.clear();
  const size_t first = view.steps.size() > kMostSteps ? view.steps.size() - kMostSteps : 0;
  for (size_t i = first; i < view.steps.size(); i++)
    shown.events.push_back(trace.events[view.steps[i].event]);
  return block("mermaid", export_mermaid(shown)) +
         (first ? fmt::format("The last {} of {} steps.\n\n", kMostSteps, view.steps.size()) : "");
}

std::string details(const CiCase& c, const CiFailure& f) {
  std::string out =
      fmt::format("### {}: {}\n\n{} at {}\n\n", code(c.name), code(f.signature), code(f.reason),
                  code(fmt::format("{}:{}", f.place.file, f.place.line)));
  if (!f.decides.empty()) out += "Fails exactly when:\n\n";
  for (const auto& part : f.decides) out += "1. " + code(part) + "\n";
  if (!f.decides.empty()) out += "\n";
  out += diagram(f.trace);
  if (!f.replay.empty()) out += block("sh", f.replay);
  return out;
}

}  // namespace

std::string markdown_report(const CiRun& run) {
  const auto failed = run.count(CiCase::failed), broken = run.count(CiCase::broken);
  std::string out = fmt::format(
      "## lockstep {}: {}\n\n", run.command,
      failed + broken
          ? fmt::format("{} of {} failed", failed + broken, counted(run.cases.size(), "scenario"))
      : run.count(CiCase::incomplete) + run.count(CiCase::not_run) ? std::string("incomplete")
                                                                   : std::string("no new failure"));
  out += "| scenario | file | result | |\n| --- | --- | --- | --- |\n";
  for (size_t i = 0; i < run.cases.size() && i < kMostRows; i++) {
    const CiCase& c = run.cases[i];
    out += fmt::format("| {} | {} | {} | {} |\n", c.name.empty() ? "" : code(c.name),
                       code(fmt::format("{}:{}", c.file, c.line)), state_name(c.state),
                       code(c.message));
  }
  if (run.cases.size() > kMostRows)
    out += fmt::format("\nand {} more\n", run.cases.size() - kMostRows);
  out += "\n";
  size_t shown = 0, left = 0;
  for (const auto& c : run.cases)
    for (const auto& f : c.failures) {
      if (f.known) continue;
      if (++shown <= kMostDetails)
        out += details(c, f);
      else
        left++;
    }
  if (left) out += fmt::format("{} more failures are in the log.\n", left);
  return out;
}

}  // namespace lockstep::cli
