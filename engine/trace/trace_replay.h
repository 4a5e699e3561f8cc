// Running a trace's schedule again: strictly, to see the same failure, or on an edited scenario, to
// see whether it is still there.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/trace/recording.h"
#include "engine/trace/trace.h"

namespace lockstep {

// Where a replay left the recorded execution.
struct TraceDivergence {
  enum Kind : uint8_t {
    none,
    unavailable,  // what was recorded cannot happen here
    operation,    // it happened, but was something else
    state,        // the same operation, another state after it
    longer,       // the schedule is at its end, the execution is not
    shorter,      // the execution ended before the schedule
  };
  Kind kind = none;
  uint32_t step = 0;                   // 1-based number of the decision
  std::string recorded;                // what the trace says
  std::string actual;                  // what happened instead, or what there was to choose from
  std::vector<std::string> available;  // unavailable, longer: one label for each alternative
  std::vector<std::string> causes;     // probable ones, likeliest first
};

// What is replayed with, to be compared with what was recorded with. A field left empty is not
// compared.
struct ReplayContext {
  uint64_t fingerprint = 0;
  std::string tool_version;
  std::map<std::string, std::string> options;
  std::vector<TraceFile> files;  // if the scenario is not the trace's own: as it is now
};

struct ReplayResult {
  enum Kind : uint8_t {
    reproduced,     // fails with the same signature; a recorded execution that passes is `passed`
    other_failure,  // fails, but otherwise
    passed,         // the whole schedule was followed and nothing failed
    diverged,  // strict: left the recorded execution; edited: the schedule no longer applies, and
               // it passed
    misuse,    // the scenario misuses the API (Verdict::misuse); on an edited scenario, exit code 3
  };
  Kind kind = diverged;
  TraceDivergence divergence;  // kind none if there is none. For an edited scenario the first one,
                               // whatever the result
  Recording recording;         // as far as it went
};

// The same decisions, comparing labels and digests after each. Stops at the first difference.
ReplayResult replay_strict(System& system, const Trace& trace, const ReplayContext& context = {});

// The recorded schedule on a system made from an edited scenario. Processes are told by their spawn
// path; a recorded step whose process is about to do something else now is matched with a later one
// of the same process if that fits (the edit removed operations), else the process is let through
// (the edit added some); one that cannot go waits until it can. Past the schedule's end the default
// scheduler goes on. A failure counts as the same one if verdict and object are, and the text of
// the failing line is, though its number may have changed.
ReplayResult replay_edited(System& system, const Trace& trace, const ReplayContext& context = {});

// Why a replay with `context` may differ from the trace, likeliest first. Never empty.
std::vector<std::string> probable_causes(const Trace& trace, const ReplayContext& context);

// Verdict, object and the failing line are the same; `now` are the files of the second, `then` of
// the first.
bool same_failure(const Outcome& a, const std::vector<TraceFile>& then, const Outcome& b,
                  const std::vector<TraceFile>& now);

}  // namespace lockstep
