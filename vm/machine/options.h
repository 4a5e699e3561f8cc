// What bears on the executions of a machine.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep::vm {

// When a timer may fire.
enum class TimerMode : uint8_t {
  quiescent,     // when nothing else can happen, one after the other
  simultaneous,  // time passes when nothing else can happen; what is due then fires in any order
  racy,          // at any moment, but never before one that is due earlier
};

// A scenario's own options are laid under the command line's.
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
  bool keep_requests = false;  // recorded executions tell what simulated servers were asked
  bool fair_spins = false;     // waits that spin are taken to be fair, whoever chooses (spin.cpp)
  // Ends loading (LoadingStopped), and executions for which System::watch has named no other.
  const StopToken* stop = nullptr;
};

}  // namespace lockstep::vm
