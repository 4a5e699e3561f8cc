// The state as a proof compares it: two states with one digest can go on in the same ways.
//
// A process is deterministic, so where it stands and what its variables hold is a function of what
// it started from and of what its operations told it: `Process::seen` is a digest of these, and no
// heap need be looked at. (algorithm: state caching by observation hashes; ours, 2026.) To it come
// the contents of all that is shared: mailboxes, signals under way, timers, names, tables, arrays,
// nodes, the clock.
//
// 1. A process learns only by the results of its operations, by their errors, by lockstep.choose
// and by lockstep.now. An operation that ends otherwise makes its process differ from itself in
// every other schedule: nothing is lost but time.
// 2. What hangs on how a state was reached (step numbers, causes, texts for people) is left out.
// 3. Numbers given in the order of creation are part of the state, since guests hold them.
#include <vector>

#include "engine/base/digest.h"
#include "vm/guest/spin.h"
#include "vm/machine/clocks.h"
#include "vm/machine/history_log.h"
#include "vm/process/timers.h"
#include "vm/system/actor_system.h"
#include "vm/tables/atomics.h"
#include "vm/tables/ets.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

class Sum {
 public:
  explicit Sum(uint64_t from = 0x7374617465) : h_(from) {}
  template <class... Numbers>
  void add(Numbers... numbers) {
    ((h_ = mix64(h_, static_cast<uint64_t>(numbers))), ...);
  }
  void add(const Term& t) { h_ = mix64(h_, t.tag == Tag::nil ? 0 : digest(t)); }
  uint64_t value() const { return h_; }

 private:
  uint64_t h_;
};

void add_process(Sum& sum, const Process& p) {
  sum.add(p.pid, p.key, p.status, p.life.get());
  for (const TimerTarget& t : p.timer_targets) sum.add(t.ref, t.process);
  if (p.life == Life::ended) return;
  sum.add(p.seen, p.wait, p.refs, p.timers_made, p.histories.open, p.histories.unstamped,
          p.traps | p.leaving << 1 | p.killed << 2 | p.matcher_failed << 3 | p.doomed << 4 |
              p.expired << 5 | p.crashed << 6 | p.timed << 7 | p.performing << 8 | p.gives_up << 9);
  sum.add(p.name.get());
  sum.add(p.label);
  sum.add(p.exit_reason);
  if (p.crashed) sum.add(p.crash.text), sum.add(p.crash.site);
  sum.add(p.mailbox.size);
  for (const Message& m : p.mailbox) sum.add(m.payload), sum.add(m.down);
  sum.add(p.links.size(), p.late_links.size(), p.watches.size(), p.watchers.size(),
          p.aliases.size());
  for (const uint32_t q : p.links) sum.add(q);
  for (const uint32_t q : p.late_links) sum.add(q);
  for (const Watch& x : p.watches) sum.add(x.ref, x.target, x.fired), sum.add(x.object);
  for (const Watcher& x : p.watchers) sum.add(x.ref, x.process, x.late), sum.add(x.object);
  for (const Alias& x : p.aliases) sum.add(x.ref, x.mode);
}

void add_tables(Sum& sum, const World& w) {
  for (const EtsTable* t : w.tables) {
    sum.add(t->id, t->alive);
    if (!t->alive) continue;
    sum.add(t->owner, t->node, t->container, t->keypos, t->heir, t->type, t->protection, t->named);
    sum.add(t->name);
    sum.add(t->heir_data);
    sum.add(t->rows.size, t->fixes.size(), t->ghosts.size);
    for (const Row& row : t->rows) sum.add(digest_bytes(row.bytes, row.size));
    for (const EtsFix& fix : t->fixes) sum.add(fix.process, fix.count);
    for (const Term& ghost : t->ghosts) sum.add(ghost);
  }
}

// Of several senders' signals in one queue those commute that look at different things.
bool commute(const Signal& a, const Signal& b) {
  const auto ends = [](const Signal& s) {
    return s.kind == SignalKind::exit || s.kind == SignalKind::link_exit;
  };
  const auto tells = [](const Signal& s) {
    return s.kind == SignalKind::message || s.kind == SignalKind::down;
  };
  const auto links = [](const Signal& s) { return s.kind == SignalKind::link; };
  return a.from != b.from && !ends(a) && !ends(b) && !(tells(a) && tells(b)) &&
         !(links(a) && links(b));
}

// ... as a message, which tells the time of its sender.
bool enters_mailbox(const Signal& s) {
  return s.kind == SignalKind::message || s.kind == SignalKind::down ||
         s.kind == SignalKind::exit || s.kind == SignalKind::link_exit;
}

// The same for all orders that do not matter: of each pair that does not commute, which comes
// first. Of equal messages from different senders it does not matter either.
uint64_t queue_digest(const Channel& c, const Clocks& clocks) {
  uint64_t pairs = 0, senders = 0;
  static thread_local std::vector<uint64_t> names;
  names.clear();
  for (const Signal& s : c) {
    Sum one;
    const bool plain = s.kind == SignalKind::message && s.ref == 0 && s.name.tag == Tag::nil;
    if (enters_mailbox(s))
      one.add(clocks.told_by({s.payload, s.from, 0, s.sent_at}));
    else
      one.add(s.payload);
    if (plain) senders += mix64(one.value(), s.from);
    one.add(s.kind, plain ? 0 : s.from, s.ref);
    one.add(s.name);
    uint64_t before = 0;
    for (size_t k = 0; k < names.size(); k++)
      if (!commute(c.begin()[k], s)) before += names[k];
    one.add(before);
    names.push_back(one.value());
    pairs += one.value();
  }
  Sum sum;
  sum.add(c.from, c.to, c.node, pairs, senders);
  return sum.value();
}

void add_network(Sum& sum, const World& w) {
  for (const Node& n : w.nodes) sum.add(n.incarnation, n.up);
  for (const Connection& c : w.connections)
    sum.add(c.a, c.b, c.ab, c.ba, c.connected, c.generation);
  // Who watches and what may crash; messages may be lost or doubled wherever some are.
  uint64_t watches = 0, crashes = 0;
  for (const NodeWatch& x : w.node_watches) watches += mix64(x.process, x.node);
  for (const Fault& f : w.faults)
    if (f.kind >= FaultKind::crash_process)
      crashes += mix64(static_cast<uint64_t>(f.kind), f.target);
  sum.add(watches, crashes);
  for (const uint32_t left : w.fault_budget) sum.add(left);
  sum.add(w.net_ticktime);
}

}  // namespace

uint64_t ActorSystem::state() const {
  const World& w = *world_;
  // What is owed, and for how long, hangs on the way.
  for (const Property& p : w.properties)
    if (p.kind != PropertyKind::invariant) return 0;
  Sum sum;
  static thread_local Bytes kept;  // by a predicate, in variables of its own
  for (const Property& p : w.properties) {
    kept.clear();
    if (encode(w.observer, p.function, kept)) return 0;
    sum.add(digest_bytes(kept.data(), kept.size()));
  }
  sum.add(w.now, w.root_ended, w.properties.size, w.processes.size, w.tables.size, w.atomics.size,
          w.names.size(), w.persistent.size, w.histories.size);
  for (Process* p : w.processes) {
    add_process(sum, *p);
    if (options_.racy_timers() && p->life != Life::ended) {
      sum.add(p->clock);
      for (const Message& m : p->mailbox) sum.add(clocks().time_at(m.from, m.left_at));
    }
    if (!scheduler_.fair_spins()) continue;
    sum.add(p->spin.held, p->spin.points.size, p->spin.reads.size);
    spins().outdated(*p);
    for (const SpinRead& r : p->spin.reads) sum.add(r.stale);
  }
  // Which timer was started first does not matter, nor which channel was used first.
  uint64_t timers = 0, channels = 0;
  for (const Timer& t : w.timers) {
    Sum one;
    one.add(t.due, t.owner, t.kind, t.ref);
    if (options_.racy_timers())
      this->timers().each_awaited(t, [&](const Timer& u) { one.add(u.ref); });
    one.add(t.dest);
    one.add(t.payload);
    timers += one.value();
  }
  for (const Channel& c : w.channels)
    if (!c.empty()) channels += queue_digest(c, clocks());
  sum.add(timers, channels);
  for (const Name& n : w.names) sum.add(n.process, n.node), sum.add(n.name);
  add_tables(sum, w);
  for (const AtomicsArray* a : w.atomics)
    sum.add(a->id, digest_bytes(a->values, a->size * sizeof(int64_t)));
  sum.add(persistent_term_digest(*this));
  if (w.nodes.size || w.faults.size) add_network(sum, w);
  if (w.histories.size) sum.add(history_digest(*this));
  for (const HistoryLog* log : w.histories)
    for (const HistoryRecord& r : log->records) sum.add(r.now, r.opened_by);
  return sum.value() ? sum.value() : 1;
}

}  // namespace lockstep::vm
