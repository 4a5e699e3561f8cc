// The digest is a sum over events of hash(actor, own index, operation, for each object the events
// just before it), so it does not depend on the order in which independent events came.
//
// The accesses of an object fall into groups: neighbours that commute (reads, adds) form one,
// anything else stands alone. Every event conflicts with all of the group before its own, and a
// group is named by the sum of its events' names.
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

  uint64_t enter(uint8_t new_mode, uint64_t name) {
    if (new_mode != mode || new_mode == kAlone) {
      before = group;
      group = 0;
      mode = new_mode;
    }
    group += name;
    return before;
  }
};

ClassFingerprint::ClassFingerprint() : objects_(64) {}
ClassFingerprint::~ClassFingerprint() = default;

void ClassFingerprint::begin() {
  sum_ = 0;
  used_ = 0;
  own_steps_.clear();
  generation_++;
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

uint64_t ClassFingerprint::name(ActorId actor, uint64_t actor_key) {
  if (actor >= own_steps_.size()) own_steps_.resize(actor + 1);
  return mix64(actor_key ? actor_key : actor + 1, ++own_steps_[actor]);
}

// A whole container (element 0) overlaps its elements. Two chains in the container see to that: one
// in which writes of elements meet whole accesses, one in which reads of elements meet whole
// writes.
uint64_t ClassFingerprint::enter(Footprint f, uint64_t name) {
  const Mode mode = mode_of(f.access);
  if (mode == kFree || f.object == 0) return 0;
  const bool shared = object_class(f.object) == ObjectClass::ets ||
                      object_class(f.object) == ObjectClass::atomics ||
                      object_class(f.object) == ObjectClass::user;
  if (!shared) return mix64(f.object, object(f.object).enter(mode, name));
  const ObjectId writes = f.object & ~0xffffffffull;
  const ObjectId reads = writes | 1ull << 63;  // no object class is that large
  if (object_element(f.object) == 0) {
    uint64_t h = mix64(f.object, object(writes).enter(mode, name));
    if (mode != kReads) h = mix64(h, object(reads).enter(mode, name));
    return h;
  }
  const uint64_t h = mix64(f.object, object(f.object).enter(mode, name));
  if (mode == kReads) return mix64(h, object(reads).enter(kReads, name));
  return mix64(h, object(writes).enter(kElementWrites, name));
}

void ClassFingerprint::observe(const Alternative& executed, uint64_t actor_key) {
  const uint64_t id = name(executed.actor, actor_key);
  const Operation& op = executed.op;
  uint64_t h =
      mix64(id, static_cast<uint64_t>(op.kind) << 8 | static_cast<uint64_t>(executed.kind));
  h = mix64(h, enter({op.object, op.access}, id));
  for (int i = 0; i < op.extra_count; i++) h += mix64(id, enter(op.extra[i], id));
  sum_ += h;
}

void ClassFingerprint::observe_data(ActorId actor, uint64_t actor_key, uint32_t value) {
  sum_ += mix64(name(actor, actor_key), value + 1);
}

}  // namespace lockstep
