// Parse, dispatch, and the one place where operating errors become exit codes.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "cli/command/commands.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "engine/base/files.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

bool is_help(const std::string& word) { return word == "--help" || word == "-h"; }

ExitCode help(const std::vector<std::string>& words) {
  if (words.empty()) {
    put(full_help());
    return ExitCode::ok;
  }
  if (const auto* command = find_command(words[0])) {
    put(command_help(*command));
    return ExitCode::ok;
  }
  throw Error(ExitCode::usage, "unknown command '" + words[0] + "'", "lockstep --help");
}

[[noreturn]] void unknown_command(const std::string& word) {
  std::vector<std::string> names = {"help"};
  for (const auto& command : commands()) names.emplace_back(command.name);
  const auto near = nearest(word, names);
  const auto what =
      word[0] == '-' ? "unknown flag '" + word + "'" : "unknown command '" + word + "'";
  throw Error(ExitCode::usage, what,
              near.empty() ? "lockstep --help" : "did you mean 'lockstep " + near + "'?");
}

ExitCode dispatch(const std::vector<std::string>& args) {
  if (args.empty()) {
    put(short_help());
    return ExitCode::ok;
  }
  if (is_help(args[0]) || args[0] == "help") return help({args.begin() + 1, args.end()});
  const auto* command =
      find_command(args[0] == "--version" || args[0] == "-V" ? "version" : args[0]);
  if (!command) unknown_command(args[0]);
  const std::vector<std::string> rest(args.begin() + 1, args.end());
  for (const auto& word : rest) {
    if (word == "--") break;
    if (is_help(word)) return help({command->name});
  }
  if (const char* root = std::getenv("LOCKSTEP_ROOT_ONLY"); root && !confine_files(root))
    throw Error(ExitCode::usage, std::string("LOCKSTEP_ROOT_ONLY=") + root + " is no folder");
  const auto options = parse_options(*command, rest);
  init_log(options.verbosity, options.log_file);
  return options.show_config ? show_config(*command, options) : command->run(options);
}

int guarded_main(const std::vector<std::string>& args) {
  try {
    install_signal_handlers();
    return static_cast<int>(dispatch(args));
  } catch (const Error& e) {
    complain(e);
    return static_cast<int>(e.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "lockstep: out of memory\n  hint: fewer jobs (-j), a smaller --max-memory\n");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lockstep: internal error: %s\n", one_line(e.what()).c_str());
  }
  return static_cast<int>(ExitCode::internal);
}

}  // namespace
}  // namespace lockstep::cli

int main(int argc, char** argv) { return lockstep::cli::guarded_main({argv + 1, argv + argc}); }
