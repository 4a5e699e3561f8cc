#include "engine/relation/races.h"

#include <algorithm>

#include "engine/relation/dependence.h"
#include "engine/relation/immediate_races.h"

namespace lockstep {
namespace {

bool reads(Access a) { return a == Access::read || a == Access::poll || a == Access::take; }
bool writes(Access a) { return a == Access::write || a == Access::add; }

bool holds_values(ObjectId object) {
  switch (object_class(object)) {
    case ObjectClass::ets:
    case ObjectClass::atomics:
    case ObjectClass::persistent_term:
    case ObjectClass::user:
      return true;
    default:
      return false;
  }
}

// What may tell others where to look: a value, or a name.
bool may_publish(ObjectId object) {
  return holds_values(object) || object_class(object) == ObjectClass::name ||
         object_class(object) == ObjectClass::ets_name;
}

// The first footprints with which two events conflict; false if they do not.
bool conflict(const Event& a, const Event& b, Footprint* of_a, Footprint* of_b) {
  for (const Footprint& f : a.footprint)
    for (const Footprint& g : b.footprint)
      if (conflicting(f, g)) {
        *of_a = f, *of_b = g;
        return true;
      }
  return false;
}

bool found_nothing(const Event& e) {
  return e.result == "nil" || e.result == "{}" || e.result == "false" || e.result == "true" ||
         e.result.empty();
}

// Does a message come into the mailbox by it?
bool brings(const Event& e, ObjectId mailbox) {
  if (e.kind == AltKind::timer && e.args.empty()) return false;  // the time is up
  return std::any_of(e.footprint.begin(), e.footprint.end(), [&](const Footprint& f) {
    return overlap(f.object, mailbox) && (f.access == Access::append || f.access == Access::write);
  });
}

// The events of one execution with the steps of each actor in order.
class Execution {
 public:
  explicit Execution(std::span<const Event> events) : events_(events), place_(events.size()) {
    for (uint32_t i = 0; i < events.size(); i++) {
      auto& own = own_[events[i].actor];
      place_[i] = static_cast<uint32_t>(own.size());
      own.push_back(i);
    }
  }

  RaceKind kind(uint32_t a, uint32_t b, const Footprint& fa, const Footprint& fb) const {
    switch (object_class(fa.object)) {
      case ObjectClass::name:
      case ObjectClass::ets_name:
        return RaceKind::name_race;
      case ObjectClass::process:
      case ObjectClass::monitor:
      case ObjectClass::steps:
        return RaceKind::exit_race;
      case ObjectClass::mailbox:
        return brings(events_[a], fa.object) && brings(events_[b], fb.object)
                   ? RaceKind::message_order
                   : RaceKind::timeout_race;
      default:
        break;
    }
    if (reads(fa.access) && writes(fb.access)) return read_against_write(a, b, fa);
    if (writes(fa.access) && reads(fb.access)) return read_against_write(b, a, fb);
    const RaceKind one = behind_a_read(a, fa), other = behind_a_read(b, fb);
    return std::min(one, other);
  }

 private:
  const std::vector<uint32_t>& own(uint32_t event) const { return own_.at(events_[event].actor); }

  // What the reader goes on to do decides.
  RaceKind read_against_write(uint32_t read, uint32_t write, const Footprint& fr) const {
    if (published_before(read, write)) return RaceKind::publish_before_init;
    const auto& steps = own(read);
    for (size_t i = place_[read] + 1; i < steps.size(); i++) {
      const Event& e = events_[steps[i]];
      for (const Footprint& f : e.footprint) {
        if (!writes(f.access) || !may_publish(f.object)) continue;
        if (!overlap(f.object, fr.object)) return RaceKind::check_then_act;
        if (f.access == Access::add || found_nothing(events_[read]))
          return RaceKind::check_then_act;
        return RaceKind::lost_update;
      }
      // It looked again: what it does now rests on that.
      for (const Footprint& f : e.footprint)
        if (reads(f.access) && overlap(f.object, fr.object)) return RaceKind::read_order;
    }
    return RaceKind::read_order;
  }

  // A write whose process read the same just before: the second half of an update.
  RaceKind behind_a_read(uint32_t write, const Footprint& fw) const {
    const auto& steps = own(write);
    for (size_t i = place_[write]; i-- > 0;) {
      const Event& e = events_[steps[i]];
      for (const Footprint& f : e.footprint) {
        if (!overlap(f.object, fw.object)) continue;
        if (!reads(f.access)) return RaceKind::write_order;
        return found_nothing(e) ? RaceKind::check_then_act : RaceKind::lost_update;
      }
    }
    return RaceKind::write_order;
  }

  // The writer wrote something else before, from which the reader had come to the read: told to
  // look, but what it looks at is written only later.
  bool published_before(uint32_t read, uint32_t write) const {
    const auto& by_writer = own(write);
    const auto& by_reader = own(read);
    for (size_t i = 0; i < place_[write]; i++) {
      const Event& publish = events_[by_writer[i]];
      if (publish.op == OpKind::exit) continue;
      for (const Footprint& p : publish.footprint) {
        if (!writes(p.access) || !may_publish(p.object)) continue;
        if (touches(events_[write], p.object)) continue;  // the same once more
        for (size_t k = place_[read]; k-- > 0;)
          for (const Footprint& r : events_[by_reader[k]].footprint)
            if (reads(r.access) && overlap(r.object, p.object) && by_reader[k] > by_writer[i])
              return true;
      }
    }
    return false;
  }

  static bool touches(const Event& e, ObjectId object) {
    return std::any_of(e.footprint.begin(), e.footprint.end(),
                       [&](const Footprint& f) { return overlap(f.object, object); });
  }

  std::span<const Event> events_;
  std::vector<uint32_t> place_;  // by event: its place among the steps of its actor
  std::map<ActorId, std::vector<uint32_t>> own_;
};

// Objects that are none of the guest's: the end of the root conflicts with everything, since it
// ends the execution; what invariants look at is marked so that they see each state.
bool is_ours(ObjectId object) {
  if (is_order_alone(object)) return object_class(object) != ObjectClass::steps;
  return object_class(object) == ObjectClass::user && object_container(object) >= 0xfffffd;
}

// Timers of one process are told apart by what they send.
std::string who(const Event& e) {
  return without_names(e.kind == AltKind::timer ? e.who + e.args : e.who);
}

RaceSide side(const Event& e) { return {e.what, e.site}; }

std::string object_text(const Event& a, const Event& b, ObjectId object, const System& system) {
  // Of shared state the event itself says more than the object's name: the key, the slot.
  if (holds_values(object) && !a.target.empty() && a.target == b.target) return a.target;
  return system.object_name(object);
}

}  // namespace

const char* race_kind_name(RaceKind kind) {
  static const char* const names[] = {"lost update", "check then act", "publish before init",
                                      "name race",   "message order",  "timeout against message",
                                      "exit race",   "two writes",     "read against write"};
  return names[static_cast<size_t>(kind)];
}

uint64_t RaceSummary::one_order() const {
  return static_cast<uint64_t>(std::count_if(groups.begin(), groups.end(),
                                             [](const RaceGroup& g) { return !g.both_orders(); }));
}

// A message that came before the time was up is the cause of what the receive did then, but the
// other order of the two where it came too late.
void RaceCollector::note_messages(std::span<const Event> events, const System& system) {
  for (const Event& e : events) {
    if (e.op != OpKind::receive) continue;
    for (const Footprint& f : e.footprint) {
      if (f.access != Access::take && f.access != Access::poll) continue;
      for (const uint32_t step : e.causes) {
        const auto sent = std::find_if(events.begin(), events.end(),
                                       [&](const Event& s) { return s.step == step; });
        if (sent == events.end() || !brings(*sent, f.object)) continue;
        // With the message the time limit of the receive ended, too.
        Event limit;
        limit.what = op_name(OpKind::timer_fire);
        for (const Event* other : std::initializer_list<const Event*>{&e, &limit}) {
          bool turned = false;
          Key key = this->key(*sent, *other, object_text(*sent, e, f.object, system), &turned);
          taken_.emplace(std::move(key), turned);
        }
      }
    }
  }
}

RaceCollector::Key RaceCollector::key(const Event& a, const Event& b, std::string_view object,
                                      bool* turned) {
  Key key{without_names(object), side(a), side(b)};
  if ((*turned = key.second < key.first)) std::swap(key.first, key.second);
  return key;
}

// A reversed race is a race again, so the orders of racing pairs are all that there is to see.
void RaceCollector::add(std::span<const Event> events, const System& system) {
  summary_.sampled++;
  const Execution execution(events);
  note_messages(events, system);
  std::set<const Group*> counted;
  for (const Race& race : immediate_races(events)) {
    const Event &a = events[race.first], &b = events[race.second];
    Footprint fa, fb;
    if (!conflict(a, b, &fa, &fb) || is_ours(fa.object)) continue;
    bool turned = false;
    std::string object = object_text(a, b, fa.object, system);
    Key key = this->key(a, b, object, &turned);
    const auto [it, fresh] = groups_.try_emplace(std::move(key));
    Group& group = it->second;
    if (fresh) group.object = std::move(object);
    const RaceKind kind = execution.kind(race.first, race.second, fa, fb);
    group.kind = fresh ? kind : std::min(group.kind, kind);
    if (counted.insert(&group).second) group.executions++;
    if (it->first.first == it->first.second) {
      const auto first = who(a), second = who(b);
      group.who.insert({first, second});
      group.forth = true;
      group.back = group.back || (first != second && group.who.contains({second, first}));
    } else {
      (turned ? group.back : group.forth) = true;
    }
  }
}

RaceSummary RaceCollector::summary() const {
  RaceSummary summary = summary_;
  for (const auto& [key, g] : groups_)
    summary.groups.push_back({g.kind, g.object, key.first, key.second,
                              g.forth || taken_.contains({key, false}),
                              g.back || taken_.contains({key, true}), g.executions});
  std::stable_sort(summary.groups.begin(), summary.groups.end(),
                   [](const RaceGroup& a, const RaceGroup& b) {
                     return std::pair(a.kind, a.both_orders()) < std::pair(b.kind, b.both_orders());
                   });
  return summary;
}

}  // namespace lockstep
