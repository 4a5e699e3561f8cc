// lockstep new: a first scenario, which finds a bug.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/command/commands.h"
#include "cli/terminal/console.h"
#include "cli/terminal/words.h"
#include "engine/base/files.h"

namespace lockstep::cli {
namespace {

// The name of the scenario stands for %.
constexpr std::string_view kFirst =
    R"(-- Two clients of one counter. Each asks for its value and stores one more.
--
--   lockstep run FILE       looks for a schedule under which the assertion at the end fails, and there is one
--   lockstep verify FILE    once you have repaired it: a proof that there is none
--
-- The repair: let the counter add. What nobody else can come between is one message, not two.
local lockstep = require "lockstep"
local any = lockstep.any

-- A process has its state to itself; others can only send it messages.
local function counter(n)
  return lockstep.receive {
    { { "get", any }, function(message)
      lockstep.send(message[2], { "value", n })
      return counter(n)
    end },
    { { "set", any }, function(message)
      return counter(message[2])
    end },
  }
end

local function get(server)
  lockstep.send(server, { "get", lockstep.self() })
  return lockstep.recv_first({ "value", any })[2]
end

local function client(server, parent)
  local n = get(server)
  lockstep.send(server, { "set", n + 1 })
  lockstep.send(parent, "done")
end

lockstep.scenario("%", function()
  local server = lockstep.spawn(counter, 0)
  lockstep.spawn(client, server, lockstep.self())
  lockstep.spawn(client, server, lockstep.self())
  lockstep.recv_first("done")
  lockstep.recv_first("done")
  -- What must hold whatever the schedule.
  local n = get(server)
  assert(n == 2, "two clients have counted, and the counter says " .. n)
end)
)";

// In a comment or between double quotes of Lua.
std::string plain(std::string text) {
  for (char& c : text)
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = '_';
  return text;
}

std::string first_scenario(const std::filesystem::path& path) {
  std::string text(kFirst);
  const auto fill = [&](std::string_view mark, const std::string& with) {
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += with.size())
      text.replace(at, mark.size(), with);
  };
  fill("FILE", plain(path.filename().string()));
  fill("\"%\"", '"' + plain(path.stem().string()) + '"');
  return text;
}

}  // namespace

ExitCode new_command(const Options& options) {
  if (options.args.empty()) throw Error(ExitCode::usage, "no name given", "lockstep new my_first");
  std::filesystem::path path = options.args[0];
  if (path.filename().empty() || path.filename() == "." || path.filename() == "..")
    throw Error(ExitCode::usage, fmt::format("'{}' names no file", options.args[0]),
                "lockstep new my_first");
  if (path.extension() != ".lua") path += ".lua";
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored)))
    throw Error(ExitCode::usage, path.string() + " is there already", "choose another name");
  if (!write_whole(path.string(), first_scenario(path)))
    throw Error(ExitCode::trace,
                fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
  put(fmt::format("wrote {}; it has a bug that depends on the schedule:\n  lockstep run {}\n",
                  one_line(path.string()), shell_word(path.string())));
  return ExitCode::ok;
}

}  // namespace lockstep::cli
