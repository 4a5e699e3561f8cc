// The digest is a sum over events of hash(actor, own index, operation, sum of the names of all
// earlier events that conflict with it), so it does not depend on the order in which independent
// events came. For each pair that conflicts the later one says which came first, and that is all
// there is to a class (Mazurkiewicz, "Trace theory", 1987). An event's name is its actor's key and
// its place among that actor's events: the same in all executions, whatever order objects were
// created in.
//
// An object keeps for each kind of access the sum of the names of those that accessed it so, and
// whoever comes adds up what conflicts with it.
//
// An execution ends with its root, wherever the others are then. So that it does not matter how far
// they got, the last events of an actor count only from the root: an event counts once an event of
// another actor conflicts with it or was caused by it, and then all before it in its own actor do.
// Nothing is lost by that: of two racing events the earlier one always counts, and each names those
// that came before it. Where the execution goes on after its root (drain) it comes to an end that
// all of its class come to, and everything counts: a message that is lost in place of arriving,
// say.
#include "engine/relation/fingerprint.h"

#include "engine/base/digest.h"
#include "engine/relation/dependence.h"

namespace lockstep {

void ClassFingerprint::begin() {
  sum_ = names_ = global_ = 0;
  objects_.clear();
  for (Own& own : own_) own.sums.assign(1, 0), own.counted = 0;
  members_.clear();
  decisions_.clear();
  wide_.clear();
  ending_.actor = kNoActor;
  drained_ = false;
  generation_++;
}

// All events of an actor up to its n-th.
void ClassFingerprint::count(Place place) {
  Own& own = own_[place.actor];
  if (place.n <= own.counted) return;
  sum_ += own.sums[place.n] - own.sums[own.counted];
  own.counted = place.n;
}

void ClassFingerprint::count_all() {
  for (ActorId a = 0; a < own_.size(); a++)
    count({a, static_cast<uint32_t>(own_[a].sums.size() - 1)});
}

uint64_t ClassFingerprint::value() const {
  if (drained_) {
    uint64_t sum = 0;
    for (const Own& own : own_) sum += own.sums.back();
    return sum;
  }
  return own_.empty() ? sum_ : sum_ + own_[0].sums.back() - own_[0].sums[own_[0].counted];
}

// The events of a list that are not by `actor`, whose own order says it already; the latest of its
// own stays in it.
void ClassFingerprint::count_others(uint32_t& list, ActorId actor) {
  bool own = false;
  for (uint32_t* at = &list; *at != 0;) {
    Member& m = members_[*at - 1];
    if (m.place.actor != actor) count(m.place);
    if (m.place.actor == actor && !own)
      at = &m.next, own = true;
    else
      *at = m.next;
  }
}

// The sum of the names of what conflicts with that access, all of which counts now.
uint64_t ClassFingerprint::before(Object& o, Access access, ActorId actor) {
  uint64_t names = 0;
  for (size_t a = 1; a < kAccesses; a++) {
    if (o.names[a] == 0 || !conflicting(static_cast<Access>(a), access)) continue;
    names += o.names[a];
    count_others(o.members[a], actor);
  }
  return names;
}

void ClassFingerprint::remember(Object& o, Access access, Event e) {
  const auto a = static_cast<size_t>(access);
  o.names[a] += e.name;
  if (uint32_t& head = o.members[a]; head != 0 && members_[head - 1].place.actor == e.place.actor) {
    members_[head - 1].place = e.place;
  } else {
    members_.push_back({e.place, head});
    head = static_cast<uint32_t>(members_.size());
  }
}

ClassFingerprint::Object& ClassFingerprint::object(ObjectId id) {
  if (object_class(id) == ObjectClass::steps) {  // every step asks
    const uint32_t process = object_container(id);
    if (process >= steps_.size()) steps_.resize(process + 1);
    Steps& steps = steps_[process];
    if (steps.generation != generation_) steps = {generation_, {}};
    return steps.object;
  }
  return objects_[id];
}

ClassFingerprint::Event ClassFingerprint::event(ActorId actor, uint64_t actor_key) {
  while (actor >= own_.size()) own_.emplace_back();
  const auto n = static_cast<uint32_t>(own_[actor].sums.size());
  decisions_.push_back({actor, n});
  return {mix64(actor_key ? actor_key : actor + 1, n), {actor, n}};
}

// A whole container (element 0) overlaps its elements, so it also remembers what all of them do.
uint64_t ClassFingerprint::enter(Footprint f, Event e) {
  if (f.access == Access::none || f.object == 0) return 0;
  if (f.object == kEverything) return conflict_with_all(e);
  const ObjectClass c = object_class(f.object);
  const bool single = c == ObjectClass::mailbox || c == ObjectClass::steps;  // have no elements
  const ObjectId all_elements = f.object >> 32 << 32 | 1ull << 63;  // no object class is that large
  uint64_t names = 0;
  if (object_element(f.object) != 0) {
    Object& whole = object(f.object >> 32 << 32);
    names = before(whole, f.access, e.place.actor);
    Object& element = object(f.object);
    names += before(element, f.access, e.place.actor);
    remember(element, f.access, e);
  } else {
    Object& whole = object(f.object);
    if (single) names = before(whole, f.access, e.place.actor);
    remember(whole, f.access, e);
  }
  if (single) return names;
  Object& all = object(all_elements);
  if (object_element(f.object) == 0) names = before(all, f.access, e.place.actor);
  remember(all, f.access, e);
  return names;
}

uint64_t ClassFingerprint::conflict_with_all(Event e) {
  count_all();
  const uint64_t names = names_;
  global_ += e.name;
  wide_.push_back(e.place);
  return names;
}

// The root's end is a step only while others can go on, so it counts only if one of them does.
void ClassFingerprint::observe(const Alternative& executed, uint64_t actor_key) {
  settle();
  if (!ends_all(executed)) return add(executed, actor_key);
  ending_ = executed;
  ending_key_ = actor_key;
  ending_extra_.assign(executed.op.extra, executed.op.extra + executed.op.extra_count);
  ending_.op.extra = ending_extra_.data();
}

void ClassFingerprint::settle() {
  if (ending_.actor == kNoActor) return;
  add(ending_, ending_key_);
  ending_.actor = kNoActor;
}

void ClassFingerprint::add(const Alternative& executed, uint64_t actor_key) {
  const Operation& op = executed.op;
  if (executed.cause > 0 && executed.cause <= decisions_.size())
    count(decisions_[executed.cause - 1]);
  const Event e = event(executed.actor, actor_key);
  drained_ = drained_ || outlived(executed);
  uint64_t names = global_;
  for (const Place& p : wide_)
    if (p.actor != e.place.actor) count(p);
  wide_.clear();
  if (op.flags & kAtQuiescence || ends_all(executed)) count_all();  // all that was led to it
  each_footprint(executed, [&](const Footprint& f) { names += enter(f, e); });
  names_ += e.name;
  uint64_t h =
      mix64(e.name, static_cast<uint64_t>(op.kind) << 8 | static_cast<uint64_t>(executed.kind));
  h = mix64(h, names);
  std::vector<uint64_t>& sums = own_[executed.actor].sums;
  sums.push_back(sums.back() + h);
}

void ClassFingerprint::observe_data(ActorId actor, uint64_t actor_key, uint32_t value) {
  settle();
  const Event e = event(actor, actor_key);
  std::vector<uint64_t>& sums = own_[actor].sums;
  sums.push_back(sums.back() + mix64(e.name, value + 1));
  count(e.place);
}

}  // namespace lockstep
