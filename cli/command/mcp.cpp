// lockstep mcp: the server for agents.
#include <filesystem>

#include "cli/command/commands.h"
#include "cli/mcp/server.h"

namespace lockstep::cli {

ExitCode mcp_command(const Options& options) {
  std::error_code error;
  const auto root = std::filesystem::canonical(options.mcp_root, error);
  if (error || !std::filesystem::is_directory(root, error))
    throw Error(ExitCode::usage, "--root " + options.mcp_root + " is no folder",
                "name the folder with the scenarios");
  return mcp::serve({root.string(), options.mcp_seconds});
}

}  // namespace lockstep::cli
