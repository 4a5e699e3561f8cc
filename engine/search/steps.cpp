#include "engine/search/steps.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "engine/base/digest.h"

namespace lockstep {
namespace {

constexpr size_t kRecent = 512;

uint64_t touched(ObjectId object) {
  if (object == kEverything) return UINT64_MAX;
  return object ? uint64_t{1} << (mix64(object >> 32, 0) >> 58) : 0;
}

bool same(const Footprint& a, const Footprint& b) {
  return a.object == b.object && a.access == b.access;
}

// Of steps on these alone: nobody's step is made impossible by a write of what it reads.
bool holds_data(ObjectId object) {
  switch (object_class(object)) {
    case ObjectClass::none:
    case ObjectClass::mailbox:
    case ObjectClass::ets:
    case ObjectClass::ets_name:
    case ObjectClass::atomics:
    case ObjectClass::persistent_term:
    case ObjectClass::history:
    case ObjectClass::user:
      return true;
    default:
      return false;
  }
}

struct Hash {
  size_t operator()(const Step* s) const {
    const Operation& op = s->op;
    uint64_t h = mix64(s->actor_key, op.object);
    h = mix64(h, static_cast<uint64_t>(op.kind) | static_cast<uint64_t>(op.access) << 8 |
                     static_cast<uint64_t>(op.flags) << 16 | static_cast<uint64_t>(s->kind) << 24 |
                     static_cast<uint64_t>(s->final) << 32 |
                     static_cast<uint64_t>(s->caused) << 33 | static_cast<uint64_t>(s->last) << 34);
    h = mix64(h, op.value ^ s->value ^ static_cast<uint64_t>(s->permits) << 32);
    for (const Footprint& f : s->footprints)
      h = mix64(h, f.object ^ static_cast<uint64_t>(f.access));
    return h;
  }
};
struct Equal {
  bool operator()(const Step* a, const Step* b) const {
    const Operation &x = a->op, &y = b->op;
    return a->actor_key == b->actor_key && x.kind == y.kind && x.access == y.access &&
           x.flags == y.flags && x.object == y.object && x.value == y.value && a->kind == b->kind &&
           a->final == b->final && a->last == b->last && a->caused == b->caused &&
           a->value == b->value && a->permits == b->permits &&
           std::equal(a->footprints.begin(), a->footprints.end(), b->footprints.begin(),
                      b->footprints.end(), same);
  }
};

}  // namespace

struct StepPool::Store {
  std::mutex mutex;
  std::deque<Step> steps;
  std::deque<std::vector<Footprint>> footprints;
  std::unordered_set<const Step*, Hash, Equal> known;
  uint64_t bytes = 0, most = 0;
  // Found by measure().
  bool half_full = false, full = false;

  const Step* find(const Step& step) const {
    const auto it = known.find(&step);
    return it == known.end() ? nullptr : *it;
  }
  const Step* add(const Step& step) {
    Step& kept = steps.emplace_back(step);
    kept.op.site = 0;
    kept.footprints = footprints.emplace_back(step.footprints.begin(), step.footprints.end());
    known.insert(&kept);
    bytes += kStepBytes + step.footprints.size_bytes();
    return &kept;
  }

 private:
  // With its place in both lists and in the table, whose nodes hold a pointer, a hash and a link.
  static constexpr uint64_t kStepBytes = sizeof(Step) + sizeof(std::vector<Footprint>) + 48;
};

StepPool::StepPool(bool values, uint64_t bytes)
    : store_(std::make_shared<Store>()), values_(values) {
  store_->most = bytes;
}

void StepPool::measure() {
  store_->half_full |= store_->bytes >= store_->most / 2;
  store_->full |= store_->bytes >= store_->most;
}

bool StepPool::full() const { return store_->full; }

std::vector<uint64_t> ToldApart::sorted() const {
  std::vector<uint64_t> sorted(pairs_.begin(), pairs_.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

uint64_t ToldApart::key(const Step& a, const Step& b) {
  const auto one = [](const Step& s) {
    return mix64(s.actor_key, s.op.object ^ static_cast<uint64_t>(s.op.kind) << 48);
  };
  const uint64_t x = one(a), y = one(b);
  return mix64(std::min(x, y), std::max(x, y)) ^ (same_message(a.op, b.op) ? 1 : 0);
}

const Step* StepPool::keep(const Step& step) {
  if (recent_.empty()) recent_.resize(kRecent);
  const Step*& recent = recent_[Hash{}(&step) % kRecent];
  if (recent && Equal{}(recent, &step)) return recent;
  const std::lock_guard lock(store_->mutex);
  if (const Step* known = store_->find(step)) return recent = known;
  if (!store_->half_full || step.op.value == 0) return recent = store_->add(step);
  Step other = step;
  other.op.value = 0;
  const Step* known = store_->find(other);
  return known ? known : store_->add(other);
}

const Step* StepPool::step(const Alternative& a, uint64_t actor_key, const System& system) {
  Step s;
  s.actor_key = actor_key;
  s.kind = a.kind;
  s.caused = a.cause != 0;
  s.op = a.op;
  s.op.object = system.stable_object(a.op.object);
  s.op.extra = nullptr;
  s.op.extra_count = 0;
  if (!values_) s.op.value = 0;
  if (ends_all(a)) s.op.flags |= kAtQuiescence;
  if (s.op.flags & kAcquire) s.permits = system.permits(a.op.object);
  footprints_.clear();
  bool data = holds_data(a.op.object) || (a.op.kind == OpKind::exit && !system.ends_prevent());
  each_footprint(a, [&](const Footprint& f) {
    const bool main = footprints_.empty() && a.op.object != 0;
    data = data && (main || holds_data(f.object) || f.object == steps_of(a.process));
    footprints_.push_back({system.stable_object(f.object), f.access});
    s.touched |= touched(footprints_.back().object);
  });
  s.footprints = footprints_;
  s.simple = touches_one_object(a) && !ends_all(a) && main_footprint(a).access == a.op.access;
  s.harmless = s.kind == AltKind::step && data &&
               !(s.op.flags & (kAtQuiescence | kGlobal | kAgainstSteps | kAcquire));
  return keep(s);
}

const Step* StepPool::data(uint64_t actor_key, uint32_t value) {
  Step s;
  s.actor_key = actor_key;
  s.kind = AltKind::data;
  s.value = value;
  return keep(s);
}

const Step* StepPool::finished(const Step& step) { return marked(step, &Step::final, kEverything); }
const Step* StepPool::at_last(const Step& step) { return marked(step, &Step::last, kLastStep); }

// `with`: what the mark makes it conflict with, by an object that it writes.
const Step* StepPool::marked(const Step& step, bool Step::*mark, ObjectId with) {
  Step s = step;
  s.*mark = true;
  s.simple = s.harmless = false;
  s.touched |= touched(with);
  footprints_.assign(step.footprints.begin(), step.footprints.end());
  footprints_.push_back({with, Access::write});
  s.footprints = footprints_;
  return keep(s);
}

bool dependent_slow(const Step& a, const Step& b, const Relation& relation) {
  if (a.actor_key == b.actor_key) return true;
  const bool equal = relation.equal_writes && same_write(a.op, b.op);
  for (const Footprint& f : a.footprints)
    for (const Footprint& g : b.footprints)
      if (conflicting(f, g) && !(equal && f.object == a.op.object && g.object == a.op.object))
        return !untold(a, b, relation);
  return false;
}

namespace {

// Is there a conflict of the two for which `asked` of its two footprints is true?
template <class Asked>
bool conflict_over(const Step& a, const Step& b, const Asked& asked) {
  for (const Footprint& f : a.footprints)
    for (const Footprint& g : b.footprints)
      if (conflicting(f, g) && asked(f, g)) return true;
  return false;
}

}  // namespace

bool may_change(const Step& early, const Step& late) {
  return conflict_over(early, late, [](const Footprint&, const Footprint& y) {
    const ObjectClass c = object_class(y.object);
    return c == ObjectClass::process || c == ObjectClass::name || c == ObjectClass::monitor ||
           c == ObjectClass::node || c == ObjectClass::channel;
  });
}

bool meet_in_a_fault(const Step& a, const Step& b) {
  return conflict_over(a, b, [](const Footprint& x, const Footprint& y) {
    return object_class(x.object) == ObjectClass::fault && x.access == Access::write &&
           object_class(y.object) == ObjectClass::fault && y.access == Access::write;
  });
}

bool use_up_the_same(const Step& a, const Step& b) {
  return (a.op.flags & b.op.flags & kUsesUp) && meet_in_a_fault(a, b);
}

bool take_from_one_channel(const Step& a, const Step& b) {
  const auto takes = [](const Step& s) {
    return s.kind == AltKind::deliver || s.kind == AltKind::fault;
  };
  return takes(a) && takes(b) && conflict_over(a, b, [](const Footprint& x, const Footprint& y) {
           return object_class(x.object) == ObjectClass::channel &&
                  object_class(y.object) == ObjectClass::channel;
         });
}

namespace {

// May it end the owner of the mailbox? What is sent after an exit signal waits behind it, so that
// commutes with no message.
bool may_end_owner(const Step& s, ObjectId mailbox) {
  return std::any_of(s.footprints.begin(), s.footprints.end(), [&](const Footprint& f) {
    return f.access == Access::write &&
           f.object == make_object(ObjectClass::process, object_container(mailbox));
  });
}

}  // namespace

ObjectId only_mailbox(const Step& a, const Step& b) {
  if (a.actor_key == b.actor_key) return 0;
  const auto receives = [](Access x) { return x == Access::poll || x == Access::take; };
  ObjectId box = 0;
  for (const Footprint& x : a.footprints)
    for (const Footprint& y : b.footprints) {
      if (!conflicting(x, y)) continue;
      const bool mail = (x.access == Access::append || receives(x.access)) &&
                        (y.access == Access::append || receives(y.access)) &&
                        object_class(x.object) == ObjectClass::mailbox && x.object == y.object;
      if (!mail || (box != 0 && box != x.object)) return 0;
      box = x.object;
    }
  return box != 0 && (may_end_owner(a, box) || may_end_owner(b, box)) ? 0 : box;
}

Pending PendingSteps::pending(const Alternative& a, uint32_t index, uint64_t actor_key,
                              const System& system) {
  if (known_.size() <= a.actor) known_.resize(a.actor + 1);
  Known& known = known_[a.actor];
  const Operation &x = known.of.op, &y = a.op;
  const auto equal = [](const Footprint& f, const Footprint& g) {
    return f.object == g.object && f.access == g.access;
  };
  const bool same = known.execution == executions_ && known.of.kind == a.kind &&
                    known.of.process == a.process && !known.of.cause == !a.cause &&
                    x.kind == y.kind && x.access == y.access && x.flags == y.flags &&
                    x.object == y.object && x.value == y.value && x.extra_count == y.extra_count &&
                    std::equal(known.extra.begin(), known.extra.end(), y.extra, equal);
  if (!same) {
    known.execution = executions_;
    known.of = a;
    known.extra.assign(y.extra, y.extra + y.extra_count);
    known.step = pool_.step(a, actor_key, system);
  }
  return {known.step, a.cause, index};
}

}  // namespace lockstep
