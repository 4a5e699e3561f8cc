// The parts of a machine, each with the state that it alone has. What they are is known to their
// own headers, and to parts.cpp.
#pragma once
#include <memory>

namespace lockstep::vm {

class Machine;
class Calls;
class Cluster;
class Footprints;
class FrozenState;
class Interpreter;
class Loading;
class Locks;
class Mailboxes;
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
  Cluster& cluster() const { return *cluster_; }
  Footprints& footprints() const { return *footprints_; }
  FrozenState& frozen() const { return *frozen_; }
  Interpreter& interpreter() const { return *interpreter_; }
  Loading& loading() const { return *loading_; }
  Locks& locks() const { return *locks_; }
  Mailboxes& mailboxes() const { return *mailboxes_; }
  Processes& processes() const { return *processes_; }
  Properties& properties() const { return *properties_; }
  Recorder& recorder() const { return *recorder_; }
  Restart& restart() const { return *restart_; }
  Signals& signals() const { return *signals_; }
  Spins& spins() const { return *spins_; }
  Timers& timers() const { return *timers_; }
  Watchdog& watchdog() const { return *watchdog_; }

 protected:
  Parts();
  ~Parts();
  void make_parts(Machine& m);  // as soon as it has a world, which they then hold

 private:
  std::unique_ptr<Calls> calls_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Footprints> footprints_;
  std::unique_ptr<FrozenState> frozen_;
  std::unique_ptr<Interpreter> interpreter_;
  std::unique_ptr<Loading> loading_;
  std::unique_ptr<Locks> locks_;
  std::unique_ptr<Mailboxes> mailboxes_;
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<Properties> properties_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Restart> restart_;
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<Spins> spins_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace lockstep::vm
