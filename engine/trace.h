// A failure on disk: everything that a replay needs and nothing outside it (D11).
//
// Container of our own around a cereal payload: magic, version, length, checksum, all verified before cereal sees a
// byte; every count is bounded by the bytes that are left. Written under a partial name, then renamed.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/choice.h"
#include "engine/event.h"
#include "engine/outcome.h"

namespace lockstep {

struct TraceFile {
  std::string name;  // relative to the scenario's folder
  std::string text;
};

struct Trace {
  std::string tool_version;
  uint64_t fingerprint = 0;           // of the Lua interpreter: order of pairs, length of arrays with holes
  std::vector<TraceFile> files;       // the scenario's own file first, then the modules it required
  std::string scenario;               // name of the scenario in the file
  std::map<std::string, std::string> options;  // all that bear on an execution, as text: delivery, timers, max_steps, ...
  std::string strategy;
  uint64_t seed = 1;
  uint64_t iteration = 0;
  uint64_t times = 1;
  Outcome outcome;
  std::vector<Decision> decisions;
  std::vector<std::string> labels;    // one for each decision, for people and for divergence messages
  std::vector<uint64_t> digests;      // state after each decision
  std::vector<Event> events;
  bool shrunk = false;
  bool minimum = false;               // no smaller set of deviations fails
  uint32_t deviations = 0;            // from the default scheduler, if shrunk
  std::string origin;                 // file name of the trace this one was shrunk from
};

std::string encode_trace(const Trace& trace);
// Throws Error(ExitCode::trace) with what is wrong: not a trace, cut short, changed, of a newer version.
Trace decode_trace(const std::string& bytes, const std::string& path);
void write_trace(const Trace& trace, const std::string& path);  // Error(ExitCode::internal...) on a full disk: nothing half-written stays
Trace read_trace(const std::string& path);

}  // namespace lockstep
