// lockstep debug: a trace walked through by commands, from a terminal or from standard input.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command/commands.h"
#include "cli/debug/input.h"
#include "cli/debug/session.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"
#include "engine/trace/trace_replay.h"

namespace lockstep::cli {
namespace {

// Exactly the recorded execution, or none.
Recording recording_of(const Traced& traced, System& machine) {
  auto result = replay_strict(machine, traced.trace);
  check_not_cut(machine, traced.path);
  if (result.kind == ReplayResult::diverged)
    throw Error(ExitCode::diverged,
                fmt::format("{}: the recorded schedule cannot be followed", traced.path),
                replay_command_line(traced.path) + " shows where it leaves the recording");
  return std::move(result.recording);
}

class Debugger {
 public:
  Debugger(const Options& options, Session& session)
      : json_(options.format == "ndjson"),
        person_(!json_ && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)),
        session_(session),
        input_(person_ ? terminal_input("(lockstep) ",
                                        [this](const std::string& beginning) {
                                          return session_.complete(beginning);
                                        })
                       : plain_input()) {}

  ExitCode all() {
    say(session_.hello());
    std::string line;
    for (uint64_t number = 1; input_->next(&line); number++) {
      try {
        const Reply reply = session_.run(line);
        say(reply);
        if (reply.quit) break;
      } catch (const Error& e) {
        refuse(e, line, number);
      }
      if (interrupted()) return ExitCode::interrupted;
    }
    return code_;
  }

 private:
  void say(const Reply& reply) {
    if (!json_)
      put(reply.text);
    else if (!reply.json.empty())
      put(json_line(reply.json));
    std::fflush(stdout);
  }
  // A person sees it and goes on; a script ends with the code of what went wrong first.
  void refuse(const Error& error, const std::string& line, uint64_t number) {
    if (json_)
      say({{},
           {{"type", "error"},
            {"line_number", number},
            {"input", line},
            {"message", error.what()},
            {"hint", error.hint()},
            {"exit_code", static_cast<int>(error.code())}}});
    else
      complain(person_ ? error
                       : Error(error.code(), fmt::format("command {}: {}", number, error.what()),
                               error.hint()));
    if (!person_ && code_ == ExitCode::ok) code_ = error.code();
  }

  const bool json_, person_;
  Session& session_;
  const std::unique_ptr<Input> input_;
  ExitCode code_ = ExitCode::ok;
};

}  // namespace

ExitCode debug_command(const Options& options) {
  const auto traced = read_traced(trace_argument(options));
  const auto machine = traced.machine(stop_if_interrupted());
  Session session(traced, *machine, recording_of(traced, *machine));
  return Debugger(options, session).all();
}

}  // namespace lockstep::cli
