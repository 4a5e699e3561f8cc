// The parts of one machine.
#pragma once
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/guest/fault.h"
#include "vm/guest/file_level.h"
#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/guest/interpreter.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/guest/watchdog.h"
#include "vm/lifecycle/cluster.h"
#include "vm/lifecycle/ends.h"
#include "vm/loading/loading.h"
#include "vm/machine/clocks.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/faults.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/system/checks.h"
#include "vm/system/performer.h"
#include "vm/system/restart.h"
#include "vm/tables/locks.h"

namespace lockstep::vm {

struct MadeParts {
  MadeParts(Machine& m, const System& system)
      : calls(m),
        checks(m, system),
        clocks(m),
        cluster(m),
        ends(m),
        faults(m),
        file_level(m),
        footprints(m),
        frozen(m),
        guest(m),
        guest_faults(m),
        interpreter(m),
        loading(m),
        locks(m),
        mailboxes(m),
        peek(m),
        performer(m),
        processes(m),
        properties(m),
        recorder(m),
        restart(m),
        signals(m),
        spins(m),
        timers(m),
        watchdog(m) {
    processes.live(ends);
  }

  Calls calls;
  Checks checks;
  Clocks clocks;
  Cluster cluster;
  Ends ends;
  Faults faults;
  FileLevel file_level;
  Footprints footprints;
  FrozenState frozen;
  Guest guest;
  GuestFaults guest_faults;
  Interpreter interpreter;
  Loading loading;
  Locks locks;
  Mailboxes mailboxes;
  Peek peek;
  Performer performer;
  Processes processes;
  Properties properties;
  Recorder recorder;
  Restart restart;
  Signals signals;
  Spins spins;
  Timers timers;
  Watchdog watchdog;
};

}  // namespace lockstep::vm
