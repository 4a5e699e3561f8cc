// A scenario file with the modules it requires, as text. Loaded into a Machine once for each
// worker.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/boundary/system.h"

namespace lockstep::vm {

struct SourceFile {
  std::string name;  // relative to the scenario's folder, or to where it was found along the path
  std::string text;
  std::string found;  // the file that was read, of what was found along the path; else empty
};

// When a timer may fire.
enum class TimerMode : uint8_t {
  quiescent,     // when nothing else can happen, one after the other
  simultaneous,  // time passes when nothing else can happen; what is due then fires in any order
  racy,          // at any moment, but never before one that is due earlier
};

// What bears on an execution. A scenario's own options are laid under the command line's.
struct MachineOptions {
  Limits limits;
  bool async_delivery =
      false;  // --delivery async: one queue per pair, each arrival its own alternative
  TimerMode timers = TimerMode::simultaneous;
  bool racy_timers() const { return timers == TimerMode::racy; }
  // Firing is a step among those of others.
  bool timers_race() const { return timers != TimerMode::quiescent; }
  bool drain = false;              // run on after the root has ended
  bool allow_crashes = false;      // crashes = "allow"
  bool abort_crashes = false;      // crashes = "abort": a failure whoever is told of it
  std::vector<uint64_t> omitted;   // operations of generators that are left out (System::inputs)
  uint32_t max_temperature = 0;    // steps that something may be owed; 0: half of max_steps
  bool unused_increments = false;  // increments whose result the caller drops commute
  bool keep_mail = false;          // keep what System::mail() and accepts() tell
  // Waits that poll a mailbox are held as others are (spin.cpp). Not where sends commute that
  // nobody tells apart: what such a wait has looked at is then not known to stay as it was.
  bool hold_polls = true;
  // Set where a wait goes round that polls a mailbox and is not held. May be shared by machines.
  std::atomic<bool>* polled = nullptr;
  // Assert the invariants of the relation at each choice (engine/relation/invariants.h); builds
  // that are not for users do so in every eighth execution.
  bool check = false;
  bool fair_spins = false;  // waits that spin are taken to be fair, whoever chooses (spin.cpp)
  // Ends loading (LoadingStopped), and executions for which System::watch has named no other.
  const StopToken* stop = nullptr;
};

// Thrown where MachineOptions::stop asked for it before the file was loaded: ExitCode::interrupted,
// or ExitCode::incomplete if the time is up.
class LoadingStopped : public Error {
 public:
  using Error::Error;
};

// A file that declares no scenario: ExitCode::scenario. In a folder it is a helper of others.
class NoScenario : public Error {
 public:
  using Error::Error;
};

// One lockstep.scenario(name, options, body).
struct ScenarioInfo {
  std::string name;
  std::string file;
  int line = 0;
  std::map<std::string, std::string> options;  // as written in the file, snake_case, values as text
};

// The whole file, of 256 MiB at most; false, and why, if it cannot be read or is none (a pipe, a
// device, a directory).
bool read_source(const std::string& path, std::string* text, std::string* problem);

// What of a file's text is Lua: as for lua5.4, a byte order mark and a first line with # are not.
// Lines keep their numbers.
std::string_view lua_text(std::string_view text);

class Program {
 public:
  // Reads the file and runs it once, which finds its modules and scenarios. Errors: ExitCode::usage
  // if the file is missing; ExitCode::scenario for syntax and load errors, with file and line, and
  // for a file without one (NoScenario); LoadingStopped. `search`: where modules and sources are
  // looked for that are not beside the file: folders, or templates with a ? as package.path has
  // them, each entry several of these apart by semicolons.
  static Program from_file(const std::string& path, const StopToken* stop = nullptr,
                           const std::vector<std::string>& search = {});
  // From a trace: nothing is read from disk. The first file is the scenario's.
  static Program from_sources(std::vector<SourceFile> files, const StopToken* stop = nullptr);

  const std::string& path() const { return path_; }                // as given, for messages
  const std::vector<SourceFile>& files() const { return files_; }  // the scenario's file first
  const std::vector<ScenarioInfo>& scenarios() const { return scenarios_; }

 private:
  std::string path_;
  std::vector<SourceFile> files_;
  std::vector<ScenarioInfo> scenarios_;
};

// A machine ready to run one scenario of a program. Throws Error(ExitCode::scenario) if loading
// fails.
std::unique_ptr<System> make_machine(const Program& program, const std::string& scenario,
                                     const MachineOptions& options);

// Of the Lua interpreter; stored in traces. Runs the start-up self-test; Error(ExitCode::internal)
// if the seed could not be pinned or Lua's objects are not laid out as we know them.
uint64_t lua_fingerprint();

}  // namespace lockstep::vm
