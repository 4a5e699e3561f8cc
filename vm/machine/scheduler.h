// Who can go, who goes next, and the switch to the stack of whoever that is.
//
// It lies inside the machine: every step comes through it, and none looks for it. What a step does
// it does not know: whoever does (Steps) is told what was picked.
#pragma once
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "engine/boundary/system.h"
#include "vm/machine/options.h"
#include "vm/machine/world.h"
#include "vm/memory/memory.h"

namespace lockstep::vm {

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

// What the loop over the steps leaves to the parts above it.
class Steps {
 public:
  virtual void create_root() = 0;
  // Before each choice: footprints that are stale are made anew; predicates look at the state,
  // while there are any; what may come of faults and timers is offered. False: nothing can happen
  // any more.
  virtual void renew_footprints() = 0;
  virtual void after_step() = 0;
  virtual bool offer() = 0;
  virtual void check_choice() = 0;  // only while Scheduler::checks
  // What was picked, before its step counts; while properties, fair spins or checks are to know.
  virtual void took(const Alternative& a) = 0;
  // While recording: a step of the process, or of none, and its end.
  virtual void open_event(Process* p, const Alternative& a, size_t alternatives) = 0;
  virtual void close_event() = 0;
  virtual void perform(const Alternative& a) = 0;  // what is no process's step
  [[noreturn]] virtual void die(Process& p) = 0;
  virtual Outcome decide_end() = 0;  // nothing can happen any more
  virtual std::string label(const Process& p) const = 0;

 protected:
  ~Steps() = default;
};

class Scheduler {
 public:
  Scheduler(Memory& memory, World& world, const MachineOptions& options)
      : memory_(memory), world_(&world), options_(options) {}
  void perform_with(Steps& steps) { steps_ = &steps; }
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
  // Somebody wants it to end; set from a handler, too.
  const std::atomic<bool>& cut() const { return cut_; }
  void cut(bool yes) { cut_ = yes; }
  void check(bool yes) { checks_ = yes; }  // Steps::check_choice is to be called

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
  uint32_t choose_data(Process& p, uint32_t count);  // 0 .. count-1, of at least two

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
  void end();  // nothing can happen any more
  void set_alarm(uint32_t steps);
  void late();
  void to_process(Context& from, Process& q);
  Context& here() { return world_->current && !on_main_ ? world_->current->context : main_; }

  Memory& memory_;
  World* const world_;
  const MachineOptions& options_;
  Steps* steps_ = nullptr;
  Chooser* chooser_ = nullptr;
  uint32_t slow_ = 0;
  bool at_rest_ = false;
  bool fair_spins_ = false;
  bool running_ = false, on_main_ = true;
  bool checks_ = false;
  std::atomic<bool> cut_{false};
  std::atomic<uint32_t> alarm_{0};  // steps at which late() is called; the watchdog sets 0
  Context main_;
  std::vector<Decision> decisions_;
  Outcome outcome_;
  std::vector<Blocked> blocked_;
  uint64_t runs_ = 0;  // for the watchdog: which execution it saw
  Context* aside_from_ = nullptr;
  void (*aside_what_)(void*) = nullptr;
  void* aside_argument_ = nullptr;
};

}  // namespace lockstep::vm
