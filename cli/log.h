// Log lines for those who ask: stderr only, silent by default. -v shows what the command does, -vv
// more; LOCKSTEP_LOG names a level (debug, info, warn) instead.
#pragma once
#include <string>

namespace lockstep::cli {

void init_log(int verbosity);
void log_info(const std::string& text);
void log_debug(const std::string& text);

}  // namespace lockstep::cli
