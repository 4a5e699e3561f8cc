// lockstep lint: what would misbehave in scenario files, without running them. Also the lines that
// `run` shows of it.
#include "cli/command/lint.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/command/commands.h"
#include "cli/report/json_line.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kShownByRun = 5;

std::string read(const std::string& path) {
  std::string text, problem;
  if (!vm::read_source(path, &text, &problem))
    throw Error(ExitCode::usage, path + ": cannot be read: " + problem);
  return text;
}

std::string text_of(const vm::LintFinding& f) {
  return fmt::format("{}:{}: {} ({})\n", one_line(f.file), f.line, one_line(f.message), f.rule);
}
std::string ndjson_of(const vm::LintFinding& f) {
  return json_line({{"type", "finding"},
                    {"file", f.file},
                    {"line", f.line},
                    {"rule", f.rule},
                    {"message", f.message},
                    {"hint", f.hint}});
}

}  // namespace

std::string lint_notes(const vm::Program& program) {
  const auto folder = std::filesystem::path(program.path()).parent_path();
  std::vector<vm::LintFinding> all;
  for (const auto& file : program.files()) {
    const bool first = &file == &program.files().front();
    const auto path = first ? program.path() : (folder / file.name).string();
    try {
      for (auto& finding : vm::lint(path, file.text)) all.push_back(std::move(finding));
    } catch (const Error&) {  // it runs, though the lint cannot read it: not run's business
    }
  }
  std::string out;
  for (size_t i = 0; i < all.size() && i < kShownByRun; i++) out += "warning: " + text_of(all[i]);
  if (all.size() > kShownByRun)
    out += fmt::format("warning: and {} more: lockstep lint {}\n", all.size() - kShownByRun,
                       one_line(program.path()));
  return out;
}

ExitCode lint_command(const Options& options) {
  const NothingToReport nothing;
  if (options.args.empty())
    throw Error(ExitCode::usage, "no scenario file given",
                "lockstep lint scenarios/tour/lost_update.lua");
  const bool ndjson = options.format == "ndjson";
  std::vector<vm::LintFinding> all;
  for (const auto& path : options.args)
    for (auto& finding : vm::lint(path, read(path))) all.push_back(std::move(finding));
  std::string out;
  for (const auto& finding : all) {
    out += ndjson ? ndjson_of(finding) : text_of(finding);
    if (!ndjson && !finding.hint.empty()) out += "  hint: " + one_line(finding.hint) + "\n";
  }
  const auto exit = all.empty() ? ExitCode::ok : ExitCode::failure;
  if (ndjson)
    out += json_line({{"type", "summary"},
                      {"files", options.args.size()},
                      {"findings", all.size()},
                      {"exit_code", static_cast<int>(exit)}});
  else if (options.verbosity >= 0)
    out += fmt::format("{} finding{} in {} file{}\n", all.size(), all.size() == 1 ? "" : "s",
                       options.args.size(), options.args.size() == 1 ? "" : "s");
  put(out);
  return exit;
}

}  // namespace lockstep::cli
