// Files that a command writes for people or other programs: whole or not there.
#pragma once
#include <string>
#include <string_view>

namespace lockstep::cli {

// By write_whole (engine/base/files.h). Throws
// Error(ExitCode::trace) with `flag`, the path and the system's reason.
void write_whole_file(const char* flag, const std::string& path, std::string_view text);

}  // namespace lockstep::cli
