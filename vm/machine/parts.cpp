// Here alone all parts are known.
#include "vm/machine/parts.h"

#include "vm/loading/frozen.h"
#include "vm/loading/loading.h"
#include "vm/machine/calls.h"
#include "vm/machine/interpreter.h"
#include "vm/machine/restart.h"
#include "vm/machine/watchdog.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/signals/cluster.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"
#include "vm/tables/locks.h"

namespace lockstep::vm {

Parts::Parts() = default;
Parts::~Parts() = default;

void Parts::make_parts(Machine& m) {
  calls_ = std::make_unique<Calls>(m);
  cluster_ = std::make_unique<Cluster>(m);
  footprints_ = std::make_unique<Footprints>(m);
  frozen_ = std::make_unique<FrozenState>(m);
  interpreter_ = std::make_unique<Interpreter>(m);
  loading_ = std::make_unique<Loading>(m);
  locks_ = std::make_unique<Locks>(m);
  mailboxes_ = std::make_unique<Mailboxes>(m);
  processes_ = std::make_unique<Processes>(m);
  properties_ = std::make_unique<Properties>(m);
  recorder_ = std::make_unique<Recorder>(m);
  restart_ = std::make_unique<Restart>(m);
  signals_ = std::make_unique<Signals>(m);
  spins_ = std::make_unique<Spins>(m);
  timers_ = std::make_unique<Timers>(m);
  watchdog_ = std::make_unique<Watchdog>(m);
}

}  // namespace lockstep::vm
