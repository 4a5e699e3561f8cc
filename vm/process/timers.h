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
  void start_message(Process& owner, uint64_t due, uint64_t ref, const Term& dest,
                     const Term& payload);
  bool cancel(Process& by, uint64_t ref, int64_t* remaining);
  uint32_t came_last() const;                                  // ExecutionFacts::fired_last
  int64_t left_of(const Timer& t, const Process& asks) const;  // ms
  const Process* target(uint64_t ref) const;
  void drop_of(Process& p);
  void watch_time(const Timer& t);
  bool refresh();  // offers due timers; false: nothing can happen any more
  // Offers those that may fire while others can go: before the next choice, to who has to know now.
  void offer_among_others();
  // Takes it away, and time passes; what it brings about is the caller's to do.
  Timer take_due(uint32_t timer);
  void pass_time();  // simultaneous timers: to when the next of them are due
  void hold_time();  // something else can happen now
  void begin_limit(Process& p, int64_t ms);
  void stop_receive_timer(Process& p);
  void note_blocked(Timer& t, uint32_t until);

  // Racy timers: those that have to fire before it, in order of start.
  template <class F>
  void each_awaited(const Timer& t, const F& f) const {
    for (const Timer& u : world_->timers) {
      if (&u == &t) break;
      if (waits_for(t, u)) f(u);
    }
  }

  void begin() { blocked_footprints_.clear(); }  // of an execution

 private:
  void remove(uint32_t i, uint32_t by);
  void remove_unfired(uint32_t i, uint32_t by);
  void forget_earlier(Process& owner, ObjectId timer);
  void offer(Timer& t, uint32_t cause);
  void offer_time();
  void passes(uint64_t until);
  bool fires_among_others(const Timer& t) const;
  uint64_t next_due() const;
  bool may_fire(const Timer& t) const;
  static bool waits_for(const Timer& t, const Timer& earlier);
  void footprint(Timer& t, bool fresh, Operation& op);
  void wait_for_turn(Timer& t, const Process& owner);

  std::deque<std::vector<Footprint>> blocked_footprints_;  // of disabled events
};

}  // namespace lockstep::vm
