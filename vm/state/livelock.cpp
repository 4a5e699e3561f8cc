// Livelocks: nothing can happen any more but that processes go round which only look (spin.h).
#include <algorithm>
#include <string>
#include <utility>

#include "vm/guest/spin.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/state/properties.h"

namespace lockstep::vm {

void Properties::end_in_rounds() {
  World& w = *world_;
  if (m_.spins().waits_in_vain()) m_.spins().give_up();
  if (w.root_ended) return;  // they wait for nobody, as a server does that nobody calls
  const auto site = [this](const Process& p) { return guest_site(p.running ? p.running : p.L); };
  std::string who, story;
  for (const Process* p : w.processes) {
    if (p->life == Life::ended) continue;
    story += m_.recorder().label(*p);
    if (!p->spin.held) {
      story += " waits at " + site(*p) + "\n";
      continue;
    }
    who += (who.empty() ? "" : ", ") + m_.recorder().label(*p);
    std::string objects;
    for (const SpinRead& r : p->spin.reads) {
      const std::string name = m_.object_name(r.what.object);
      if (objects.find(name) == std::string::npos) objects += (objects.empty() ? "" : ", ") + name;
    }
    story += " goes round at " + site(*p);
    story += objects.empty() ? "\n" : ", and looks at " + objects + "\n";
  }
  story += "nothing that they look at will change: all others wait, or have ended";
  for (const Property& p : w.properties)
    if (p.heat == Heat::hot)
      fail(Verdict::liveness, p, "livelock",
           owed(p) + " and never will change: " + who + " can only go round", story);
  const Process& first = w.processes[0]->spin.held
                             ? *w.processes[0]
                             : *w.processes[*std::min_element(w.held.begin(), w.held.end())];
  Outcome o;
  o.verdict = Verdict::liveness;
  o.reason = "livelock: " + who + " can only go round for ever, and nothing else can happen";
  o.site = site(first);
  o.object = "livelock";
  o.process = m_.recorder().label(first);
  o.detail = story;
  m_.scheduler().finish(std::move(o));
}

}  // namespace lockstep::vm
