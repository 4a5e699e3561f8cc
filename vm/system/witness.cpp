// What an execution did, for those who ask whether a proof is empty.
#include <vector>

#include "vm/recording/recorder.h"
#include "vm/system/actor_system.h"

namespace lockstep::vm {

void ActorSystem::witness(Evidence& e) const {
  const World& w = *world_;
  // One that was sleep-set blocked shows what was done, not what it would have ended with.
  const bool ended = scheduler_.outcome().verdict != Verdict::stopped;
  e.executions++;
  if (w.steps > e.longest) e.longest = w.steps;
  e.assertions += w.assertions;
  e.asserting += w.assertions != 0;
  bool drew = false, unread = false;
  static thread_local std::vector<char> ran;
  ran.assign(w.processes.size, 0);
  for (const Decision& d : decisions())
    if (d.kind() == AltKind::step) ran[w.actors[d.actor].process] = 1;
  for (const Process* p : w.processes) {
    const auto [it, fresh] = e.processes.try_emplace(p->key);
    if (fresh) it->second.name = recorder().label(*p);
    it->second.ran |= ran[p->index] != 0;
    drew |= p->seeded;
    for (const Message& m : p->mailbox) {
      if (!ended) break;
      const Process* from = m.from == kNone ? nullptr : w.processes[m.from];
      Evidence::Unread& path = e.paths[mix64(p->key, from ? from->key : 0)];
      if (path.path.empty())
        path.path = (from ? recorder().label(*from) : "timer") + " -> " + recorder().label(*p);
      path.messages++;
      path.executions += path.last != e.executions;
      path.last = e.executions;
      unread = true;
    }
  }
  e.drew += drew;
  e.unread += unread;
}

}  // namespace lockstep::vm
