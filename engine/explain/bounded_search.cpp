// Each set of deviations is reached exactly once: in the order of their moments, the last one is a
// deviation from the execution that the others give.
//
// Let E be such an execution, in which process p performs o at decision i, and let q be another
// that could have gone. To run q instead of o, and to run q right after o, come to the same class
// of executions if
//   - o wakes nobody and creates nobody, so that D has the same processes to choose among,
//   - o commutes with everything that runs from q on until p goes again, and
//   - nobody yields there: after a yield D goes round, and where it goes on depends on who went
//   last.
// The second condition is about the execution with q after o, which is tried first: moments are
// taken from the end.
#include "engine/explain/bounded_search.h"

#include <algorithm>
#include <map>

#include "engine/relation/dependence.h"

namespace lockstep {
namespace {

// True if performing it neither enables nor creates an actor, whatever its result.
bool wakes_nobody(const Executed& e) {
  if (e.kind != AltKind::step) return false;
  switch (e.op) {
    case OpKind::ets:
    case OpKind::atomics:
    case OpKind::persistent_term:
    case OpKind::alive:
    case OpKind::whereis:
    case OpKind::timer_read:
    case OpKind::process_info:
    case OpKind::history:
    case OpKind::user:
      return true;
    default:
      return false;
  }
}

// What ran between a deviation and the next step of the process that it held up.
class Window {
 public:
  Window() = default;
  // `executed` by the execution that deviates at `step` from process p.
  Window(const std::vector<Executed>& executed, uint32_t step, ActorId p) : usable_(true) {
    for (size_t i = step; i < executed.size() && executed[i].actor != p; i++) {
      usable_ &= executed[i].op != OpKind::yield;
      ran_.push_back(executed[i]);
    }
  }
  bool can_be_passed_by(const Executed& o) const {
    return usable_ && wakes_nobody(o) &&
           std::all_of(ran_.begin(), ran_.end(),
                       [&](const Executed& e) { return !conflicting(o.footprints, e.footprints); });
  }

 private:
  bool usable_ = false;
  std::vector<Executed> ran_;
};

class Search {
 public:
  explicit Search(ShrinkOracle& oracle) : oracle_(oracle) {}

  // All sets that extend `set`, whose branches are given, by exactly `more` deviations.
  BoundedSearch::Result extend(const std::vector<Deviation>& set, const Branches& base,
                               uint32_t more) {
    if (!base.complete) complete_ = false;
    struct Seen {
      uint32_t step;
      Window window;
    };
    std::map<std::pair<AltKind, uint64_t>, Seen>
        after;  // by `instead`: the latest deviation to it that was tried
    for (size_t n = base.untaken.size(); n-- > 0;) {
      const Untaken& u = base.untaken[n];
      const Executed& held_up = base.executed[u.step];
      const auto who = std::pair(u.deviation.kind, u.deviation.instead);
      const bool step = u.deviation.kind == AltKind::step;
      const auto seen = after.find(who);
      const bool same = step && seen != after.end() && seen->second.step == u.step + 1 &&
                        base.executed[u.step + 1].actor == held_up.actor &&
                        seen->second.window.can_be_passed_by(held_up);
      if (same && more == 1) {
        seen->second.step = u.step;  // its window is the same
        continue;
      }
      if (oracle_.spent()) return BoundedSearch::gave_up;
      std::vector<Deviation> child = set;
      child.push_back(u.deviation);
      if (more == 1 && oracle_.tried(child)) continue;
      Branches branches;
      if (oracle_.improves(child, &branches)) return BoundedSearch::improved;
      if (step)
        after.insert_or_assign(who, Seen{u.step, Window(branches.executed, u.step, held_up.actor)});
      if (more > 1)
        if (const auto r = extend(child, branches, more - 1); r != BoundedSearch::exhausted)
          return r;
    }
    return complete_ ? BoundedSearch::exhausted : BoundedSearch::gave_up;
  }

 private:
  ShrinkOracle& oracle_;
  bool complete_ = true;
};

}  // namespace

BoundedSearch::Result BoundedSearch::run(ShrinkOracle& oracle, uint32_t size) {
  Branches base;
  if (oracle.improves({}, &base)) return improved;
  for (uint32_t n = 1; n <= size; n++)
    if (const Result r = Search(oracle).extend({}, base, n); r != exhausted) return r;
  return oracle.spent() ? gave_up : exhausted;
}

}  // namespace lockstep
