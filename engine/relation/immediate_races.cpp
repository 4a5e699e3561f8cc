#include "engine/relation/immediate_races.h"

#include <algorithm>
#include <set>

#include "engine/relation/dependence.h"
#include "engine/relation/slice.h"

namespace lockstep {
namespace {

bool in_conflict(const Event& a, const Event& b) { return conflicting(a.footprint, b.footprint); }

// Could `b` have come without `a`? A poll that found a message could have found none.
bool independent(const Event& a, const Event& b) {
  if (std::find(b.causes.begin(), b.causes.end(), a.step) == b.causes.end()) return true;
  return std::any_of(b.footprint.begin(), b.footprint.end(), [&](const Footprint& f) {
    return f.access == Access::poll &&
           std::any_of(a.footprint.begin(), a.footprint.end(), [&](const Footprint& g) {
             return g.access == Access::append && overlap(f.object, g.object);
           });
  });
}

// Two timers of one time, both there when the first one fired: whatever that led to.
bool together(const Event& a, const Event& b) {
  return a.at_quiescence == b.at_quiescence && (b.causes.empty() || b.causes.back() < a.step);
}

using Past = std::vector<std::vector<bool>>;

// A release without which `b`, which takes a lock, could not be.
bool only_frees(const Event& a, const Event& b) {
  return a.actor != b.actor && a.op == b.op && in_conflict(a, b) &&
         std::find(b.causes.begin(), b.causes.end(), a.step) != b.causes.end();
}

// Taking a lock races with the take before it: the release between lies on a path from one to the
// other, but who took the lock first decided that too.
void race_of_takes(std::span<const Event> events, uint32_t b, const std::vector<uint32_t>& before,
                   const Past& past, std::vector<Race>* races) {
  uint32_t a = b;
  while (a-- > 0)
    if (events[a].acquires && in_conflict(events[a], events[b])) break;
  if (a > b || events[a].actor == events[b].actor) return;
  const bool ordered = std::any_of(before.begin(), before.end(), [&](uint32_t c) {
    // With nothing between them they are a race already.
    return c == a || (past[c][a] && !only_frees(events[c], events[b]));
  });
  if (!ordered) races->push_back({a, b});
}

// What conflicts with all is ordered with all, so hardly anything is next to it. It may come before
// the latest step of each other actor, or after the next one, if nothing else orders the two.
void races_with_all(std::span<const Event> events, const Past& past, std::vector<Race>* races) {
  for (uint32_t g = 0; g < events.size(); g++) {
    if (!conflicts_with_all(events[g])) continue;
    std::set<ActorId> seen{events[g].actor};
    for (uint32_t a = g; a-- > 0;)
      if (seen.insert(events[a].actor).second && !past[g][a] && events[a].step != events[g].step)
        races->push_back({a, g});
    seen = {events[g].actor};
    for (uint32_t b = g + 1; b < events.size(); b++)
      if (seen.insert(events[b].actor).second && !past[b][g] && events[b].step != events[g].step)
        races->push_back({g, b});
  }
}

}  // namespace

std::vector<Race> immediate_races(std::span<const Event> events) {
  std::vector<Race> races;
  const size_t n = events.size();
  if (n > kMostRaceEvents) return races;
  const auto before = happens_before(events, false);
  Past past(n, std::vector<bool>(n));
  for (uint32_t b = 0; b < n; b++)
    for (const uint32_t a : before[b]) {
      past[b][a] = true;
      for (uint32_t k = 0; k < a; k++)
        if (past[a][k]) past[b][k] = true;
    }
  for (uint32_t b = static_cast<uint32_t>(n); b-- > 0;) {
    if (events[b].at_quiescence) {
      for (uint32_t a = 0; a < b; a++)
        if (together(events[a], events[b]) && in_conflict(events[a], events[b]))
          races.push_back({a, b});
      continue;
    }
    for (const uint32_t a : before[b]) {
      if (events[a].actor == events[b].actor || events[a].step == events[b].step) continue;
      if (!in_conflict(events[a], events[b])) continue;
      if (!independent(events[a], events[b])) continue;
      const bool ordered = std::any_of(before[b].begin(), before[b].end(),
                                       [&](uint32_t c) { return c != a && past[c][a]; });
      if (!ordered) races.push_back({a, b});
    }
    if (events[b].acquires) race_of_takes(events, b, before[b], past, &races);
  }
  races_with_all(events, past, &races);
  std::stable_sort(races.begin(), races.end(),
                   [](const Race& x, const Race& y) { return x.second > y.second; });
  return races;
}

}  // namespace lockstep
