// Assertions that cost too much for the hot path: with `--check`, and in builds that are not for
// users.
#include <fmt/format.h>

#include "engine/relation/invariants.h"
#include "vm/machine/machine.h"
#include "vm/signals/footprints.h"

namespace lockstep::vm {

// Before the chooser is asked: footprints are those that would be made now, whatever has happened
// since they were made (watched.h), and the relation keeps what it promises.
void Scheduler::check_choice() {
  World& w = *world_;
  const std::span<const Alternative> alternatives{w.alternatives.data, w.alternatives.size};
  const std::vector<Kept> kept(alternatives.begin(), alternatives.end());
  for (const Readers of : {Readers::signals, Readers::ends, Readers::targets}) m_.note_stale(of);
  m_.footprints().renew();
  for (const Kept& was : kept) {
    const Alternative& now = w.alternatives[w.position[was.of.actor]];
    if (same_footprints(was.alternative(), now)) continue;
    const std::string text =
        fmt::format("a footprint was stale: {}, not {}", footprint_text(was.alternative(), m_),
                    footprint_text(now, m_));
    internal_error(__FILE__, __LINE__, text.c_str());
  }
  invariants_->before_choice(alternatives, m_);
}

}  // namespace lockstep::vm
