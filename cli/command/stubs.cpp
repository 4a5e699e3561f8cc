// lockstep stubs: the definitions for editors (LuaLS) that fit this binary.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/command/commands.h"
#include "cli/terminal/console.h"
#include "cli/terminal/words.h"
#include "engine/base/files.h"
#include "vm/loading/embedded.h"

namespace lockstep::cli {
namespace {

constexpr size_t kLargest = 1 << 20;  // of a file that is looked at before it is written over
constexpr std::string_view kMark = "---@meta lockstep";

// Stubs of another version are replaced; what else may be there is somebody's work.
void check_replaceable(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return;
  std::string text, problem;
  if (!read_whole(path, kLargest, &text, &problem) || !text.starts_with(kMark))
    throw Error(ExitCode::usage, path + " is there already, and is no stub of lockstep",
                "choose another folder");
}

std::string path_of(const std::filesystem::path& folder, const vm::EmbeddedFile& stub) {
  return (folder / std::filesystem::path(stub.name).filename()).string();
}

}  // namespace

ExitCode stubs_command(const Options& options) {
  if (options.args.empty())
    throw Error(ExitCode::usage, "no folder given", "lockstep stubs .lockstep/meta");
  const std::filesystem::path folder = options.args[0];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error(ExitCode::trace,
                fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  const std::span<const vm::EmbeddedFile> stubs(vm::kStubs, vm::kStubsCount);
  for (const auto& stub : stubs) check_replaceable(path_of(folder, stub));
  for (const auto& stub : stubs)
    if (const auto path = path_of(folder, stub); !write_whole(path, stub.text))
      throw Error(ExitCode::trace, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  put(fmt::format(
      "wrote {} to {}. For LuaLS, in .luarc.json:\n"
      "  {{ \"runtime.version\": \"Lua 5.4\", \"workspace.library\": [\"{}\"],\n"
      "    \"runtime.builtin\": {{ \"io\": \"disable\", \"os\": \"disable\", \"debug\": "
      "\"disable\" }} "
      "}}\n",
      counted(stubs.size(), "stub"), one_line(folder.string()), one_line(folder.string())));
  return ExitCode::ok;
}

}  // namespace lockstep::cli
