// Notices an execution that performs no operation for a while, so that instructions need not be
// counted in the hot path: counting them costs a factor of two. It only raises a suspicion; the
// schedule is then run again with instructions counted, which decides, the same on every machine.
// Where instructions do not tell, as in one call that takes for ever, CPU time does, and the
// verdict says so. It also ends
// what somebody else wants to end.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "vm/machine/machine_part.h"
#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Counts instructions from here on, in this state and the coroutines made from it:
// Watchdog::on_count every `period`.
void count_instructions(lua_State* L, int period);

class Watchdog : public MachinePart {
 public:
  using MachinePart::MachinePart;

  bool is_asked_to_end() const { return asked_to_end_ != 0 || asked_for_memory_; }
  // Afterwards: ends the execution if something asked for that.
  void end_if_asked(lua_State* L);
  void on_count(lua_State* L);  // from the count hook
  // Whether instructions are counted from the start: to judge a suspect, or since so few are
  // allowed that the clock would not notice.
  bool counts() const {
    const Limits& limits = options_.limits;
    return limits.count_instructions || limits.max_instructions < Limits{}.max_instructions;
  }
  // From the watchdog's signal handler, on this thread. True: what was interrupted is to be left,
  // and GuestFaults::end() to be called.
  bool on_tick();
  // Who wants the execution to end; null: MachineOptions::stop. Asked now and then, by the signal's
  // handler.
  void watch(const StopToken* token) { stop_token_ = token; }
  // The same for searches that the guest's call makes outside of Lua, which look at it themselves;
  // `late` too: for longer than Limits::max_compute. Afterwards end_if_wanted().
  const std::atomic<bool>* wanted(bool late) const {
    return late ? &cut_or_late_ : &m_.scheduler().cut();
  }
  void end_if_wanted(lua_State* L);
  bool cut_if_asked();  // Scheduler::cut, from now on if somebody wants it
  void begin();         // of an execution, also where it goes on from a mark
  void begin_anew();    // of one that goes on from nowhere
  void begin_loading() { tick_runs_ = ~uint64_t{0}; }
  void end_loading() {
    late_ = ending_ = false;
    m_.scheduler().cut(false);
  }
  // Lua's compiler is at work, called by us and not by a guest: it can be left where it is, too.
  void compiling(bool on) { compiling_ = on; }
  bool compiling() const { return compiling_; }
  // Functions of Lua's libraries of which one call can take long, and can be left where it is.
  void know_library(std::vector<lua_CFunction> functions);
  void noting(bool on) { noting_ = on; }  // at work outside the arena: it cannot
  void leave_alone() { ending_ = true; }  // the outcome is being written
  void ask_for_memory(bool asked) { asked_for_memory_ = asked; }

  [[noreturn]] void runaway(lua_State* L);

 private:
  bool ask_to_end(lua_State* L);
  bool asked_to_stop() const;
  bool in_library_call(lua_State* L) const;
  bool in_one_instruction(lua_State* L) const;

  uint64_t tick_runs_ = 0;
  uint32_t tick_steps_ = 0;
  uint32_t hooked_ticks_ = 0;  // since the hook was set for the next instruction
  uint32_t counted_steps_ = 0;
  uint64_t counted_ = 0;       // instructions since the last operation
  uint32_t asked_to_end_ = 0;  // by the watchdog, while checking
  bool asked_for_memory_ = false;
  bool late_ = false;                                  // for longer than Limits::max_compute
  std::atomic<const StopToken*> stop_token_{nullptr};  // the watchdog asks it
  std::atomic<bool> cut_or_late_{false};               // who waits for it looks here
  bool ending_ = false;  // the outcome is being written: not to be interrupted
  volatile bool compiling_ = false, noting_ = false;
  uint64_t tick_cpu_ = 0;
  std::vector<lua_CFunction> library_functions_;  // sorted
};

}  // namespace lockstep::vm
