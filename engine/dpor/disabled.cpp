#include "engine/dpor/disabled.h"

#include <algorithm>

namespace lockstep {

// What is still waited for counts as a step at the very end; what could go and was made impossible
// by a step of another (a message that was lost, a process that was killed) as one right after that
// step; by the last one, too, where the execution ended since nothing could go, or was sleep-set
// blocked.
void DisabledEvents::find(DporExecution& execution, PendingSteps& steps, System& system,
                          const Outcome& outcome, size_t fresh, bool blocked) {
  settled_ = std::min(settled_, fresh);
  const size_t depth = execution.depth();
  size_t from = execution.by_mail() ? 0 : settled_;
  while (from > 0 && execution.node(from).data) from--;
  std::erase_if(events_, [from](const DisabledEvent& d) { return d.known > from; });
  old_ = events_.size();
  settled_ = depth;
  for (const auto& [a, until] : system.blocked())
    if (a.op.access != Access::take && until >= from) {
      const size_t count = std::min<size_t>(until, depth);
      const Step* step = steps.pool().step(a, execution.key(a.actor), system);
      events_.push_back({Taken(Pending{step, a.cause}), count, count + 1, false});
    }
  const bool nothing_left = outcome.verdict == Verdict::deadlock || crash_waits();
  const std::vector<Pending> nothing;
  for (size_t i = from; i < depth; i++) {
    if (execution.node(i).data) continue;
    size_t next = i + 1;
    while (next < depth && execution.node(next).data) next++;
    if (next == depth && !nothing_left && !blocked) break;
    find_prevented(execution, i, next < depth || blocked ? execution.node(next).pending : nothing,
                   next == depth);
  }
}

// By the step of that node, after which `then` could go. `last`: no other step follows.
void DisabledEvents::find_prevented(const DporExecution& execution, size_t at,
                                    const std::vector<Pending>& then, bool last) {
  const std::vector<Pending>& here = execution.node(at).pending;
  for (size_t j = 0; j < here.size(); j++) {
    const Pending& p = here[j];
    const Step& s = *p.step;
    if (s.actor_key == execution[at].actor_key) continue;
    // Mostly it is where it was.
    if (j < then.size() && then[j].step == p.step && then[j].cause == p.cause) continue;
    // A process that was killed goes on with another step, its end, in place of the one it had; a
    // channel with its next signal. What it touches may have changed.
    const auto same = [&](const auto& q) {
      return q.step->actor_key == s.actor_key && q.step->op.kind == s.op.kind &&
             (s.kind == AltKind::step || q.cause == p.cause);
    };
    if (std::any_of(then.begin(), then.end(), same)) continue;
    const auto waits = [&](const DisabledEvent& d) { return !d.prevented && same(d.taken); };
    if (last && std::any_of(events_.begin(), events_.end(), waits)) continue;
    if (!(s.op.flags & kAcquire)) {
      events_.push_back({Taken(p), at + 1, at + 1, true});
      continue;
    }
    // A lock that another took: the race is with who has it at the end. Who is killed before that
    // may have lost it several times, and could have gone on with it each time.
    bool later = std::any_of(events_.begin(), events_.end(), waits);
    bool killed_before = false;
    for (size_t k = at + 1; k < execution.depth() && !later && !killed_before; k++) {
      later = same(execution[k]);
      killed_before = !later && execution[k].actor_key == s.actor_key;
    }
    if (later) continue;
    const size_t count = killed_before ? at + 1 : execution.depth();
    events_.push_back({Taken(p), count, count, killed_before});
  }
}

bool DisabledEvents::crash_waits() const {
  return std::any_of(events_.begin(), events_.end(), [](const DisabledEvent& d) {
    return is_crash(*d.taken.step) && !d.prevented;
  });
}

}  // namespace lockstep
