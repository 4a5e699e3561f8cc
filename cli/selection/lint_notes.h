// What `run` and `verify` show of the lint.
#pragma once
#include <string>

#include "vm/lint/lint.h"
#include "vm/system/program.h"

namespace lockstep::cli {

std::string lint_text(const vm::LintFinding& finding);  // a line

// What the lint says of a program's files, a line each, for stderr; empty if nothing. The first
// few.
std::string lint_notes(const vm::Program& program);

}  // namespace lockstep::cli
