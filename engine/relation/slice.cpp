#include "engine/relation/slice.h"

#include <algorithm>
#include <map>

#include "engine/relation/dependence.h"

namespace lockstep {
namespace {

struct Touch {
  uint32_t event;
  ActorId actor;
  Access access;
};

// The accesses of one object that a later one may have to come after. Of one actor and access only
// the last is kept: program order leads from it to the earlier ones.
class Touches {
 public:
  void conflicting_with(Access access, ActorId actor, bool arrivals,
                        std::vector<uint32_t>* out) const {
    for (const Touch& t : touches_) {
      if (t.actor == actor || !conflicting(t.access, access)) continue;
      if (!arrivals && t.access == Access::append && access == Access::append) continue;
      if (out) out->push_back(t.event);
    }
  }
  void add(const Touch& now) {
    // A write comes after all that was there, and whatever conflicts with one of those conflicts
    // with it.
    if (now.access == Access::write)
      touches_.clear();
    else
      std::erase_if(touches_,
                    [&](const Touch& t) { return t.actor == now.actor && t.access == now.access; });
    touches_.push_back(now);
  }

 private:
  std::vector<Touch> touches_;
};

class Objects {
 public:
  explicit Objects(bool arrivals) : arrivals_(arrivals) {}
  // Adds to `before`, if there is one, the events that this one has to come after.
  void touch(const Footprint& f, uint32_t event, ActorId actor, std::vector<uint32_t>* before) {
    if (f.object == 0 || f.access == Access::none) return;
    auto& elements = containers_[f.object >> 32];
    const uint32_t element = object_element(f.object);
    if (element == 0) {  // the whole container
      for (const auto& [id, touches] : elements)
        touches.conflicting_with(f.access, actor, arrivals_, before);
    } else {
      for (const uint32_t id : {0u, element})
        if (const auto it = elements.find(id); it != elements.end())
          it->second.conflicting_with(f.access, actor, arrivals_, before);
    }
    elements[element].add({event, actor, f.access});
  }

 private:
  const bool arrivals_;
  std::map<uint64_t, std::map<uint32_t, Touches>> containers_;
};

// Operations that give nothing back: what the process does next does not depend on them.
bool only_acts(const Event& e) {
  if (e.kind != AltKind::step || !e.result.empty()) return false;
  switch (e.op) {
    case OpKind::send:
    case OpKind::exit_signal:
    case OpKind::yield:
    case OpKind::sleep:
    case OpKind::history:
      return true;
    default:
      return false;
  }
}

// Did nothing come for somebody who waited for it?
bool found_nothing(const Event& e) {
  if (e.kind == AltKind::timer) return e.op == OpKind::timer_fire && e.args.empty();
  return e.op == OpKind::receive && e.result.starts_with("nil") &&
         std::any_of(e.footprint.begin(), e.footprint.end(),
                     [](const Footprint& f) { return f.access == Access::poll; });
}

// May it have kept something from coming: an end, a message that is lost, a node that is cut off?
bool may_prevent(const Event& e) {
  return e.kind == AltKind::fault || (e.kind == AltKind::step && e.op == OpKind::node) ||
         may_end(e);
}

struct Edges {
  std::vector<std::vector<uint32_t>> other;  // causes and conflicts
  std::vector<int64_t> program;              // the event before it in program order, or -1
};

// `arrivals`: whether the order in which messages entered one mailbox counts. For races it does;
// but no message depends on those that were there before it, so a slice that followed it would hold
// all that a mailbox ever got. `global`: whether what conflicts with all is ordered with all.
Edges edges_of(std::span<const Event> events, bool arrivals, bool global_conflicts) {
  Edges edges;
  edges.other.resize(events.size());
  edges.program.assign(events.size(), -1);
  std::map<uint32_t, uint32_t> at_step;     // step -> its last event so far
  std::map<ActorId, uint32_t> by_actor;     // actor -> its last event
  std::map<uint32_t, uint32_t> by_process;  // process -> its last event
  int64_t global = -1;                      // the last one that conflicts with all
  std::vector<uint32_t> preventers;
  Objects objects(arrivals);
  for (uint32_t i = 0; i < events.size(); i++) {
    const Event& e = events[i];
    auto& before = edges.other[i];
    if (const auto it = by_actor.find(e.actor); it != by_actor.end()) edges.program[i] = it->second;
    // A process may be ended by a step of another actor, a signal's or a timer's.
    if (const auto it = by_process.find(e.process); it != by_process.end() && e.op == OpKind::exit)
      edges.program[i] = std::max<int64_t>(edges.program[i], it->second);
    for (const uint32_t step : e.causes)
      if (const auto it = at_step.find(step); it != at_step.end()) before.push_back(it->second);
    // That nothing came rests on whatever may have prevented it.
    if (!arrivals && found_nothing(e))
      before.insert(before.end(), preventers.begin(), preventers.end());
    if (!arrivals && may_prevent(e)) preventers.push_back(i);
    if (global_conflicts && global >= 0) before.push_back(static_cast<uint32_t>(global));
    if (global_conflicts && conflicts_with_all(e)) {
      for (const auto& [actor, last] : by_actor) before.push_back(last);
      global = i;
    }
    for (const Footprint& f : e.footprint) {
      // What was told of a process rests on all that it had done. Else nothing that happened rests
      // on what stands for an order alone: that a signal might have ended a process, that time
      // passed.
      const bool rests = !is_order_alone(f.object) || (f.access == Access::add && asks(e));
      objects.touch(f, i, e.actor, arrivals || rests ? &before : nullptr);
    }
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    std::erase_if(before, [&](uint32_t b) { return b == edges.program[i] || b == i; });
    at_step[e.step] = i;
    by_actor[e.actor] = i;
    if (e.kind == AltKind::step || e.kind == AltKind::data || e.op == OpKind::exit)
      by_process[e.process] = i;
  }
  return edges;
}

}  // namespace

std::vector<std::vector<uint32_t>> happens_before(std::span<const Event> events, bool global) {
  Edges edges = edges_of(events, true, global);
  for (size_t i = 0; i < events.size(); i++) {
    if (edges.program[i] < 0) continue;
    auto& before = edges.other[i];
    const auto p = static_cast<uint32_t>(edges.program[i]);
    before.insert(std::lower_bound(before.begin(), before.end(), p), p);
  }
  return std::move(edges.other);
}

std::vector<uint32_t> causal_slice(std::span<const Event> events, uint32_t target) {
  if (target >= events.size()) return {};
  const Edges edges = edges_of(events, false, false);
  // Walked from the target downwards: an event is decided before those it leads to, since edges go
  // back.
  std::vector<bool> kept(target + 1), passed(target + 1);
  kept[target] = true;
  for (int64_t i = target; i >= 0; i--) {
    if (!kept[i] && !passed[i]) continue;
    if (kept[i])
      for (const uint32_t b : edges.other[i]) kept[b] = true;
    const int64_t p = edges.program[i];
    if (p < 0) continue;
    // Program order leads through what only acts without keeping it.
    (only_acts(events[p]) ? passed : kept)[p] = true;
  }
  std::vector<uint32_t> slice;
  for (uint32_t i = 0; i <= target; i++)
    if (kept[i]) slice.push_back(i);
  return slice;
}

}  // namespace lockstep
