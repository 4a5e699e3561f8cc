// Who can go, who goes next, and the switch to the stack of whoever that is.
//
// It lies inside the machine: every step comes through it, and none looks for it.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/boundary/system.h"
#include "vm/machine/world.h"

namespace lockstep {
class InvariantCheck;
}

namespace lockstep::vm {

class Machine;

// What a sync point has to do beside the hot path.
enum Slow : uint32_t {
  kSlowRecord = 1,
  kSlowSites = 2,
  kSlowMatcher = 4,
  kSlowTrack = 8,  // System::state is asked for
  kSlowHunt = 16,
  kSlowHistory = 32,
  kSlowWatch = 64,   // there are properties
  kSlowPeek = 128,   // a predicate is being evaluated
  kSlowInside = 256  // ... the function of an ets.transaction
};

class Scheduler {
 public:
  Scheduler(Machine& m, World& world);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // ---- an execution ----
  void begin(Chooser& chooser, bool may_go_round);  // before the parts begin theirs
  void run();                                       // from the world's state to the end
  uint32_t slow() const { return slow_; }           // bits of Slow
  uint32_t& slow() { return slow_; }
  bool fair_spins() const { return fair_spins_; }  // waits that spin are taken to be fair
  bool running() const { return running_; }
  uint64_t execution() const { return runs_; }  // how many have begun
  const Outcome& outcome() const { return outcome_; }
  Outcome& outcome() { return outcome_; }
  std::vector<Decision>& decisions() { return decisions_; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  // Ends it here and now; does not return. Frames are abandoned.
  [[noreturn]] void finish(Outcome outcome);
  [[noreturn]] void stop(Verdict verdict) {
    Outcome o;
    o.verdict = verdict;
    finish(std::move(o));
  }
  [[noreturn]] void fail(Verdict verdict, const Process& p, std::string reason,
                         std::string site = {}, std::string object = {}, std::string detail = {});
  void hurry() { alarm_ = 0; }  // look at once whether it is to end; from a handler, too

  // ---- who can go ----
  ActorId make_actor(AltKind kind, uint32_t process, uint64_t key);
  void enable(ActorId actor, AltKind kind, uint32_t process, const Operation& op,
              uint32_t cause = 0);
  void disable(ActorId actor);
  bool enabled(ActorId actor) const { return world_->position[actor] != kNone; }
  // Steps that cannot come any more, since something was in their way (System::blocked).
  void never_comes(const Blocked& b) { blocked_.push_back(b); }
  std::vector<Blocked>& disabled_events() { return blocked_; }

  // ---- the choice ----
  void park(Process& p);            // until it is picked
  void start(Process& p);           // runs it from here on; comes back where it parks
  [[noreturn]] void leave_stack();  // of a process that has ended
  uint32_t choose_data(Process& p, uint32_t count);  // 0 .. count-1

  // ---- stacks ----
  bool on_main() const { return on_main_; }  // nobody's own stack
  void take_main();                          // this thread's stack is that from here on
  void drop_main() { main_ = {}; }
  [[noreturn]] void back_to_main();
  // Calls `what(argument)` on a stack of its own: what runs in the name of a process that is not
  // the one whose stack this is has a budget of nested calls of its own.
  void aside(void (*what)(void*), void* argument);

 private:
  friend void aside_entry();

  // Next process to run; performs what is not a process's step; null: the execution is over.
  Process* pick(Process* on);
  void check_choice();  // checks.cpp
  void perform(const Alternative& alternative);
  void decide_end();  // nothing can happen any more: passed or deadlock
  void set_alarm(uint32_t steps);
  void late();
  void to_process(Context& from, Process& q);
  Context& here() { return world_->current && !on_main_ ? world_->current->context : main_; }

  Machine& m_;
  World* const world_;
  Chooser* chooser_ = nullptr;
  uint32_t slow_ = 0;
  bool at_rest_ = false;
  bool fair_spins_ = false;
  bool running_ = false, on_main_ = true;
  std::atomic<uint32_t> alarm_{0};  // steps at which late() is called; the watchdog sets 0
  Context main_;
  std::vector<Decision> decisions_;
  Outcome outcome_;
  std::vector<Blocked> blocked_;
  uint64_t runs_ = 0;                           // for the watchdog: which execution it saw
  std::unique_ptr<InvariantCheck> invariants_;  // with MachineOptions::check
  Context* aside_from_ = nullptr;
  void (*aside_what_)(void*) = nullptr;
  void* aside_argument_ = nullptr;
};

}  // namespace lockstep::vm
