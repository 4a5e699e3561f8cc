// lockstep man: pages of the manual (roff, for man(1)), made from the command tables.
#include <fmt/format.h>

#include "cli/command/commands.h"
#include "cli/terminal/console.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// Text for roff: backslashes and hyphens mean themselves, and no line begins with a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string heading(const std::string& page, std::string_view summary) {
  return fmt::format(
      ".TH {} 1 \"\" \"lockstep {}\" \"Lockstep\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", page,
      tool_version(), roff(page), roff(summary));
}

std::string verbatim(std::string_view text) { return fmt::format(".nf\n{}.fi\n", roff(text)); }

std::string flag_text(const Flag& flag) {
  std::string out = ".TP\n";
  if (flag.alias) out += fmt::format("\\fB{}\\fR, ", roff(flag.alias));
  out += fmt::format("\\fB{}\\fR", roff(flag.name));
  if (flag.value) out += fmt::format(" \\fI{}\\fR", roff(flag.value));
  return out + "\n" + roff(flag.help) + "\n";
}

std::string page_of(const Command& command) {
  std::string out = heading(fmt::format("lockstep-{}", command.name), command.summary);
  out += fmt::format("lockstep {}\n", roff(command.usage));
  for (const auto& group : command.groups) {
    out += fmt::format(".SH {}\n", roff(group.title));
    for (const auto& flag : group.flags) out += flag_text(flag);
  }
  if (*command.examples) out += ".SH EXAMPLES\n" + verbatim(command.examples);
  return out + ".SH SEE ALSO\n.BR lockstep (1)\n";
}

// What 'lockstep --help' says, with a paragraph for each command.
std::string page() {
  std::string out = heading("lockstep", "find concurrency bugs that depend on the schedule");
  out += "lockstep COMMAND ...\n.SH COMMANDS\n";
  for (const auto& command : commands())
    out +=
        fmt::format(".TP\n.BR lockstep\\-{} (1)\n{}\n", roff(command.name), roff(command.summary));
  const std::string help = full_help();
  out += ".SH EXIT CODES\n" + verbatim(help.substr(help.find('\n', help.find("exit codes:")) + 1));
  return out +
         ".SH ENVIRONMENT\nLOCKSTEP_LOG, LOCKSTEP_NO_CAUSAL_SLICE, NO_COLOR, FORCE_COLOR, "
         "CLICOLOR_FORCE\n";
}

}  // namespace

ExitCode man_command(const Options& options) {
  if (options.args.empty()) {
    put(page());
    return ExitCode::ok;
  }
  const auto* command = find_command(options.args[0]);
  if (!command)
    throw Error(ExitCode::usage, fmt::format("unknown command '{}'", options.args[0]),
                "lockstep man run");
  put(page_of(*command));
  return ExitCode::ok;
}

}  // namespace lockstep::cli
