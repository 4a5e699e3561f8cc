#include "vm/machine/clocks.h"

namespace lockstep::vm {

// Where any timer may fire at any moment, one clock for all would order everything that asks how
// late it is, and each time limit with each firing, although nobody looks. So each process has its
// own: it knows of the time that it has asked for, of its own limits that were over, and of what
// those knew from whom it has messages. Lamport, "Time, clocks, and the ordering of events in a
// distributed system" (1978).

uint64_t Clocks::time_of(const Process& p) const {
  return options_.racy_timers() ? p.clock : world_->now;
}

void Clocks::learn_time(Process& p, uint64_t time) {
  if (!options_.racy_timers() || time <= p.clock) return;
  p.clock = time;
  m_.push(world_->clocks, ClockChange{p.index, world_->steps, time});
}

uint64_t Clocks::time_at(uint32_t process, uint32_t step) const {
  const World& w = *world_;
  for (size_t i = w.clocks.size; i-- > 0;) {
    const ClockChange& c = w.clocks[i];
    if (c.process == process && c.step <= step)
      return process != kNone || c.step == step ? c.time : 0;
  }
  return 0;
}

uint64_t Clocks::told_by(const Message& message) const {
  const uint64_t contents = vm::digest(message.payload);
  return options_.racy_timers() ? mix64(contents, time_at(message.from, message.left_at))
                                : contents;
}

// From a message that was taken.
void Clocks::learn_from(Process& p, const Message& message) {
  if (!options_.racy_timers()) return;
  learn_time(p, time_at(message.from, message.left_at));
  if (message.from != kNone) return;
  for (uint32_t i = 0; i < p.earlier_timers.size; i++)
    if (p.earlier_timers[i].target == p.index && p.earlier_timers[i].gone_at == message.left_at)
      return m_.erase(p.earlier_timers, i);
}

}  // namespace lockstep::vm
