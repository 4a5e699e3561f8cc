// Finding a recorded decision among what may happen now.
#pragma once
#include "engine/choice.h"

namespace lockstep {

// The index of the recorded decision at this choice point, or Chooser::kStop: the actor is not
// there, or about to do something else than was recorded.
inline size_t find_decision(const ChoicePoint& point, const Decision& d) {
  if (point.data != (d.kind() == AltKind::data)) return Chooser::kStop;
  if (point.data)
    return d.actor == point.last && d.value() < point.count ? d.value() : Chooser::kStop;
  for (size_t i = 0; i < point.alternatives.size(); i++) {
    const Alternative& a = point.alternatives[i];
    if (a.actor == d.actor)
      return a.kind == d.kind() && static_cast<uint32_t>(a.op.kind) == d.value() ? i
                                                                                 : Chooser::kStop;
  }
  return Chooser::kStop;
}

}  // namespace lockstep
