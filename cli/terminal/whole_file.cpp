#include "cli/terminal/whole_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/files.h"

namespace lockstep::cli {

void write_whole_file(const char* flag, const std::string& path, std::string_view text) {
  if (write_whole(path, text)) return;
  throw Error(
      ExitCode::trace, fmt::format("{}: cannot write {}: {}", flag, path, std::strerror(errno)),
      errno == ENXIO ? "nobody reads from this pipe" : "make room there, or name another place");
}

}  // namespace lockstep::cli
