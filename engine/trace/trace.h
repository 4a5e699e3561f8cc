// A failure on disk: everything that a replay needs and nothing outside it (D11).
//
// Container of our own (trace_container.h) around a cereal payload: magic, version, length,
// checksum, all verified before cereal sees a byte; every count is bounded by the bytes that are
// left. Written under a partial name, then renamed. traces/README.md describes every byte.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/boundary/choice.h"
#include "engine/boundary/event.h"
#include "engine/boundary/outcome.h"
#include "engine/trace/deviation.h"
#include "engine/trace/trace_container.h"

namespace lockstep {

struct TraceFile {
  std::string name;  // relative to the scenario's folder
  std::string text;
};

struct Trace {
  uint32_t format = kTraceVersion;  // of the file that it was read from (traces/README.md)
  std::string tool_version;
  uint64_t fingerprint = 0;  // of the Lua interpreter: order of pairs, length of arrays with holes
  std::vector<TraceFile> files;  // the scenario's own file first, then the modules it required
  std::string scenario;          // name of the scenario in the file
  std::map<std::string, std::string>
      options;  // all that bear on an execution, as text: delivery, timers, max_steps, ...
  std::string strategy;
  uint64_t seed = 1;
  uint64_t iteration = 0;
  uint64_t times = 1;
  Outcome outcome;
  std::vector<Decision> decisions;
  std::vector<std::string> labels;  // one for each decision, for people and for divergence messages
  std::vector<uint64_t> digests;    // state after each decision
  std::vector<Event> events;
  bool shrunk = false;
  bool minimum = false;     // no smaller set of deviations fails
  uint32_t deviations = 0;  // from the default scheduler, if shrunk
  std::string origin;       // file name of the trace this one was shrunk from
  // Both may be empty if they could not be found out (a finding that is not deterministic). See
  // annotate().
  std::vector<uint64_t>
      keys;  // System::actor_key of each decision's actor: who it is in an edited scenario
  std::vector<Deviation> keyed;  // the schedule as deviations, in the order they happened
};

// The bytes of a trace file; the same for equal traces.
std::string encode_trace(const Trace& trace);

// `path` is for messages. Throws Error(ExitCode::trace) that names it and says what is wrong: not a
// trace, cut short, changed, of a newer version. Never reads past the end, and allocates at most a
// small multiple of bytes.size().
Trace decode_trace(const std::string& bytes, const std::string& path);

// All or nothing (base/files.h). Throws Error(ExitCode::trace) with the
// system's reason (no such folder, disk full, ...); then nothing half-written stays, and an older
// PATH is untouched.
void write_trace(const Trace& trace, const std::string& path);

// Throws like decode_trace, also if the file cannot be read.
Trace read_trace(const std::string& path);

}  // namespace lockstep
