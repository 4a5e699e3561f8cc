// The loop over the steps of an execution, and the choice itself.
#include "vm/machine/scheduler.h"

#include <algorithm>

#include "engine/base/check.h"

namespace lockstep::vm {
namespace {
struct EndOnMain {};  // the execution ended while the thread's own stack was performing a delivery
thread_local Scheduler* t_aside = nullptr;  // whose stack aside is entered
}  // namespace

void Scheduler::begin(Chooser& chooser, bool may_go_round) {
  chooser_ = &chooser;
  at_rest_ = chooser.at_rest();
  slow_ = (slow_ & (kSlowRecord | kSlowHunt)) | (chooser.sites() ? kSlowSites : 0u) |
          (chooser.states() ? kSlowTrack : 0u) | (world_->properties.size ? kSlowWatch : 0u) |
          (world_->histories_used ? kSlowHistory : 0u);
  fair_spins_ = may_go_round && (chooser.fair_spins() || options_.fair_spins);
  outcome_ = {};
  blocked_.clear();
}

void Scheduler::run() {
  if (!main_.bottom) main_ = thread_context();
  running_ = true;
  runs_++;
  Chooser& chooser = *chooser_;  // that may hand over to its fair one meanwhile
  World& w = *world_;
  w.over = false;
  set_alarm(std::min(options_.limits.max_steps, Chooser::kLate));
  on_main_ = true;
  try {
    if (w.processes.empty()) steps_->create_root();
    while (!w.over) {
      if (w.pending_data) {  // at rest: a process waits for the value
        const uint32_t n = w.pending_data;
        Process& p = *w.current;
        ChoicePoint point{{}, n, true, w.steps, p.actor, {}, nullptr, 0};
        const size_t i = chooser.choose(point);
        if (i == Chooser::kStop) stop(Verdict::stopped);
        w.data_answer = static_cast<uint32_t>(i);
        w.pending_data = 0;
        to_process(main_, p);
        continue;
      }
      w.current = nullptr;
      Process* next = pick(nullptr);
      if (!next) break;
      w.current = next;
      to_process(main_, *next);
    }
  } catch (const EndOnMain&) {
  }
  running_ = false;
}

void Scheduler::take_main() { main_ = thread_context(); }

void Scheduler::back_to_main() {
  Context nowhere;
  switch_stack(nowhere, main_);
  __builtin_unreachable();
}

void Scheduler::to_process(Context& from, Process& q) {
  if (&from == &main_) {
    on_main_ = false;
    switch_stack(main_, q.context);
    on_main_ = true;
  } else {
    switch_stack(from, q.context);
  }
}

void aside_entry() {
  Scheduler& s = *t_aside;
  entered(s.aside_from_);
  s.aside_what_(s.aside_argument_);
  Context nowhere;
  switch_stack(nowhere, *s.aside_from_);
  __builtin_unreachable();
}

void Scheduler::aside(void (*what)(void*), void* argument) {
  t_aside = this;
  aside_what_ = what;
  aside_argument_ = argument;
  const Context there =
      make_context(memory_.arena().stack_top(Arena::Own::aside), kStackBytes, aside_entry);
  if (!on_main_) {
    Context here;
    aside_from_ = &here;
    return switch_stack(here, there);
  }
  // finish() comes back here, too: this is where the thread's own stack is left.
  aside_from_ = &main_;
  on_main_ = false;
  switch_stack(main_, there);
  on_main_ = true;
  if (world_->over && running_) throw EndOnMain{};
}

// Who waits for a lock at the end of an execution: a reduction must try what comes of it going
// first.
static void add_waiting(const World& w, std::vector<Blocked>& blocked) {
  for (const uint32_t index : w.takers) {
    const Process& p = *w.processes[index];
    if (p.wait == Wait::lock && w.position[p.actor] == kNone)
      blocked.push_back({{p.actor, AltKind::step, p.index, p.blocked_op}});
  }
}

void Scheduler::finish(Outcome outcome) {
  outcome_ = std::move(outcome);
  add_waiting(*world_, blocked_);
  world_->over = true;
  if (on_main_) throw EndOnMain{};
  back_to_main();
}

void Scheduler::fail(Verdict verdict, const Process& p, std::string reason, std::string site,
                     std::string object, std::string detail) {
  finish({verdict, std::move(reason), std::move(site), std::move(object), std::move(detail),
          steps_->label(p)});
}

void Scheduler::start(Process& p) {
  Context& from = here();
  p.starter = &from;
  world_->current = &p;
  to_process(from, p);
}

void Scheduler::leave_stack() {
  if (at_rest_) back_to_main();
  Process* q = pick(nullptr);
  LOCKSTEP_ASSERT(q != nullptr);
  world_->current = q;
  Context nowhere;
  switch_stack(nowhere, q->context);
  __builtin_unreachable();
}

// ---- the choice ----

void Scheduler::park(Process& p) {
  if (__builtin_expect(p.status == Status::starting, 0)) {
    p.status = enabled(p.actor) ? Status::ready : Status::blocked;
    switch_stack(p.context, *p.starter);
    p.ran = !p.killed;
    return;  // picked
  }
  if (at_rest_) {
    switch_stack(p.context, main_);
    return;
  }
  Process* q = pick(&p);
  if (q == &p) return;
  world_->current = q;
  switch_stack(p.context, q->context);
}

Process* Scheduler::pick(Process* on) {
  World& w = *world_;
  for (;;) {
    if (__builtin_expect(w.stale != 0, 0)) steps_->renew_footprints();
    if (__builtin_expect((slow_ & kSlowWatch) != 0, 0)) steps_->after_step();
    if (__builtin_expect(w.alternatives.size == 0 || w.faults.size != 0 || w.timers_due != 0 ||
                             (options_.racy_timers() && w.timers.size != 0),
                         0)) {
      if (!steps_->offer()) {
        end();
        if (on_main_) return nullptr;
        back_to_main();
      }
    }
    if (__builtin_expect(checks_, 0)) steps_->check_choice();
    if (__builtin_expect(w.steps >= alarm_.load(std::memory_order_relaxed), 0)) late();
    if (__builtin_expect(w.yielded, 0)) chooser_ = &chooser_->fair();
    size_t i = 0;
    const uint32_t n = w.alternatives.size;
    if (n > 1 || !chooser_->skip_forced()) {
      const ChoicePoint point{{w.alternatives.data, n},
                              n,
                              false,
                              w.steps,
                              w.last,
                              {w.woken.data, w.woken.size},
                              w.position.data,
                              w.actors.size,
                              w.yielded};
      i = chooser_->choose(point);
      if (__builtin_expect(i >= n, 0)) {
        LOCKSTEP_ASSERT(i == Chooser::kStop);
        stop(Verdict::stopped);
      }
      w.woken.size = 0;
    }
    const Alternative& a = w.alternatives[i];
    if (__builtin_expect((slow_ & kSlowWatch) != 0 || fair_spins_ || checks_, 0)) steps_->took(a);
    if (__builtin_expect(w.steps >= decisions_.size(), 0))
      decisions_.resize(decisions_.size() * 2 + 1024);
    decisions_[w.steps++] = Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind));
    w.last = a.actor;
    w.yielded = false;
    if (__builtin_expect(a.kind == AltKind::step, 1)) {
      Process* q = w.processes[a.process];
      if (__builtin_expect(slow_ & kSlowRecord, 0)) steps_->open_event(q, a, n);
      return q;
    }
    if (slow_ & kSlowRecord) steps_->open_event(nullptr, a, n);
    steps_->perform(Alternative(a));
    if (slow_ & kSlowRecord) steps_->close_event();
    if (on && on->doomed) {
      on->doomed = false;
      w.current = on;
      steps_->die(*on);
    }
  }
}

// The watchdog may want it earlier, at any moment: what it has set stands.
void Scheduler::set_alarm(uint32_t steps) {
  alarm_.store(steps, std::memory_order_relaxed);
  if (cut_) alarm_.store(0, std::memory_order_relaxed);
}

// Many steps have passed: too many, or enough to look at who has stood still.
void Scheduler::late() {
  if (cut_) stop(Verdict::stopped);
  if (world_->steps < options_.limits.max_steps) {
    set_alarm(options_.limits.max_steps);
    chooser_ = &chooser_->fair();
    return;
  }
  Outcome o;
  o.verdict = Verdict::step_bound;
  o.reason = "no end within " + std::to_string(options_.limits.max_steps) + " steps (--max-steps)";
  finish(std::move(o));
}

uint32_t Scheduler::choose_data(Process& p, uint32_t count) {
  World& w = *world_;
  if (w.steps >= alarm_.load(std::memory_order_relaxed)) late();
  uint32_t value = 0;
  if (at_rest_) {
    w.pending_data = count;
    switch_stack(p.context, main_);
    value = w.data_answer;
  } else {
    const ChoicePoint point{{}, count, true, w.steps, p.actor, {}, nullptr, 0};
    const size_t i = chooser_->choose(point);
    if (i == Chooser::kStop) stop(Verdict::stopped);
    value = static_cast<uint32_t>(i);
  }
  LOCKSTEP_ASSERT(value < count);
  if (w.steps >= decisions_.size()) decisions_.resize(decisions_.size() * 2 + 1024);
  decisions_[w.steps++] = Decision::make(p.actor, AltKind::data, value);
  return value;
}

ActorId Scheduler::make_actor(AltKind kind, uint32_t process, uint64_t key) {
  World& w = *world_;
  const ActorId id = w.actors.size;
  memory_.push(w.actors, Actor{kind, process, key});
  memory_.push(w.position, kNone);
  return id;
}

void Scheduler::enable(ActorId actor, AltKind kind, uint32_t process, const Operation& op,
                       uint32_t cause) {
  World& w = *world_;
  if (w.position[actor] != kNone) {
    w.alternatives[w.position[actor]].op = op;
    w.alternatives[w.position[actor]].cause = cause;
    return;
  }
  w.position[actor] = w.alternatives.size;
  Alternative a(actor, kind, process, op);
  a.cause = cause;
  memory_.push(w.alternatives, a);
  memory_.push(w.woken, actor);
}

void Scheduler::disable(ActorId actor) {
  World& w = *world_;
  const uint32_t at = w.position[actor];
  if (at == kNone) return;
  const Alternative& last = w.alternatives.back();
  if (last.actor != actor) {
    w.alternatives[at] = last;
    w.position[last.actor] = at;
  }
  w.alternatives.size--;
  w.position[actor] = kNone;
}

void Scheduler::end() {
  World& w = *world_;
  // A crash could still come, but none comes last.
  for (const Alternative& a : w.alternatives)
    if (a.kind == AltKind::fault) blocked_.push_back({a});
  outcome_ = steps_->decide_end();
  add_waiting(w, blocked_);
  w.over = true;
}

}  // namespace lockstep::vm
