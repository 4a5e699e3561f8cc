// The System side of the machine: run, and the choice itself.
#include "vm/machine/machine.h"

#include <algorithm>
#include <utility>

#include "engine/relation/invariants.h"
#include "vm/history/history_log.h"
#include "vm/loading/frozen.h"
#include "vm/machine/fault.h"
#include "vm/machine/watchdog.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/cluster.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {
thread_local Machine* t_machine = nullptr;
struct EndOnMain {};  // the execution ended while the thread's own stack was performing a delivery
}  // namespace

Machine* current_machine() { return t_machine; }

Machine* Machine::take_thread(Machine* m) {
  watch_this_thread();
  catch_faults_on_this_thread();
  return std::exchange(t_machine, m);
}

void out_of_memory() {
  Machine* m = t_machine;
  LOCKSTEP_ASSERT(m != nullptr && m->running_);
  m->watchdog().leave_alone();
  const Process* p = m->guest_process();
  Outcome o;
  o.verdict = Verdict::memory_bound;
  const size_t most = std::min<size_t>(m->options_.limits.max_memory, m->arena_.heap_bytes());
  o.reason = "more than " + std::to_string(most >> 20) + " MiB of guest memory";
  if (p) {
    o.process = m->recorder().label(*p);
    if (lua_State* L = m->guest()) o.site = guest_site(L);
    o.reason += " (" + o.process + ")";
  }
  // Reports are built outside the arena, so this needs none of the memory that has run out.
  m->finish(std::move(o));
}

const Outcome& Machine::run(Chooser& chooser) {
  spins().forget_again();
  run_once(chooser);
  while (spins().again()) run_again(chooser);
  return outcome_;
}

void Machine::run_once(Chooser& chooser) {
  take_thread(this);
#ifndef NDEBUG
  constexpr uint64_t kUnasked = 8;
  if (!options_.check) invariants_.reset();
  if (runs_ % kUnasked == 0 && !invariants_) invariants_ = std::make_unique<InvariantCheck>();
#endif
  if (invariants_) invariants_->forget();
  chooser_ = &chooser;
  at_rest_ = chooser.at_rest();
  slow_ = (slow_ & ~static_cast<uint32_t>(kSlowSites | kSlowWatch | kSlowPeek | kSlowMatcher |
                                          kSlowTrack)) |
          (chooser.sites() ? kSlowSites : 0u) | (chooser.states() ? kSlowTrack : 0u) |
          (world_->properties.size ? kSlowWatch : 0u);
  slow_ =
      (slow_ & ~static_cast<uint32_t>(kSlowHistory)) | (world_->histories_used ? kSlowHistory : 0u);
  fair_spins_ = may_go_round_ && (chooser.fair_spins() || options_.fair_spins);
  outcome_ = {};
  spins().begin();
  mailboxes().begin();
  properties().begin();
  watchdog().begin();
  frozen().begin();
  checking_ = false;
  blocked_.clear();
  timers().begin();
  if (!main_.bottom) main_ = thread_context();
  running_ = true;
  runs_++;
  World& w = *world_;
  w.over = false;
  set_alarm(std::min(options_.limits.max_steps, Chooser::kLate));
  on_main_ = true;
  try {
    if (w.processes.empty()) processes().create_root();
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
  recorder().close_event();
  if (sink_ && !recorder().printed().empty()) {
    if (!outcome_.detail.empty() && outcome_.detail.back() != '\n') outcome_.detail += '\n';
    outcome_.detail += "printed:\n" + recorder().printed();
  }
  if (sink_) {
    const Renamings names = recorder().renamings();
    for (std::string* text : {&outcome_.reason, &outcome_.detail, &outcome_.process})
      rename(*text, names);
    sink_->on_names(names);
  }
  if ((outcome_.verdict != Verdict::stopped || spins().given_up()) &&
      outcome_.verdict != Verdict::suspect && !(slow_ & kSlowHunt)) {
    check_frozen();
    light_ = outcome_.verdict != Verdict::misuse && changed_little();
  } else if (outcome_.verdict == Verdict::stopped) {
    light_ = changed_little() && frozen().changed() == kNone;
  }
}

void Machine::to_process(Context& from, Process& q) {
  if (&from == &main_) {
    on_main_ = false;
    switch_stack(main_, q.context);
    on_main_ = true;
  } else {
    switch_stack(from, q.context);
  }
}

void aside_entry() {
  entered();
  Machine* m = current_machine();
  m->aside_what_(m->aside_argument_);
  Context nowhere;
  switch_stack(nowhere, *m->aside_from_);
  __builtin_unreachable();
}

void Machine::aside(void (*what)(void*), void* argument) {
  aside_what_ = what;
  aside_argument_ = argument;
  const Context there = make_context(arena_.stack_top(Arena::Own::aside), kStackBytes, aside_entry);
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
  if (world_->over && !file_level_) throw EndOnMain{};
}

lua_State* Machine::guest() const {
  if (file_level_) return file_level_;
  if (properties().asked()) return world_->observer;
  if (mailboxes().looking()) return mailboxes().looking()->receiver;
  const Process* p = world_->current;
  return !p ? nullptr : p->running ? p->running : p->L;
}

const Process* Machine::guest_process() const {
  return properties().asked()    ? world_->processes[properties().asked()->process]
         : mailboxes().looking() ? mailboxes().looking()
                                 : world_->current;
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

void Machine::finish(Outcome outcome) {
  outcome_ = std::move(outcome);
  add_waiting(*world_, blocked_);
  world_->over = true;
  if (on_main_) throw EndOnMain{};
  Context nowhere;
  switch_stack(nowhere, main_);
  __builtin_unreachable();
}

void Machine::fail(Verdict verdict, const Process& p, std::string reason, std::string site,
                   std::string object, std::string detail) {
  finish({verdict, std::move(reason), std::move(site), std::move(object), std::move(detail),
          recorder().label(p)});
}

lua_State* Machine::new_thread(uint32_t slot) {
  lua_State* thread = lua_newthread(L_);
  lua_rawgeti(L_, LUA_REGISTRYINDEX, threads_ref_);
  lua_pushvalue(L_, -2);
  lua_rawseti(L_, -2, slot);
  lua_pop(L_, 2);
  return thread;
}

void Machine::forget_thread(uint32_t slot) {
  lua_rawgeti(L_, LUA_REGISTRYINDEX, threads_ref_);
  lua_pushnil(L_);
  lua_rawseti(L_, -2, slot);
  lua_pop(L_, 1);
}

void Machine::start(Process& p) {
  Context& from = here();
  p.starter = &from;
  world_->current = &p;
  to_process(from, p);
}

void Machine::leave_stack() {
  Context nowhere;
  if (at_rest_) {
    switch_stack(nowhere, main_);
    __builtin_unreachable();
  }
  Process* q = pick(nullptr);
  LOCKSTEP_ASSERT(q != nullptr);
  world_->current = q;
  switch_stack(nowhere, q->context);
  __builtin_unreachable();
}

// ---- the choice ----

void Machine::park(Process& p) {
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

Process* Machine::pick(Process* on) {
  World& w = *world_;
  for (;;) {
    if (__builtin_expect(w.stale != 0, 0)) footprints().renew();
    if (__builtin_expect((slow_ & kSlowWatch) != 0, 0)) properties().after_step();
    if (__builtin_expect(w.alternatives.size == 0 || w.faults.size != 0 || w.timers_due != 0 ||
                             (options_.racy_timers() && w.timers.size != 0),
                         0)) {
      if (w.faults.size != 0) cluster().offer_faults();  // what a fault was for may be gone since
      if (!timers().refresh()) {
        decide_end();
        if (on_main_) return nullptr;
        Context nowhere;
        switch_stack(nowhere, main_);
        __builtin_unreachable();
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
    if (__builtin_expect(fair_spins_, 0)) spins().note_footprint(a);
    if (__builtin_expect(w.steps >= decisions_.size(), 0))
      decisions_.resize(decisions_.size() * 2 + 1024);
    decisions_[w.steps++] = Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind));
    w.last = a.actor;
    w.yielded = false;
    if (__builtin_expect(a.kind == AltKind::step, 1)) {
      Process* q = w.processes[a.process];
      if (__builtin_expect(slow_ & kSlowRecord, 0)) recorder().open_event(q, a, n);
      return q;
    }
    if (slow_ & kSlowRecord) recorder().open_event(nullptr, a, n);
    perform(Alternative(a));
    if (slow_ & kSlowRecord) recorder().close_event();
    if (on && on->doomed) {
      on->doomed = false;
      w.current = on;
      processes().die(*on);
    }
  }
}

void Machine::perform(const Alternative& a) {
  World& w = *world_;
  switch (a.kind) {
    case AltKind::timer:
      if (a.actor == w.clock) return timers().pass_time();
      for (uint32_t i = 0; i < w.timers.size; i++)
        if (w.timers[i].actor == a.actor) {
          timers().fire(i);
          return;
        }
      break;
    case AltKind::deliver:
      for (Channel& c : w.channels)
        if (c.actor == a.actor) {
          signals().handle_head(c);
          return;
        }
      break;
    case AltKind::fault:
      if (cluster().perform_fault(a.actor)) return;
      break;
    default:
      break;
  }
  LOCKSTEP_ASSERT(!"an alternative that nothing stands behind");
}

// The watchdog may want it earlier, at any moment: what it has set stands.
void Machine::set_alarm(uint32_t steps) {
  alarm_.store(steps, std::memory_order_relaxed);
  if (watchdog().cut()) alarm_.store(0, std::memory_order_relaxed);
}

// Many steps have passed: too many, or enough to look at who has stood still.
void Machine::late() {
  if (watchdog().cut()) stop(Verdict::stopped);
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

uint32_t Machine::choose_data(Process& p, uint32_t count) {
  World& w = *world_;
  if (count <= 1) return 0;
  if (__builtin_expect((slow_ & kSlowPeek) != 0, 0)) properties().refuse_peek(p.L, "choose");
  if (__builtin_expect((slow_ & kSlowMatcher) != 0, 0)) refuse_in_matcher(p.L, "choose");
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
  observe(p, value);
  did_more_than_look(p);
  if (slow_ & kSlowRecord) recorder().data_event(p, count, value);
  return value;
}

bool Machine::next_input(Process& p) {
  const uint64_t key = mix64(p.key, 0x696e70757473 + p.inputs++);
  const auto& omitted = options_.omitted;
  if (!omitted.empty() && std::binary_search(omitted.begin(), omitted.end(), key)) return false;
  push(world_->inputs, key);
  return true;
}

void Machine::omit(std::span<const uint64_t> inputs) {
  options_.omitted.assign(inputs.begin(), inputs.end());
  std::sort(options_.omitted.begin(), options_.omitted.end());
}

ActorId Machine::make_actor(AltKind kind, uint32_t process, uint64_t key) {
  World& w = *world_;
  const ActorId id = w.actors.size;
  push(w.actors, Actor{kind, process, key});
  push(w.position, kNone);
  return id;
}

void Machine::enable(ActorId actor, AltKind kind, uint32_t process, const Operation& op,
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
  push(w.alternatives, a);
  push(w.woken, actor);
}

void Machine::disable(ActorId actor) {
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

void Machine::decide_end() {
  World& w = *world_;
  Outcome o;
  // A crash could still come, but none comes last.
  for (const Alternative& a : w.alternatives)
    if (a.kind == AltKind::fault) blocked_.push_back({a});
  if (w.held.size != 0 && spins().any_held()) spins().end_in_rounds();
  if (!w.root_ended) {
    Process& root = *w.processes[0];
    o.verdict = Verdict::deadlock;
    o.process = recorder().label(root);
    o.site = guest_site(root.running ? root.running : root.L);
    o.reason = "deadlock: " + o.process + " can never go on, and nothing else can happen";
    o.detail = recorder().deadlock_story(root);
  } else {
    properties().check_at_end();
  }
  outcome_ = std::move(o);
  add_waiting(w, blocked_);
  w.over = true;
}

// ---- what happened, against vacuous verdicts ----

void Machine::reach_goal(std::string_view name) {
  World& w = *world_;
  const auto next = static_cast<uint32_t>(goal_names_.size());
  const uint32_t goal = goal_numbers_.try_emplace(std::string(name), next).first->second;
  if (goal == next) goal_names_.emplace_back(name);
  while (w.goal_reached.size <= goal / 64) push(w.goal_reached, uint64_t{0});
  uint64_t& word = w.goal_reached[goal / 64];
  const uint64_t bit = uint64_t{1} << goal % 64;
  if (word & bit) return;
  word |= bit;
  push(w.goals, goal);
}

ExecutionFacts Machine::facts() const {
  const World& w = *world_;
  ExecutionFacts f;
  f.assertions = w.assertions;
  f.processes = w.processes.size;
  f.unread = w.unread;
  f.spun = w.spun;
  f.in_vain = spins().given_up();
  f.cut_short = root_left_others();
  f.fired_last = w.fired_last;
  for (const Process* p : w.processes) {
    f.ran += p->ran;
    f.unread += p->mailbox.size;
  }
  f.goals = {w.goals.data, w.goals.size};
  return f;
}

// Some process other than the root had something to do when the root's return ended the execution:
// a step of their own, or a signal on its way that would have woken them. An end that nobody hears
// of is nothing to do, and neither is the bookkeeping of links and monitors.
bool Machine::root_left_others() const {
  const World& w = *world_;
  if (options_.drain || outcome_.verdict != Verdict::passed || w.processes.empty()) return false;
  const auto only_ends = [](const Process& p) {
    const auto root = [](uint32_t process) { return process == 0; };
    return p.leaving && !p.crashed && std::all_of(p.links.begin(), p.links.end(), root) &&
           std::all_of(p.watchers.begin(), p.watchers.end(),
                       [&](const Watcher& x) { return root(x.process); });
  };
  const auto wakes = [](const Signal& s) {
    return s.kind == SignalKind::message || s.kind == SignalKind::exit ||
           s.kind == SignalKind::link_exit || s.kind == SignalKind::down;
  };
  return std::any_of(w.alternatives.begin(), w.alternatives.end(), [&](const Alternative& a) {
    if (a.kind == AltKind::step) return a.process != 0 && !only_ends(*w.processes[a.process]);
    if (a.kind != AltKind::deliver) return false;
    return std::any_of(w.channels.begin(), w.channels.end(), [&](const Channel& c) {
      return c.actor == a.actor && c.to != kNone && c.to != 0 &&
             w.processes[c.to]->life == Life::alive && std::any_of(c.begin(), c.end(), wakes);
    });
  });
}

uint64_t Machine::digest() const {
  const World& w = *world_;
  uint64_t h = mix64(w.now, w.processes.size);
  for (const Process* p : w.processes) {
    uint64_t x = mix64(p->key, p->observed);
    x = mix64(x,
              static_cast<uint64_t>(p->life == Life::ended) << 1 | static_cast<uint64_t>(p->traps));
    for (const Message& m : p->mailbox) x = mix64(x, vm::digest(m.payload));
    x = mix64(x, vm::digest(p->name));
    h += x;
  }
  for (const Timer& t : w.timers) h += mix64(t.due, mix64(vm::digest(t.payload), t.owner));
  for (const Channel& c : w.channels)
    for (const Signal& s : c)
      h += mix64(mix64(c.to, static_cast<uint64_t>(s.kind)), vm::digest(s.payload));
  if (w.histories.size) h = mix64(h, history_digest(*this));
  return mix64(h, shared_state_digest(*this));
}

uint64_t Machine::actor_key(ActorId actor) const {
  return actor < world_->actors.size ? world_->actors[actor].key : 0;
}

}  // namespace lockstep::vm
