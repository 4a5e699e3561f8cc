#include "cli/selection/lint_notes.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

constexpr size_t kShownByRun = 5;

}  // namespace

std::string lint_text(const vm::LintFinding& f) {
  return fmt::format("{}:{}: {} ({})\n", one_line(f.file), f.line, one_line(f.message), f.rule);
}

std::string lint_notes(const vm::Program& program) {
  const auto folder = std::filesystem::path(program.path()).parent_path();
  std::vector<vm::LintFinding> all;
  for (const auto& file : program.files()) {
    if (!file.found.empty() || !file.name.ends_with(".lua")) continue;  // of others, or data
    const bool first = &file == &program.files().front();
    const auto path = first ? program.path() : (folder / file.name).string();
    try {
      for (auto& finding : vm::lint_valid(path, file.text)) all.push_back(std::move(finding));
    } catch (const Error&) {  // it runs, though the lint cannot read it: not run's business
    }
  }
  std::string out;
  for (size_t i = 0; i < all.size() && i < kShownByRun; i++) out += "warning: " + lint_text(all[i]);
  if (all.size() > kShownByRun)
    out += fmt::format("warning: and {} more: lockstep lint {}\n", all.size() - kShownByRun,
                       one_line(program.path()));
  return out;
}

}  // namespace lockstep::cli
