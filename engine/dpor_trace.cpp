#include "engine/dpor_trace.h"

#include <algorithm>

#include "engine/digest.h"

namespace lockstep {
namespace {

uint64_t container_bit(ObjectId object) {
  return object ? uint64_t{1} << (mix64(object >> 32, 0) >> 58) : 0;
}

}  // namespace

void Step::finish() {
  final = true;
  simple = false;
  touched = UINT64_MAX;
}

Step Step::of(const Alternative& a, uint64_t who, const System& system) {
  Step s;
  s.who = who;
  s.process = a.process;
  s.cause = a.cause;
  s.kind = a.kind;
  s.op = a.op;
  s.op.object = system.stable_object(a.op.object);
  if (a.kind == AltKind::step)
    s.self = system.stable_object(make_object(ObjectClass::process, a.process));
  const bool asks = a.op.kind == OpKind::alive || a.op.kind == OpKind::process_info;
  if (object_class(a.op.object) == ObjectClass::process &&
      (a.op.flags & kStrikes || (asks && a.op.access == Access::write)))
    s.struck = s.op.object;
  if (ends_all(a)) s.op.flags |= kAfterAll;
  s.simple = s.struck == 0 && a.op.extra_count == 0 && !(s.op.flags & (kAfterAll | kAgainstAll)) &&
             (a.op.access != Access::take || a.cause != 0);
  s.touched = s.op.flags & (kAfterAll | kAgainstAll)
                  ? UINT64_MAX
                  : container_bit(s.op.object) | container_bit(s.self) | container_bit(s.struck);
  if (a.op.extra_count == 0) return s;
  s.extra = std::make_shared<Footprint[]>(a.op.extra_count);
  for (int i = 0; i < a.op.extra_count; i++) {
    Footprint& f = s.extra[static_cast<size_t>(i)];
    f = {system.stable_object(a.op.extra[i].object), a.op.extra[i].access};
    s.touched |= container_bit(f.object);
  }
  s.op.extra = s.extra.get();
  return s;
}

Step Step::data(uint64_t who, uint32_t value) {
  Step s;
  s.who = who;
  s.kind = AltKind::data;
  s.value = value;
  return s;
}

namespace {

// A signal that is handled may end its process, and so every step of that process depends on it.
// Who asks after a process has the signals handled that are on their way to it.
bool strikes(const Step& signal, const Step& other) {
  return signal.struck != 0 && other.self == signal.struck;
}

// A receive whose message nobody names may take any that arrived.
bool feeds(const Operation& append, const Step& take) {
  return append.access == Access::append && take.op.access == Access::take && take.cause == 0 &&
         overlap(append.object, take.op.object);
}

}  // namespace

bool dependent_slow(const Step& a, const Step& b, bool equal_writes) {
  if (a.who == b.who || a.final || b.final) return true;
  if (a.op.flags & b.op.flags & kAfterAll) return true;
  if (dependent(a.op, b.op)) return !(equal_writes && same_write(a.op, b.op));
  return feeds(a.op, b) || feeds(b.op, a) || strikes(a, b) || strikes(b, a);
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

void HappensBefore::resize(size_t steps) {
  if (steps > words_ * 64) {
    const size_t words = words_ * 2;
    std::vector<Word> wider(rows_.size() * 2);
    for (size_t i = 0; i < rows_.size() / words_; i++)
      std::copy_n(rows_.data() + i * words_, words_, wider.data() + i * words);
    rows_.swap(wider);
    words_ = words;
    return resize(steps);
  }
  if (rows_.size() < (steps + 1) * words_) rows_.resize((steps * 2 + 1) * words_);
}

}  // namespace lockstep
