// What would misbehave in a scenario, found without running it: state that processes only seem to
// share, names that the sandbox does not have, crashes that nobody sees. It reports what it can see
// in one file and stays silent where it cannot know.
#pragma once
#include <string>
#include <vector>

namespace lockstep::vm {

struct LintFinding {
  std::string file;
  int line = 0;
  std::string rule;  // "captured-write", ...: see lint_rules()
  std::string message;
  std::string hint;
};

struct LintRule {
  const char* name;
  const char* what;
};
const std::vector<LintRule>& lint_rules();

// By line, without those that the line itself allows ("-- lint: allow RULE..."). Throws
// Error(ExitCode::scenario) if `text` is not Lua 5.4.
std::vector<LintFinding> lint(const std::string& file_name, const std::string& text);
// Of a text that Lua has accepted: its compiler, which may take the square of the length, is not
// asked again.
std::vector<LintFinding> lint_valid(const std::string& file_name, const std::string& text);

}  // namespace lockstep::vm
