// Operating errors: a bad flag, an unreadable file, a corrupt trace. Thrown low, caught once in
// cli/main.cpp. A finding about a scenario is never an Error: it is an Outcome (outcome.h).
#pragma once
#include <stdexcept>
#include <string>

namespace lockstep {

// Exit codes of the command line (README.md). Part of the interface: do not renumber.
enum class ExitCode : int {
  ok = 0,            // nothing found
  failure = 1,       // a failure found, or reproduced by replay
  usage = 2,         // unknown flag, bad value, a filter that matches nothing
  scenario = 3,      // the scenario cannot be loaded, or misuses the API
  diverged = 4,      // a replay left the recorded execution
  incomplete = 5,    // a bound or budget ended before the guarantee that was asked for
  trace = 6,         // a trace cannot be read or written, nor a result
  internal = 70,     // a bug of ours
  interrupted = 130  // ^C; partial results are written
};

class Error : public std::runtime_error {
 public:
  // `what` says what is wrong and where (file:line or flag); `hint` what to do, may be empty.
  Error(ExitCode code, const std::string& what, std::string hint = {})
      : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}
  ExitCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ExitCode code_;
  std::string hint_;
};

// Our own bugs: on in release builds too. Prints and ends with exit code 70.
[[noreturn]] void internal_error(const char* file, int line, const char* what);
#define LOCKSTEP_ASSERT(cond) \
  ((cond) ? static_cast<void>(0) : ::lockstep::internal_error(__FILE__, __LINE__, #cond))

}  // namespace lockstep
