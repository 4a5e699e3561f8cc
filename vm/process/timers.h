// Timers, of guests and of receives: when each fires, and what that touches (timers.cpp).
#pragma once
#include <deque>
#include <vector>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Timers : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Timers.
  Timer& start(Process& owner, uint64_t due, TimerKind kind, ObjectId object = 0);
  bool cancel(const Process& by, uint64_t ref, int64_t* remaining);
  const Process* target(uint64_t ref) const;
  void drop_of(Process& p);
  void watch_time(const Timer& t);
  // Reading the clock is an operation of its own: time may pass at any moment.
  bool clock_races() const {
    return options_.racy_timers() && !(slow_ & (kSlowMatcher | kSlowPeek));
  }
  bool refresh();  // offers due timers; false: nothing can happen any more
  void fire(uint32_t timer);
  void pass_time();  // simultaneous timers: to when the next of them are due
  void hold_time();  // something else can happen now
  void begin_limit(lua_State* L, Process& p, int64_t ms);
  void stop_receive_timer(Process& p);
  // It has not come to its turn, and never will.
  void note_blocked(Timer& t, uint32_t until);

  void begin() { blocked_footprints_.clear(); }  // of an execution

 private:
  void remove(uint32_t i, ObjectId object, uint32_t by);
  void offer(Timer& t, uint32_t cause);
  void offer_time();
  void passes(uint64_t until);
  bool fires_among_others(const Timer& t) const;
  uint64_t next_due() const;
  void footprint(Timer& t, bool fresh, Operation& op);
  void wait_for_turn(Timer& t);

  std::deque<std::vector<Footprint>> blocked_footprints_;  // of disabled events
};

}  // namespace lockstep::vm
