// Disabled events, which never came: what processes still wait for at the end of an execution, and
// what others made impossible.
#include <algorithm>

#include "engine/search/dpor.h"

namespace lockstep {

// What is still waited for counts as a step at the very end; what could go and was made impossible
// by a step of another (a message that was lost, a process that was killed) as one right after that
// step; by the last one, too, where the execution ended since nothing could go, or was sleep-set
// blocked.
void Dpor::find_disabled(const Outcome& outcome) {
  // What the steps before the first new one made impossible is known.
  size_t from = by_mail_ ? 0 : settled_;
  while (from > 0 && path_[from].data) from--;
  std::erase_if(disabled_, [from](const DisabledEvent& d) { return d.known > from; });
  old_disabled_ = disabled_.size();
  settled_ = depth_;
  for (const auto& [a, until, waits] : system_->blocked())
    if (a.op.access != Access::take && until >= from) {
      const size_t count = std::min<size_t>(until, depth_);
      disabled_.push_back({Taken(Pending{pool_.step(a, key(a.actor), *system_), a.cause}), count,
                           count + 1, false, waits});
    }
  const bool nothing_left = outcome.verdict == Verdict::deadlock || crash_waits();
  const std::vector<Pending> nothing;
  for (size_t i = from; i < depth_; i++) {
    if (path_[i].data) continue;
    size_t next = i + 1;
    while (next < depth_ && path_[next].data) next++;
    if (next == depth_ && !nothing_left && !blocked_) break;
    const std::vector<Pending>& here = path_[i].pending;
    const std::vector<Pending>& there = next < depth_ || blocked_ ? path_[next].pending : nothing;
    for (size_t j = 0; j < here.size(); j++) {
      const Pending& p = here[j];
      const Step& s = *p.step;
      if (s.actor_key == steps_[i].actor_key) continue;
      // Mostly it is where it was.
      if (j < there.size() && there[j].step == p.step && there[j].cause == p.cause) continue;
      // A process that was killed goes on with another step, its end, in place of the one it had; a
      // channel with its next signal. What it touches may have changed.
      const auto same = [&](const auto& q) {
        return q.step->actor_key == s.actor_key && q.step->op.kind == s.op.kind &&
               (s.kind == AltKind::step || q.cause == p.cause);
      };
      if (std::any_of(there.begin(), there.end(), same)) continue;
      const auto waits = [&](const DisabledEvent& d) { return !d.prevented && same(d.taken); };
      if (next == depth_ && std::any_of(disabled_.begin(), disabled_.end(), waits)) continue;
      if (!(s.op.flags & kAcquire)) {
        disabled_.push_back({Taken(p), i + 1, i + 1, true});
        continue;
      }
      // A lock that another took: the race is with who has it at the end. Who is killed before that
      // may have lost it several times, and could have gone on with it each time.
      bool later = std::any_of(disabled_.begin(), disabled_.end(), waits);
      bool killed_before = false;
      for (size_t k = i + 1; k < depth_ && !later && !killed_before; k++) {
        later = same(steps_[k]);
        killed_before = !later && steps_[k].actor_key == s.actor_key;
      }
      if (later) continue;
      const size_t count = killed_before ? i + 1 : depth_;
      disabled_.push_back({Taken(p), count, count, killed_before});
    }
  }
}

// As the step after the first `count`.
void Dpor::order_disabled(const Taken& taken, size_t count) {
  found_.clear();
  if (by_mail_)
    append_observed(depth_, count, taken, found_);
  else
    append(depth_, count, taken, found_);
}

// What follows the step that made `taken` impossible and does not come after it could have come
// before both. If `taken` depends on some of that, this is another way to it, which nobody finds
// who only tries it at once.
void Dpor::reverse_late(size_t early, const Taken& taken) {
  bool any = false;
  for (size_t i = early + 1; i < depth_ && !any; i++)
    any = !order().before(early, i) && depends(i, *taken.step);
  if (!any) return;
  order_disabled(taken, depth_);
  reverse(early, depth_, taken, depth_);
}

// A crash could still come, so nothing else could.
bool Dpor::crash_waits() const {
  return std::any_of(disabled_.begin(), disabled_.end(), [](const DisabledEvent& d) {
    return is_crash(*d.taken.step) && !d.prevented;
  });
}

void Dpor::reverse_disabled() {
  for (size_t k = 0; k < disabled_.size(); k++) {
    const auto& [taken, count, known, prevented, waits] = disabled_[k];
    const bool news = k >= old_disabled_;
    if (waits && count < depth_) reverse_late(count, taken);
    if (!news && !by_mail_) continue;
    order_disabled(taken, count);
    // After the step that made it impossible it cannot come, so only that race can be reversed;
    // those with what came before are found where it does come.
    if (prevented && std::find(found_.begin(), found_.end(), count - 1) != found_.end()) {
      found_.assign(1, count - 1);
      saw_before(count - 1, *taken.step);
    }
    const std::vector<size_t> races = found_;
    for (const size_t i : races) reverse(i, depth_, taken, count);
    if (prevented) reverse_late(count - 1, taken);
    if (is_crash(*taken.step) && !prevented) add_crash(taken, count);
  }
}

// A crash never comes last, so what it follows only is executed with a step that it does not follow
// after it. No other step follows that one.
void Dpor::add_crash(const Taken& crash, size_t count) {
  order_disabled(crash, count);
  size_t at = depth_;
  while (at > 0 && (path_[at - 1].data || order().before(at - 1, depth_))) at--;
  if (at == 0) return;
  path_[at - 1].last = true;
  reverse(at - 1, depth_, crash, count);
}

}  // namespace lockstep
