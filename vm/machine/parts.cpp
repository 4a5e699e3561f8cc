// Here alone all parts are known.
#include <algorithm>

#include "engine/relation/invariants.h"
#include "vm/loading/frozen.h"
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

namespace lockstep::vm {

Machine::Machine(LoadContext& context, const std::string& scenario, const MachineOptions& options)
    : options_(options), scenario_(scenario) {
  std::sort(options_.omitted.begin(), options_.omitted.end());
  host_.machine = this;
  host_.arena = &arena_;
  if (options.check) invariants_ = std::make_unique<InvariantCheck>();
  load(context);
}

// As soon as there is a state that they can look at.
void Machine::make_parts() {
  properties_ = std::make_unique<Properties>(*this);
  spins_ = std::make_unique<Spins>(*this);
  recorder_ = std::make_unique<Recorder>(*this);
  watchdog_ = std::make_unique<Watchdog>(*this);
  frozen_ = std::make_unique<FrozenState>(*this);
  signals_ = std::make_unique<Signals>(*this);
  footprints_ = std::make_unique<Footprints>(*this);
  cluster_ = std::make_unique<Cluster>(*this);
  timers_ = std::make_unique<Timers>(*this);
  processes_ = std::make_unique<Processes>(*this);
  mailboxes_ = std::make_unique<Mailboxes>(*this);
}

void Machine::watch(const StopToken* token) { watchdog().watch(token); }
bool Machine::cut() const { return watchdog().cut(); }

Machine::~Machine() {
  if (current_machine() == this) take_thread(nullptr);
}

}  // namespace lockstep::vm
