#include "engine/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace lockstep {

void internal_error(const char* file, int line, const char* what) {
  std::fprintf(
      stderr,
      "lockstep: internal error: %s (%s:%d)\n"
      "This is a bug in lockstep, not in your scenario. Please report it with the command line.\n",
      what, file, line);
  std::fflush(nullptr);
  std::_Exit(static_cast<int>(ExitCode::internal));
}

}  // namespace lockstep
