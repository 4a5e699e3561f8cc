#include "engine/dpor_steps.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <unordered_set>

#include "engine/digest.h"

namespace lockstep {
namespace {

constexpr size_t kRecent = 512;

uint64_t container_bit(ObjectId object) {
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
    uint64_t h = mix64(s->who, op.object);
    h = mix64(h, static_cast<uint64_t>(op.kind) | static_cast<uint64_t>(op.access) << 8 |
                     static_cast<uint64_t>(op.flags) << 16 | static_cast<uint64_t>(s->kind) << 24 |
                     static_cast<uint64_t>(s->final) << 32 |
                     static_cast<uint64_t>(s->caused) << 33 | static_cast<uint64_t>(s->last) << 34);
    h = mix64(h, op.value ^ s->value ^ static_cast<uint64_t>(s->room) << 32);
    for (int i = 0; i < op.extra_count; i++)
      h = mix64(h, op.extra[i].object ^ static_cast<uint64_t>(op.extra[i].access));
    return h;
  }
};
struct Equal {
  bool operator()(const Step* a, const Step* b) const {
    const Operation &x = a->op, &y = b->op;
    return a->who == b->who && x.kind == y.kind && x.access == y.access && x.flags == y.flags &&
           x.object == y.object && x.value == y.value && a->kind == b->kind &&
           a->final == b->final && a->last == b->last && a->caused == b->caused &&
           a->value == b->value && a->room == b->room && a->self == b->self &&
           a->struck == b->struck && x.extra_count == y.extra_count &&
           std::equal(x.extra, x.extra + x.extra_count, y.extra, same);
  }
};

}  // namespace

struct StepPool::Store {
  std::mutex mutex;
  std::deque<Step> steps;
  std::deque<std::vector<Footprint>> extra;
  std::unordered_set<const Step*, Hash, Equal> known;
};

StepPool::StepPool(bool values) : store_(std::make_shared<Store>()), values_(values) {}

const Step* StepPool::keep(const Step& step) {
  if (recent_.empty()) recent_.resize(kRecent);
  const Step*& recent = recent_[Hash{}(&step) % kRecent];
  if (recent && Equal{}(recent, &step)) return recent;
  const std::lock_guard lock(store_->mutex);
  const auto it = store_->known.find(&step);
  if (it != store_->known.end()) return recent = *it;
  Step& kept = store_->steps.emplace_back(step);
  kept.op.site = 0;
  if (step.op.extra_count > 0) {
    store_->extra.emplace_back(step.op.extra, step.op.extra + step.op.extra_count);
    kept.op.extra = store_->extra.back().data();
  } else {
    kept.op.extra = nullptr;
  }
  store_->known.insert(&kept);
  return recent = &kept;
}

const Step* StepPool::step(const Alternative& a, uint64_t who, const System& system) {
  Step s;
  s.who = who;
  s.kind = a.kind;
  s.caused = a.cause != 0;
  s.op = a.op;
  s.op.object = system.stable_object(a.op.object);
  if (!values_) s.op.value = 0;
  if (a.kind == AltKind::step)
    s.self = system.stable_object(make_object(ObjectClass::process, a.process));
  if (const ObjectId process = struck_by(a.op)) s.struck = system.stable_object(process);
  if (ends_all(a)) s.op.flags |= kAfterAll;
  if (s.op.flags & kAcquire) s.room = system.room(a.op.object);
  s.simple = s.struck == 0 && a.op.extra_count == 0 && !(s.op.flags & (kAfterAll | kAgainstAll)) &&
             (a.op.access != Access::take || s.caused);
  s.touched = s.op.flags & (kAfterAll | kAgainstAll)
                  ? UINT64_MAX
                  : container_bit(s.op.object) | container_bit(s.self) | container_bit(s.struck);
  extra_.clear();
  for (int i = 0; i < a.op.extra_count; i++) {
    extra_.push_back({system.stable_object(a.op.extra[i].object), a.op.extra[i].access});
    s.touched |= container_bit(extra_.back().object);
  }
  s.op.extra = extra_.data();
  s.harmless = s.kind == AltKind::step && s.struck == 0 &&
               !(s.op.flags & (kAfterAll | kAgainstAll | kAcquire | kInTurn)) &&
               (holds_data(s.op.object) || (s.op.kind == OpKind::exit && !system.may_crash())) &&
               std::all_of(extra_.begin(), extra_.end(),
                           [](const Footprint& f) { return holds_data(f.object); });
  return keep(s);
}

const Step* StepPool::data(uint64_t who, uint32_t value) {
  Step s;
  s.who = who;
  s.kind = AltKind::data;
  s.value = value;
  return keep(s);
}

const Step* StepPool::finished(const Step& step) { return marked(step, &Step::final); }
const Step* StepPool::at_last(const Step& step) { return marked(step, &Step::last); }

// What the mark makes dependent cannot be told by what is touched.
const Step* StepPool::marked(const Step& step, bool Step::*mark) {
  Step s = step;
  s.*mark = true;
  s.simple = s.harmless = false;
  s.touched = UINT64_MAX;
  return keep(s);
}

namespace {

bool strikes(const Step& signal, const Step& other) {
  return signal.struck != 0 && other.self == signal.struck;
}

// A receive whose message nobody names may take any that arrived.
bool feeds(const Operation& append, const Step& take) {
  return append.access == Access::append && take.op.access == Access::take && !take.caused &&
         overlap(append.object, take.op.object);
}

}  // namespace

bool dependent_slow(const Step& a, const Step& b, bool equal_writes) {
  if (a.who == b.who || a.final || b.final) return true;
  if (a.op.flags & b.op.flags & kAfterAll) return true;
  if ((a.last && is_crash(b)) || (b.last && is_crash(a))) return true;
  // What comes of a crash may ask for the time, which is no operation then.
  if ((is_crash(a) && waits_for_the_rest(b.op)) || (is_crash(b) && waits_for_the_rest(a.op)))
    return true;
  if (dependent(a.op, b.op)) return !(equal_writes && same_write(a.op, b.op));
  return feeds(a.op, b) || feeds(b.op, a) || strikes(a, b) || strikes(b, a);
}

namespace {

// Is there a conflict of the two for which `asked` of its two footprints is true?
template <class Asked>
bool conflict_over(const Step& a, const Step& b, const Asked& asked) {
  const auto nth = [](const Operation& op, int i) {
    return i < 0 ? Footprint{op.object, op.access} : op.extra[i];
  };
  for (int i = -1; i < a.op.extra_count; i++)
    for (int j = -1; j < b.op.extra_count; j++)
      if (conflicting(nth(a.op, i), nth(b.op, j)) && asked(nth(a.op, i), nth(b.op, j))) return true;
  return false;
}

template <class Asked>
bool conflict_over_class(const Step& a, const Step& b, const Asked& asked) {
  return conflict_over(
      a, b, [&](const Footprint& x, const Footprint&) { return asked(object_class(x.object)); });
}

}  // namespace

bool may_change(const Step& early, const Step& late) {
  return conflict_over_class(early, late, [](ObjectClass c) {
    return c == ObjectClass::process || c == ObjectClass::name || c == ObjectClass::monitor ||
           c == ObjectClass::node || c == ObjectClass::channel;
  });
}

bool meet_in_a_fault(const Step& a, const Step& b) {
  return conflict_over(a, b, [](const Footprint& x, const Footprint& y) {
    return object_class(x.object) == ObjectClass::fault && x.access == Access::write &&
           y.access == Access::write;
  });
}

bool use_up_the_same(const Step& a, const Step& b) {
  return (a.op.flags & b.op.flags & kUsesUp) && meet_in_a_fault(a, b);
}

bool take_from_one_channel(const Step& a, const Step& b) {
  const auto takes = [](const Step& s) {
    return s.kind == AltKind::deliver || s.kind == AltKind::fault;
  };
  return takes(a) && takes(b) &&
         conflict_over_class(a, b, [](ObjectClass c) { return c == ObjectClass::channel; });
}

ObjectId only_mailbox(const Step& a, const Step& b) {
  if (a.who == b.who || a.final || b.final || a.op.flags & b.op.flags & kAfterAll) return 0;
  if (strikes(a, b) || strikes(b, a)) return 0;
  const auto nth = [](const Operation& op, int i) {
    return i < 0 ? Footprint{op.object, op.access} : op.extra[i];
  };
  const auto receives = [](Access x) { return x == Access::poll || x == Access::take; };
  ObjectId box = 0;
  if (feeds(a.op, b) || feeds(b.op, a)) box = a.op.object;
  for (int i = -1; i < a.op.extra_count; i++)
    for (int j = -1; j < b.op.extra_count; j++) {
      const Footprint x = nth(a.op, i), y = nth(b.op, j);
      if (!conflicting(x, y)) continue;
      const bool mail = (x.access == Access::append || receives(x.access)) &&
                        (y.access == Access::append || receives(y.access)) &&
                        object_class(x.object) == ObjectClass::mailbox && x.object == y.object;
      if (!mail || (box != 0 && box != x.object)) return 0;
      box = x.object;
    }
  return box;
}

}  // namespace lockstep
