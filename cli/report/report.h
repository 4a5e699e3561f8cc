// What there is to report, and the interface of those who put it into words. A reporter returns
// text and writes nothing, so reports are tested without a terminal.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/settings/settings.h"
#include "cli/terminal/console.h"
#include "engine/contrast/contrast.h"
#include "engine/contrast/fix.h"
#include "engine/explain/curve.h"
#include "engine/explain/explain.h"
#include "engine/explain/shrink.h"
#include "engine/explain/unsteered.h"
#include "engine/explore/audit.h"
#include "engine/explore/explorer.h"
#include "engine/explore/judge.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_replay.h"
#include "engine/walk/observed.h"

namespace lockstep::cli {

// A file that cannot be loaded. Its exit code counts at the end.
struct BrokenFile {
  std::string path;
  Error error;
};

struct RunReport {
  std::string command;
  std::vector<std::string> files;
};

struct ShrinkReport {
  ShrinkSize before, after;
  uint64_t attempts = 0;
  double seconds = 0;
  bool reproduced = true, one_minimal = false, minimum = false, budget_ended = false;
  uint32_t inputs_before = 0, inputs_after = 0;  // operations that generators made
};

// One failure: as found, and as shrunk if it was.
struct FailureReport {
  enum class How {
    found,
    bound,
    expected,
    replayed,
    edited,
    otherwise,
    kept,     // on an edited file: by an execution that keeps what decided the failure
    sampled,  // ... by another one
    shrunk,
    explained,  // by `lockstep explain`
    dumped
  } how = How::found;
  Trace trace;
  uint64_t iteration = 0;   // of the run that found it
  std::string path;         // of the trace; empty if it was not written
  std::string file;         // the scenario's, as it was named; empty if only the trace is known
  int line = 0;             // of the scenario in it
  std::string fingerprint;  // cli/ci/place.h; empty if nobody asked
  bool known = false;       // in the baseline
  std::optional<Trace> small;
  std::string small_path;
  std::optional<ShrinkReport> shrink;
  std::optional<Explanation> why;      // of the shown schedule
  std::optional<Contrast> contrast;    // ... when it fails and when not
  std::optional<Curve> curve;          // ... how likely it was after each step
  std::optional<Observed> observed;    // ... states of servers, and the last one
  std::optional<Unsteered> unsteered;  // how many plain runs meet it
  std::string nondeterminism;  // what differed when the schedule was run again; empty if nothing
  bool confirmed = true;       // false: there was no time to run it again, so there are no events
  bool out_of_time = false;    // to shrink it
  // So many schedules were tried, and the scenario failed under each; 0: it passed under one.
  uint64_t in_vain = 0;

  const Trace& shown() const { return small ? *small : trace; }
  const std::string& shown_path() const { return small_path.empty() ? path : small_path; }
};

// What a search that can end says. `bounded`: it executed all that its own bounds let it.
enum class Proof : uint8_t { none, verified, incomplete };

struct ScenarioReport {
  std::string file, name;
  Settings settings;
  ExploreResult result;
  bool expected = false;             // it failed, as it should
  bool missed = false;               // it should have failed, and did not
  std::string nondeterminism;        // --check-determinism: what differed, empty if nothing
  uint64_t checked = 0;              // ... among that many executions
  std::optional<AuditReport> audit;  // --audit
  bool relation_checked = false;     // --check
  std::optional<Judgement> judged;   // what would be a proof, if it was judged
  Proof proof = Proof::none;
  double seconds = 0;  // it had, of its own time or of what the whole command had left; 0: no limit
  int line = 0;        // of the scenario in its file
  bool failed = false;   // it has a failure that is neither expected nor known
  bool known = false;    // ... one that is in the baseline
  bool searched = true;  // false: what was remembered was enough
  // Searches before the one of `result`, of --total-time: they met nothing.
  struct Round {
    uint64_t seed, iterations;
  };
  std::vector<Round> rounds;
};

// A failure that an earlier run has stored, run again.
struct RememberedReport {
  enum State : uint8_t { still_fails, fixed, cannot_tell } state = cannot_tell;
  bool otherwise = false;  // still_fails: in another way
  bool changed = false;    // the scenario's file is not as it was recorded
  bool known = false;      // in the baseline
  std::string file, scenario, path, signature;
  std::string reason;     // one line: how that is known, or why it cannot be told
  FailureReport failure;  // still_fails
};

// Two steps that --audit found to be called independent and not to commute: a bug of lockstep.
struct DisagreementReport {
  std::string scenario;
  Disagreement found;
  std::string paths[2];  // traces of the two orders; empty where there is none
};

struct DivergenceReport {
  std::string path;     // of the trace
  std::string against;  // file that was run instead of the recorded one; empty if none
  TraceDivergence at;
};

// An edited file on which the failure of a trace was not found.
struct FixReport {
  std::string path;    // of the trace
  std::string file;    // that was run
  TraceDivergence at;  // where its steps no longer apply; kind none: they do
  const FixResult& fix;
};

struct SummaryReport {
  uint64_t scenarios = 0, failed = 0, iterations = 0;
  ExitCode exit = ExitCode::ok;
  bool interrupted = false;
  uint64_t incomplete = 0;           // of the scenarios: neither failed nor verified
  std::vector<std::string> not_run;  // scenarios for which --total-time left nothing
  uint64_t known = 0;                // of the scenarios: they fail only as the baseline says
  uint64_t still_failing = 0;        // remembered failures
  uint64_t broken = 0;               // files
  uint64_t passed() const { return scenarios - failed - incomplete - known; }
};

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual std::string begin(const RunReport& run) = 0;
  virtual std::string failure(const FailureReport& failure) = 0;
  virtual std::string scenario(const ScenarioReport& scenario) = 0;
  virtual std::string disagreement(const DisagreementReport& disagreement) = 0;
  virtual std::string diverged(const DivergenceReport& divergence) = 0;
  virtual std::string fixed(const FixReport& fix) = 0;
  // A replay that did not fail; `as_recorded`: the recorded execution did not either.
  virtual std::string passed(const std::string& path, const std::string& file,
                             bool as_recorded) = 0;
  virtual std::string end(const SummaryReport& summary) = 0;
  // For people, a line each; stderr has said what is wrong with a file.
  virtual std::string broken(const BrokenFile&) { return {}; }
  virtual std::string remembered(const RememberedReport& remembered);
  virtual std::string known(const FailureReport& failure);
};

struct ReportOptions {
  Style style;
  bool slice = true;
  bool quiet = false;
  bool races = false;  // list them
  bool full = false;   // every step and all that belongs to it, however long that is
};
std::unique_ptr<Reporter> make_text_reporter(const ReportOptions& options);
std::unique_ptr<Reporter> make_ndjson_reporter(const ReportOptions& options);
const char* state_name(RememberedReport::State state);  // "still fails"
const char* stop_name(StopReason stop);                 // "exhausted", as in NDJSON and the log
std::unique_ptr<Reporter> make_reporter(const Options& options);  // by --format

uint64_t iteration_seed(uint64_t seed, uint64_t iteration);  // "iter seed"

}  // namespace lockstep::cli
