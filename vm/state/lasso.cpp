// A lasso: the same state twice while something is owed all the time, with every actor that could
// have gone all the time having gone. What happened between the two can go on for ever under a fair
// schedule, so what is owed never comes. "Fair Stateless Model Checking" (2008) calls it a
// livelock; the way to see it by repeated states is that of explicit-state model checkers.
//
// A state is remembered now and then (after 16 steps, 32, 64, ...: Brent's way of finding cycles),
// and compared with the present one wherever that looks alike at a glance. Equal means: where each
// process stands, all its variables, its mailbox, dictionary, links and monitors; timers by the
// time that is left; signals on their way; all shared state; what predicates keep in variables of
// their own. References are numbered in the order in which they are met, so a loop of calls repeats
// although each makes new ones, until somebody asks for the text of one. The time counts only once
// somebody has asked for it, or for a timer at a time of the clock.
//
// Where a process stands inside a C function other than pcall, holds a coroutine or a table that
// contains itself, nothing is said and the bound decides.
#include <algorithm>
#include <cstring>

#include "vm/guest/state_digest.h"
#include "vm/machine/clocks.h"
#include "vm/state/properties.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {

uint64_t Properties::observable_state() {
  const World& w = *world_;
  if (w.histories_used) return 0;  // they grow
  StateDigest d(host_, L_, w);
  for (const Process* p : w.processes) {
    if (p->life == Life::ended) continue;
    d.number(p->key);
    d.number(static_cast<uint64_t>(p->status) << 16 | static_cast<uint64_t>(p->wait) << 8 |
             static_cast<uint64_t>(p->life.get()) << 24 | static_cast<uint64_t>(p->traps) << 7 |
             static_cast<uint64_t>(p->killed) << 6 | static_cast<uint64_t>(p->leaving) << 5 |
             static_cast<uint64_t>(p->doomed) << 4 | static_cast<uint64_t>(p->expired) << 3 |
             static_cast<uint64_t>(p->gives_up) << 32 | static_cast<uint64_t>(p->timed) << 2 |
             static_cast<uint64_t>(p->spin.held) << 1);
    d.term(p->name);
    d.term(p->exit_reason);
    d.term(p->pattern);
    d.number(p->mailbox.size);
    for (const Message& m : p->mailbox) {
      d.term(m.payload);
      d.number(m.down);
      if (!options_.racy_timers()) continue;
      const uint64_t known = m_.clocks().time_at(m.from, m.left_at);
      d.number(known > p->clock ? known - p->clock : 0);
    }
    for (const uint32_t q : p->links) d.number(q);
    for (const uint32_t q : p->late_links) d.number(q);
    for (const Watch& x : p->watches)
      d.ref(x.ref), d.number(x.target), d.term(x.object), d.term(x.tag);
    for (const Watcher& x : p->watchers)
      d.ref(x.ref), d.number(x.process), d.number(x.late), d.term(x.tag);
    for (const Alias& x : p->aliases) d.ref(x.ref), d.number(static_cast<uint64_t>(x.mode));
    d.own(*p);
    if (!d.known()) return 0;
  }
  if (w.clock_read) d.number(w.now);
  for (const Timer& t : w.timers) {
    d.number(t.due - m_.clocks().time_of(*w.processes[t.owner]));
    d.number(static_cast<uint64_t>(t.kind) << 32 | t.owner);
    if (t.kind == TimerKind::message) d.ref(t.ref);
    d.term(t.dest);
    d.term(t.payload);
  }
  for (const Channel& c : w.channels)
    for (const Signal& s : c) {
      d.number(static_cast<uint64_t>(c.to) << 8 | static_cast<uint64_t>(s.kind));
      d.number(s.from);
      d.ref(s.ref);
      d.term(s.payload);
    }
  for (const Node& n : w.nodes) d.number(static_cast<uint64_t>(n.incarnation) << 1 | n.up);
  for (const Connection& c : w.connections)
    d.number(static_cast<uint64_t>(c.ab) << 16 | static_cast<uint64_t>(c.ba) << 8 | c.connected);
  for (const NodeWatch& x : w.node_watches) d.number(x.process), d.number(x.node);
  d.number(w.net_ticktime);
  for (const uint32_t left : w.fault_budget) d.number(left);
  for (const Property& p : w.properties) {
    d.number(static_cast<uint64_t>(p.heat));
    if (p.kind == PropertyKind::temporal) continue;
    lua_pushvalue(w.observer, p.function);
    d.top(w.observer);  // what it keeps in variables of its own
  }
  if (!d.known()) return 0;
  d.number(shared_state_digest(m_));
  return d.value();
}

void Properties::look_for_lasso() {
  World& w = *world_;
  Anchor& anchor = w.anchor;
  if (w.steps == 0) return;
  const Decision last = m_.scheduler().decisions()[w.steps - 1];
  uint64_t state = 0;
  if (m_.recording()) {
    if (!trail_) trail_ = std::make_unique<Trail>();
    if (trail_->steps.empty() || trail_->steps.back().step != w.steps) {
      state = observable_state();
      auto& step = trail_->steps.emplace_back(Trail::Step{w.steps, state, w.last, {}});
      for (const Alternative& a : w.alternatives)
        if (a.kind != AltKind::fault) step.enabled.push_back(a.actor);
    }
  }
  if (anchor.step != 0 && w.steps > anchor.step) {
    for (uint32_t i = 0; i < anchor.owed.size;)
      if (anchor.owed[i] == w.last || !m_.scheduler().enabled(anchor.owed[i]))
        m_.erase(anchor.owed, i);
      else
        i++;
    const Property* hot = nullptr;
    for (const Property& p : w.properties)
      if (p.heat == Heat::hot && p.hot_since <= anchor.step) hot = &p;
    if (hot && anchor.owed.size == 0 && last == anchor.decision &&
        w.alternatives.size == anchor.alternatives) {
      if (!state) state = observable_state();
      if (state != 0 && state == anchor.state)
        fail(Verdict::liveness, *hot, "livelock",
             owed(*hot) +
                 " and never will change: the state repeats, and whoever could have run "
                 "has run",
             stem_and_loop());
    }
  }
  const uint32_t hot_steps = w.steps + 1 - w.hot_from;
  if (hot_steps < w.next_anchor) return;
  w.next_anchor = hot_steps * 2;
  anchor.state = state ? state : observable_state();
  anchor.step = w.steps;
  anchor.decision = last;
  anchor.alternatives = w.alternatives.size;
  anchor.owed.size = 0;
  for (const Alternative& a : w.alternatives)
    if (a.kind != AltKind::fault) m_.push(anchor.owed, a.actor);
}

// The first state that comes again after a fair piece of the execution, by the trail.
std::string Properties::stem_and_loop() {
  if (!trail_) return {};
  const auto& steps = trail_->steps;
  for (size_t j = 1; j < steps.size(); j++)
    for (size_t i = j; i-- > 0;) {
      if (steps[i].state == 0 || steps[i].state != steps[j].state) continue;
      std::vector<ActorId> owed = steps[i].enabled;
      for (size_t k = i + 1; k <= j; k++)
        std::erase_if(owed, [&](ActorId a) {
          return a == steps[k].actor || std::find(steps[k].enabled.begin(), steps[k].enabled.end(),
                                                  a) == steps[k].enabled.end();
        });
      if (!owed.empty()) continue;
      size_t k = 0;  // the same state may have been there before: then what lies between is no
                     // part of the way
      while (steps[k].state != steps[i].state) k++;
      return "stem: steps 1 to " + std::to_string(steps[k].step) + "\nloop: steps " +
             std::to_string(steps[i].step + 1) + " to " + std::to_string(steps[j].step) +
             ", which lead back to the state that the stem leads to";
    }
  return {};
}

}  // namespace lockstep::vm
