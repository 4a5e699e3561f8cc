// The way to the parts of a machine, each with the state that it alone has. What they are is known
// to their own headers; vm/system/made_parts.h makes them.
#pragma once

namespace lockstep::vm {

class Calls;
class Checks;
class Clocks;
class Cluster;
class Ends;
class Faults;
class FileLevel;
class Footprints;
class FrozenState;
class Guest;
class GuestFaults;
class Interpreter;
class Loading;
class Locks;
class Mailboxes;
class Peek;
class Processes;
class Properties;
class Recorder;
class Restart;
class Signals;
class Spins;
class Timers;
class Watchdog;

class Parts {
 public:
  Calls& calls() const { return *calls_; }
  Checks& checks() const { return *checks_; }
  Clocks& clocks() const { return *clocks_; }
  Cluster& cluster() const { return *cluster_; }
  Ends& ends() const { return *ends_; }
  Faults& faults() const { return *faults_; }
  FileLevel& file_level() const { return *file_level_; }
  Footprints& footprints() const { return *footprints_; }
  FrozenState& frozen() const { return *frozen_; }
  Guest& guest() const { return *guest_; }
  GuestFaults& guest_faults() const { return *guest_faults_; }
  Interpreter& interpreter() const { return *interpreter_; }
  Loading& loading() const { return *loading_; }
  Locks& locks() const { return *locks_; }
  Mailboxes& mailboxes() const { return *mailboxes_; }
  Peek& peek() const { return *peek_; }
  Processes& processes() const { return *processes_; }
  Properties& properties() const { return *properties_; }
  Recorder& recorder() const { return *recorder_; }
  Restart& restart() const { return *restart_; }
  Signals& signals() const { return *signals_; }
  Spins& spins() const { return *spins_; }
  Timers& timers() const { return *timers_; }
  Watchdog& watchdog() const { return *watchdog_; }

 protected:
  Calls* calls_ = nullptr;
  Checks* checks_ = nullptr;
  Clocks* clocks_ = nullptr;
  Cluster* cluster_ = nullptr;
  Ends* ends_ = nullptr;
  Faults* faults_ = nullptr;
  FileLevel* file_level_ = nullptr;
  Footprints* footprints_ = nullptr;
  FrozenState* frozen_ = nullptr;
  Guest* guest_ = nullptr;
  GuestFaults* guest_faults_ = nullptr;
  Interpreter* interpreter_ = nullptr;
  Loading* loading_ = nullptr;
  Locks* locks_ = nullptr;
  Mailboxes* mailboxes_ = nullptr;
  Peek* peek_ = nullptr;
  Processes* processes_ = nullptr;
  Properties* properties_ = nullptr;
  Recorder* recorder_ = nullptr;
  Restart* restart_ = nullptr;
  Signals* signals_ = nullptr;
  Spins* spins_ = nullptr;
  Timers* timers_ = nullptr;
  Watchdog* watchdog_ = nullptr;
};

}  // namespace lockstep::vm
