// The loop over the steps of an execution, and the choice itself.
#include "vm/machine/scheduler.h"

#include <algorithm>

#include "engine/relation/invariants.h"
#include "vm/loading/loading.h"
#include "vm/machine/calls.h"
#include "vm/machine/machine.h"
#include "vm/machine/watchdog.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/cluster.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"

namespace lockstep::vm {
namespace {
struct EndOnMain {};  // the execution ended while the thread's own stack was performing a delivery
}  // namespace

Scheduler::Scheduler(Machine& m, World& world) : m_(m), world_(&world) {}
Scheduler::~Scheduler() = default;

void Scheduler::begin(Chooser& chooser, bool may_go_round) {
  bool check = m_.options().check;
#ifndef NDEBUG
  constexpr uint64_t kUnasked = 8;
  check = check || runs_ % kUnasked == 0;
#endif
  if (!check) invariants_.reset();
  if (check && !invariants_) invariants_ = std::make_unique<InvariantCheck>();
  if (invariants_) invariants_->forget();
  chooser_ = &chooser;
  at_rest_ = chooser.at_rest();
  slow_ = (slow_ & (kSlowRecord | kSlowHunt)) | (chooser.sites() ? kSlowSites : 0u) |
          (chooser.states() ? kSlowTrack : 0u) | (world_->properties.size ? kSlowWatch : 0u) |
          (world_->histories_used ? kSlowHistory : 0u);
  fair_spins_ = may_go_round && (chooser.fair_spins() || m_.options().fair_spins);
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
  set_alarm(std::min(m_.options().limits.max_steps, Chooser::kLate));
  on_main_ = true;
  try {
    if (w.processes.empty()) m_.processes().create_root();
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
  Scheduler& s = current_machine()->scheduler();
  entered(s.aside_from_);
  s.aside_what_(s.aside_argument_);
  Context nowhere;
  switch_stack(nowhere, *s.aside_from_);
  __builtin_unreachable();
}

void Scheduler::aside(void (*what)(void*), void* argument) {
  aside_what_ = what;
  aside_argument_ = argument;
  const Context there =
      make_context(m_.arena().stack_top(Arena::Own::aside), kStackBytes, aside_entry);
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
  if (world_->over && !m_.loading().file_level()) throw EndOnMain{};
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
          m_.recorder().label(p)});
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
    if (__builtin_expect(w.stale != 0, 0)) m_.footprints().renew();
    if (__builtin_expect((slow_ & kSlowWatch) != 0, 0)) m_.properties().after_step();
    if (__builtin_expect(w.alternatives.size == 0 || w.faults.size != 0 || w.timers_due != 0 ||
                             (m_.options().racy_timers() && w.timers.size != 0),
                         0)) {
      if (w.faults.size != 0)
        m_.cluster().offer_faults();  // what a fault was for may be gone since
      if (!m_.timers().refresh()) {
        decide_end();
        if (on_main_) return nullptr;
        back_to_main();
      }
    }
    if (__builtin_expect(invariants_ != nullptr, 0)) check_choice();
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
    if (__builtin_expect(invariants_ != nullptr, 0)) invariants_->took(a);
    if (__builtin_expect((slow_ & kSlowWatch) != 0, 0)) m_.properties().took(a);
    if (__builtin_expect(fair_spins_, 0)) m_.spins().note_footprint(a);
    if (__builtin_expect(w.steps >= decisions_.size(), 0))
      decisions_.resize(decisions_.size() * 2 + 1024);
    decisions_[w.steps++] = Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind));
    w.last = a.actor;
    w.yielded = false;
    if (__builtin_expect(a.kind == AltKind::step, 1)) {
      Process* q = w.processes[a.process];
      if (__builtin_expect(slow_ & kSlowRecord, 0)) m_.recorder().open_event(q, a, n);
      return q;
    }
    if (slow_ & kSlowRecord) m_.recorder().open_event(nullptr, a, n);
    perform(Alternative(a));
    if (slow_ & kSlowRecord) m_.recorder().close_event();
    if (on && on->doomed) {
      on->doomed = false;
      w.current = on;
      m_.processes().die(*on);
    }
  }
}

void Scheduler::perform(const Alternative& a) {
  World& w = *world_;
  switch (a.kind) {
    case AltKind::timer:
      if (a.actor == w.clock) return m_.timers().pass_time();
      for (uint32_t i = 0; i < w.timers.size; i++)
        if (w.timers[i].actor == a.actor) {
          m_.timers().fire(i);
          return;
        }
      break;
    case AltKind::deliver:
      for (Channel& c : w.channels)
        if (c.actor == a.actor) {
          m_.signals().handle_head(c);
          return;
        }
      break;
    case AltKind::fault:
      if (m_.cluster().perform_fault(a.actor)) return;
      break;
    default:
      break;
  }
  LOCKSTEP_ASSERT(!"an alternative that nothing stands behind");
}

// The watchdog may want it earlier, at any moment: what it has set stands.
void Scheduler::set_alarm(uint32_t steps) {
  alarm_.store(steps, std::memory_order_relaxed);
  if (m_.watchdog().cut()) alarm_.store(0, std::memory_order_relaxed);
}

// Many steps have passed: too many, or enough to look at who has stood still.
void Scheduler::late() {
  if (m_.watchdog().cut()) stop(Verdict::stopped);
  if (world_->steps < m_.options().limits.max_steps) {
    set_alarm(m_.options().limits.max_steps);
    chooser_ = &chooser_->fair();
    return;
  }
  Outcome o;
  o.verdict = Verdict::step_bound;
  o.reason =
      "no end within " + std::to_string(m_.options().limits.max_steps) + " steps (--max-steps)";
  finish(std::move(o));
}

uint32_t Scheduler::choose_data(Process& p, uint32_t count) {
  World& w = *world_;
  if (count <= 1) return 0;
  if (__builtin_expect((slow_ & kSlowPeek) != 0, 0)) m_.properties().refuse_peek(p.L, "choose");
  if (__builtin_expect((slow_ & kSlowMatcher) != 0, 0)) m_.calls().refuse_in_matcher(p.L, "choose");
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
  m_.calls().observe(p, value);
  Spins::did_more_than_look(p);
  if (slow_ & kSlowRecord) m_.recorder().data_event(p, count, value);
  return value;
}

ActorId Scheduler::make_actor(AltKind kind, uint32_t process, uint64_t key) {
  World& w = *world_;
  const ActorId id = w.actors.size;
  m_.push(w.actors, Actor{kind, process, key});
  m_.push(w.position, kNone);
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
  m_.push(w.alternatives, a);
  m_.push(w.woken, actor);
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

void Scheduler::decide_end() {
  World& w = *world_;
  Outcome o;
  // A crash could still come, but none comes last.
  for (const Alternative& a : w.alternatives)
    if (a.kind == AltKind::fault) blocked_.push_back({a});
  if (w.held.size != 0 && m_.spins().any_held()) m_.spins().end_in_rounds();
  if (!w.root_ended) {
    Process& root = *w.processes[0];
    o.verdict = Verdict::deadlock;
    o.process = m_.recorder().label(root);
    o.site = guest_site(root.running ? root.running : root.L);
    o.reason = "deadlock: " + o.process + " can never go on, and nothing else can happen";
    o.detail = m_.recorder().deadlock_story(root);
  } else {
    m_.properties().check_at_end();
  }
  outcome_ = std::move(o);
  add_waiting(w, blocked_);
  w.over = true;
}

}  // namespace lockstep::vm
