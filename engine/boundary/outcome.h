// How an execution ended. A failure is a value (D10), never an exception.
#pragma once
#include <cstdint>
#include <string>

namespace lockstep {

// On disk in traces: append only, do not renumber.
enum class Verdict : uint8_t {
  passed = 0,
  assertion = 1,         // error, exit or failed assertion in the root process
  crash = 2,             // a process that nobody links to, monitors or supervises ended abnormally
  deadlock = 3,          // the root cannot finish and nothing is enabled
  invariant = 4,         // a monitor or invariant is violated
  not_linearizable = 5,  // a history breaks its model
  step_bound = 6,
  runaway = 7,  // no operation within the instruction budget
  memory_bound = 8,
  expectation = 9,  // the scenario expects a failure that did not come (decided over a whole run)
  liveness = 10,    // something promised never happens: hot monitor at the end, or a lasso
  misuse =
      11,  // the scenario writes file-level state, or misuses the API: exit code 3, not a finding
  stopped = 12,  // given up: by the chooser, or since a wait in it would have gone on (fair_spins);
                 // not a verdict on the scenario
  suspect = 13,  // ran long in wall time; must be run again with instructions counted (never shown)
};
const char* verdict_name(Verdict verdict);  // "assertion", as users write it in `expect`
bool parse_verdict(const std::string& name, Verdict* out);
inline bool is_failure(Verdict v) {
  return v != Verdict::passed && v != Verdict::stopped && v != Verdict::suspect &&
         v != Verdict::misuse;
}

struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string reason;   // one line, for people: "assertion failed: expected 2, got 1"
  std::string site;     // "lost_update.lua:14", or empty
  std::string object;   // what it is about: a process's name, an invariant's name, ...; part of the
                        // signature
  std::string detail;   // further lines: traceback, or a deadlock's story; may be empty
  std::string process;  // label of the process it happened in, e.g. "P0(root)"; may be empty
  bool too_long = false;  // liveness: owed for as long as is allowed, though it may yet come

  bool failed() const { return is_failure(verdict); }
  // Ended before its end: what a proof cannot look beyond.
  bool at_bound() const {
    return verdict == Verdict::step_bound || verdict == Verdict::runaway ||
           verdict == Verdict::memory_bound || too_long;
  }
  // Two failures with equal signatures count as the same bug: verdict, site and object, never the
  // message's text.
  std::string signature() const;
};

// `now` is the failure `then` again, though perhaps of another process that runs the same code.
bool fails_alike(const Outcome& then, const Outcome& now);

}  // namespace lockstep
