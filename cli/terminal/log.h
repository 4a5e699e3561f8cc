// Log lines for those who ask: on stderr with -v and -vv, with time and level in --log-file.
// Silent by default, and never a part of a report.
#pragma once
#include <string>

namespace lockstep::cli {

// Who says it; each is a logger of that name, which LOCKSTEP_LOG may set to a level of its own.
enum class Part { load, search, shrink, trace, replay };

// `verbosity`: 1 shows what is done (info), 2 with which figures (debug). `file`: where all of both
// goes, whatever the verbosity; empty: nowhere. LOCKSTEP_LOG names a level instead, or one for each
// part: "debug", "info,search=debug". Throws Error(ExitCode::trace) if the file cannot be written,
// Error(ExitCode::usage) for what LOCKSTEP_LOG says if it is no level or no part.
void init_log(int verbosity, const std::string& file);
void log_info(Part part, const std::string& text);
void log_debug(Part part, const std::string& text);

}  // namespace lockstep::cli
