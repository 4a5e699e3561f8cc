// An execution as the reduction sees it: its steps, what depends on what, and which pairs race.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/choice.h"
#include "engine/system.h"

namespace lockstep {

// A step, executed or pending, in terms that mean the same in other executions.
struct Step {
  uint64_t who = 0;  // System::actor_key
  Operation op;
  AltKind kind = AltKind::step;
  bool open = false;   // asleep: another part explores it, perhaps not wholly yet
  bool final = false;  // ended its execution while others could go on: dependent on everything
  // Only the access to op.object can matter to others: no further object, no process struck, no
  // receive of unknown cause, not after all, not final.
  bool simple = true;
  uint32_t process = 0;
  uint32_t cause = 0;    // Alternative::cause
  uint32_t value = 0;    // of a data choice
  uint32_t index = 0;    // among the alternatives of its choice point
  ObjectId self = 0;     // the process that takes the step
  ObjectId struck = 0;   // the process that it may end
  uint64_t touched = 0;  // a bit for each container; steps without a common one are independent
  std::shared_ptr<Footprint[]> extra;  // what op.extra points to, if anything

  static Step of(const Alternative& a, uint64_t who, const System& system);
  static Step data(uint64_t who, uint32_t value);
  void finish();  // makes it final
};

inline bool same_write(const Operation& a, const Operation& b) {
  return a.access == Access::write && b.access == Access::write && a.object == b.object &&
         a.value == b.value && a.value != 0 && a.kind == b.kind &&
         (a.extra_count | b.extra_count) == 0;
}

// The root's end where it ends all else. With drain it is an end like every other, which frees what
// it owns and tells who is linked.
inline bool ends_all(const Alternative& a) {
  return a.process == 0 && a.kind == AltKind::step && a.op.kind == OpKind::exit &&
         object_class(a.op.object) != ObjectClass::process;
}

// May the order of the two matter? Symmetric. `equal_writes`: writes of one value to one object
// commute.
bool dependent_slow(const Step& a, const Step& b, bool equal_writes);
inline bool dependent(const Step& a, const Step& b, bool equal_writes) {
  if (a.who == b.who || a.final || b.final) return true;
  if (!(a.touched & b.touched)) return false;
  if (!(a.simple & b.simple)) return dependent_slow(a, b, equal_writes);
  return dependent(a.op, b.op) && !(equal_writes && same_write(a.op, b.op));
}

// The mailbox that alone makes the two dependent, by messages that enter it or are looked for in
// it. 0: they are independent, or something else makes them dependent too.
ObjectId only_mailbox(const Step& a, const Step& b);

// Happens-before as one row of bits for each step: the steps before it.
class HappensBefore {
 public:
  bool before(size_t early, size_t late) const { return test(row(late), early); }
  void resize(size_t steps);

  // A row with only these before it, and what is before them.
  void restart(size_t index, const std::vector<size_t>& direct) {
    resize(index + 1);
    std::fill_n(row(index), words_, 0);
    for (const size_t i : direct) join(index, i);
  }
  void add(size_t index, size_t early) {
    if (!before(early, index)) join(index, early);
  }

  // Appends the step at `index`: after `direct` (program order, creation, cause) and after those of
  // the first `count` of `steps` that it depends on: `depends(i)`. The immediate races go to
  // `races` as the indices of the earlier steps.
  template <class Steps, class Depends>
  void append(size_t index, size_t count, const Step& step, const std::vector<size_t>& direct,
              const Steps& steps, const Depends& depends, std::vector<size_t>& races);

 private:
  using Word = uint64_t;
  Word* row(size_t i) { return rows_.data() + i * words_; }
  const Word* row(size_t i) const { return rows_.data() + i * words_; }
  static bool test(const Word* r, size_t i) { return r[i / 64] >> (i % 64) & 1; }
  void join(size_t into, size_t from) {
    Word* a = row(into);
    const Word* b = row(from);
    for (size_t w = 0; w <= from / 64; w++) a[w] |= b[w];
    a[from / 64] |= Word{1} << (from % 64);
  }
  size_t words_ = 1;
  std::vector<Word> rows_;
};

template <class Steps, class Depends>
void HappensBefore::append(size_t index, size_t count, const Step& step,
                           const std::vector<size_t>& direct, const Steps& steps,
                           const Depends& depends, std::vector<size_t>& races) {
  restart(index, direct);
  if (step.op.flags & kAfterAll || step.final) {
    for (size_t i = count; i-- > 0;)
      if (!before(i, index)) join(index, i);
    return;
  }
  // A lock: the race is with the latest acquire; the release between only makes this one possible.
  if (step.op.flags & kAcquire)
    for (size_t i = count; i-- > 0;) {
      const Step& other = steps(i);
      if (!(other.op.flags & kAcquire) || other.op.object != step.op.object) continue;
      if (other.who != step.who && !before(i, index)) races.push_back(i);
      break;
    }
  for (size_t i = count; i-- > 0;) {
    if (before(i, index)) continue;
    if (!depends(i)) continue;
    const Step& other = steps(i);
    const bool lock = (other.op.flags | step.op.flags) & (kAcquire | kRelease) &&
                      other.op.object == step.op.object;
    if (!lock) races.push_back(i);
    join(index, i);
  }
}

}  // namespace lockstep
