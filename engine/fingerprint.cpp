// The digest is a sum over events of hash(actor, own index, operation, for each object the events
// just before it), so it does not depend on the order in which independent events came.
//
// The accesses of an object fall into groups: neighbours that commute (reads, adds) form one,
// anything else stands alone. Every event conflicts with all of the group before its own, and a
// group is named by the sum of its events' names.
//
// An execution ends with its root, wherever the others are then. So that it does not matter how far
// they got, the last events of an actor count only from the root: an event counts once an event of
// another actor conflicts with it or was caused by it, and then all before it in its own actor do.
// Nothing is lost by that: of two racing events the earlier one always counts, and each names those
// that came before it.
#include "engine/digest.h"
#include "engine/explorer.h"

namespace lockstep {
namespace {

enum Mode : uint8_t { kFree, kReads, kAdds, kAlone, kElementWrites };

Mode mode_of(Access access) {
  switch (access) {
    case Access::read:
      return kReads;
    case Access::add:
      return kAdds;
    case Access::none:
    case Access::take:
      return kFree;  // commutes with arrivals, and only the owner takes
    default:
      return kAlone;
  }
}

}  // namespace

struct ClassFingerprint::Object {
  ObjectId id = 0;
  uint32_t generation = 0;
  uint8_t mode = kFree;
  uint64_t before = 0;  // sum of the names of the group before the current one
  uint64_t group = 0;   // sum of the names of the current group
  // Lists in members_: 1 + the index of the latest event; 0: none. Those of the group before that
  // may not count yet, and those of the current group.
  uint32_t earlier = 0, members = 0;
};

ClassFingerprint::ClassFingerprint() : objects_(64) {}
ClassFingerprint::~ClassFingerprint() = default;

void ClassFingerprint::begin() {
  sum_ = 0;
  used_ = 0;
  for (Own& own : own_) own.sums.assign(1, 0), own.counted = 0;
  members_.clear();
  decisions_.clear();
  ending_.actor = kNoActor;
  generation_++;
}

// All events of an actor up to its n-th.
void ClassFingerprint::count(Place place) {
  Own& own = own_[place.actor];
  if (place.n <= own.counted) return;
  sum_ += own.sums[place.n] - own.sums[own.counted];
  own.counted = place.n;
}

uint64_t ClassFingerprint::value() const {
  return own_.empty() ? sum_ : sum_ + own_[0].sums.back() - own_[0].sums[own_[0].counted];
}

uint64_t ClassFingerprint::enter(Object& o, uint8_t mode, Event e) {
  if (mode != o.mode || mode == kAlone) {
    o.before = o.group;
    o.earlier = o.members;
    o.group = 0;
    o.members = 0;
    o.mode = mode;
  }
  count_others(o.earlier, e.place.actor);
  o.group += e.name;
  members_.push_back({e.place, o.members});
  o.members = static_cast<uint32_t>(members_.size());
  return o.before;
}

// The events of a list that are not by `actor`, whose own order says it already; these stay in it.
void ClassFingerprint::count_others(uint32_t& list, ActorId actor) {
  for (uint32_t* at = &list; *at != 0;) {
    Member& m = members_[*at - 1];
    if (m.place.actor == actor) {
      at = &m.next;
      continue;
    }
    count(m.place);
    *at = m.next;
  }
}

ClassFingerprint::Object& ClassFingerprint::object(ObjectId id) {
  if (used_ * 2 >= objects_.size()) grow();
  const size_t mask = objects_.size() - 1;
  size_t i = mix64(id, 0) & mask;
  while (objects_[i].generation == generation_ && objects_[i].id != id) i = (i + 1) & mask;
  if (objects_[i].generation != generation_) {
    objects_[i] = {id, generation_};
    used_++;
  }
  return objects_[i];
}

void ClassFingerprint::grow() {
  std::vector<Object> old(objects_.size() * 2);
  old.swap(objects_);
  const size_t mask = objects_.size() - 1;
  for (const Object& o : old) {
    if (o.generation != generation_) continue;
    size_t i = mix64(o.id, 0) & mask;
    while (objects_[i].generation == generation_) i = (i + 1) & mask;
    objects_[i] = o;
  }
}

ClassFingerprint::Event ClassFingerprint::event(ActorId actor, uint64_t actor_key) {
  while (actor >= own_.size()) own_.emplace_back();
  const auto n = static_cast<uint32_t>(own_[actor].sums.size());
  decisions_.push_back({actor, n});
  return {mix64(actor_key ? actor_key : actor + 1, n), {actor, n}};
}

// A whole container (element 0) overlaps its elements. Two chains in the container see to that: one
// in which writes of elements meet whole accesses, one in which reads of elements meet whole
// writes.
uint64_t ClassFingerprint::enter(Footprint f, Event e) {
  const Mode mode = mode_of(f.access);
  if (mode == kFree || f.object == 0) return 0;
  const bool shared = object_class(f.object) == ObjectClass::ets ||
                      object_class(f.object) == ObjectClass::atomics ||
                      object_class(f.object) == ObjectClass::user;
  if (!shared) return mix64(f.object, enter(object(f.object), mode, e));
  const ObjectId writes = f.object & ~0xffffffffull;
  const ObjectId reads = writes | 1ull << 63;  // no object class is that large
  if (object_element(f.object) == 0) {
    uint64_t h = mix64(f.object, enter(object(writes), mode, e));
    if (mode != kReads) h = mix64(h, enter(object(reads), mode, e));
    return h;
  }
  const uint64_t h = mix64(f.object, enter(object(f.object), mode, e));
  if (mode == kReads) return mix64(h, enter(object(reads), kReads, e));
  return mix64(h, enter(object(writes), kElementWrites, e));
}

// The root's end is a step only while others can go on, so it counts only if one of them does.
void ClassFingerprint::observe(const Alternative& executed, uint64_t actor_key) {
  settle();
  if (executed.op.kind != OpKind::exit || executed.actor != 0) return add(executed, actor_key);
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
  else if (op.access == Access::take)  // of a message whose send is not known: of all of them
    count_others(object(op.object).members, executed.actor);
  const Event e = event(executed.actor, actor_key);
  uint64_t h =
      mix64(e.name, static_cast<uint64_t>(op.kind) << 8 | static_cast<uint64_t>(executed.kind));
  h = mix64(h, enter({op.object, op.access}, e));
  for (int i = 0; i < op.extra_count; i++) h += mix64(e.name, enter(op.extra[i], e));
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
