// Assertions that cost too much for the hot path: with `--check`, and in builds that are not for
// users.
#include "vm/system/checks.h"

#include <fmt/format.h>

#include "engine/relation/invariants.h"
#include "vm/machine/history_log.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {

namespace {

// Invariants 1 and 2 of machine.h: whoever is parked and can go is among the alternatives, and
// nobody else.
void check_alternatives(const World& w) {
  for (uint32_t i = 0; i < w.alternatives.size; i++) {
    const Alternative& a = w.alternatives[i];
    LOCKSTEP_ASSERT(w.position[a.actor] == i);
    LOCKSTEP_ASSERT(a.cause <= w.steps);
    if (a.kind == AltKind::step) {
      const Process& p = *w.processes[a.process];
      LOCKSTEP_ASSERT(p.actor == a.actor && p.status == Status::ready);
      LOCKSTEP_ASSERT(p.life != Life::ended);
    }
  }
  for (const Process* p : w.processes)
    LOCKSTEP_ASSERT(p->status != Status::ready || p->life == Life::ended || p->killed ||
                    p->spin.held || w.position[p->actor] != kNone);
}

// What mailboxes, channels, timers and locks hold is in order.
void check_queues(const World& w, const MachineOptions& options) {
  for (const Process* p : w.processes) {
    // Of who is in a receive: what is in the mailbox of one that was ended is gone.
    const bool receives = p->receiver && !p->killed && p->life != Life::ended;
    LOCKSTEP_ASSERT(!receives || p->looked <= p->mailbox.size);
    for (uint32_t i = 1; i < p->mailbox.size; i++)
      LOCKSTEP_ASSERT(p->mailbox[i - 1].sent_at <= p->mailbox[i].sent_at);
  }
  for (const Channel& c : w.channels) {
    LOCKSTEP_ASSERT(c.queue->head <= c.queue->signals.size);
    LOCKSTEP_ASSERT(w.actors[c.actor].kind == AltKind::deliver);
  }
  for (uint32_t i = 0; i < w.timers.size; i++) {
    const Timer& t = w.timers[i];
    LOCKSTEP_ASSERT(t.started_at <= w.steps &&
                    (i == 0 || w.timers[i - 1].started_at <= t.started_at));
    LOCKSTEP_ASSERT(options.racy_timers() || t.due >= w.now);
  }
  for (const uint32_t index : w.takers) {
    const Process& taker = *w.processes[index];  // it may have been killed there
    LOCKSTEP_ASSERT(taker.killed || taker.wait == Wait::lock);
    LOCKSTEP_ASSERT(taker.awaited < w.atomics.size);
  }
}

}  // namespace

Checks::Checks(Machine& m, const System& system) : MachinePart(m), system_(system) {}
Checks::~Checks() = default;

void Checks::begin() {
  bool check = options_.check;
#ifndef NDEBUG
  constexpr uint64_t kUnasked = 8;
  check = check || m_.scheduler().execution() % kUnasked == 0;
#endif
  m_.scheduler().check(check);
  if (!check) invariants_.reset();
  if (check && !invariants_) invariants_ = std::make_unique<InvariantCheck>();
  if (invariants_) invariants_->forget();
}

void Checks::took(const Alternative& a) {
  if (invariants_) invariants_->took(a);
}

// Before the chooser is asked: footprints are those that would be made now, whatever has happened
// since they were made (watched.h), and the relation keeps what it promises.
void Checks::before_choice(const std::function<void()>& renew) {
  World& w = *world_;
  const std::span<const Alternative> alternatives{w.alternatives.data, w.alternatives.size};
  const std::vector<Kept> kept(alternatives.begin(), alternatives.end());
  for (const Readers of : {Readers::signals, Readers::ends, Readers::targets}) m_.note_stale(of);
  renew();
  for (const Kept& was : kept) {
    const Alternative& now = w.alternatives[w.position[was.of.actor]];
    if (same_footprints(was.alternative(), now)) continue;
    const std::string text =
        fmt::format("a footprint was stale: {}, not {}", footprint_text(was.alternative(), system_),
                    footprint_text(now, system_));
    internal_error(__FILE__, __LINE__, text.c_str());
  }
  check_alternatives(w);
  check_queues(w, options_);
  for (const EtsTable* t : w.tables) assert_rows(*t);
  for (const HistoryLog* log : w.histories) assert_log(w, *log);
  invariants_->before_choice(alternatives, system_);
}

}  // namespace lockstep::vm
