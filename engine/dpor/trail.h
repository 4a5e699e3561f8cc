// An execution as the reduction sees it: its steps, what depends on what, and which pairs race.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/base/error.h"
#include "engine/dpor/long_rows.h"
#include "engine/search/steps.h"

namespace lockstep {

// A step that was taken.
struct Taken {
  const Step* step = nullptr;
  uint64_t actor_key = 0;  // of the step
  uint32_t cause = 0;
  uint32_t before = 0;  // 1 + the decision of its actor's step before; 0: it is the first
  uint32_t nth = 1;     // of its actor's steps

  Taken() = default;
  explicit Taken(const Pending& p) : step(p.step), actor_key(p.step->actor_key), cause(p.cause) {}
};

// An event that never came.
struct DisabledEvent {
  Taken taken;
  // The number of steps that it follows, and how many there were when that was known: one more
  // where the last of them made it impossible, as `prevented` says, or where its chance was over.
  size_t count, known;
  bool prevented;  // it could have come
};

// The steps of an execution by their decisions, and by what they touch.
class Trail {
 public:
  const Taken& operator[](size_t at) const { return steps_[at]; }
  size_t size() const { return steps_.size(); }  // some may be beyond the end of this execution
  // Takes the place of what was there. `at`: at most one beyond the last.
  Taken& set(size_t at, const Taken& taken);
  void put(size_t at, const Step* step) {
    Taken t = steps_[at];
    t.step = step;
    set(at, t);
  }

  // The latest of the first `count` steps that took or gave the lock of `acquire` and was
  // co-enabled with it: a permit was left, so `acquire` could have come first. `count` if there is
  // none.
  size_t latest_coenabled_acquire(const Step& acquire, size_t count) const;
  // How many more could take its lock after the first `count` steps.
  int64_t permits_before(const Step& acquire, size_t count) const;
  // What the step at `at` does to them.
  int64_t change_of_permits(size_t at, const Step& acquire) const;

  using Word = uint64_t;
  // Of the steps 64 w .. 64 w + 63, as bits, those that touch a container of these; some of them
  // may be older, beyond the end of this execution.
  Word touching(uint64_t containers, size_t w) const {
    Word found = 0;
    for (; containers; containers &= containers - 1)
      found |= index_[w * 64 + static_cast<size_t>(__builtin_ctzll(containers))];
    return found;
  }

 private:
  void mark(size_t at, uint64_t containers) {
    for (; containers; containers &= containers - 1)
      index_[at / 64 * 64 + static_cast<size_t>(__builtin_ctzll(containers))] ^= Word{1} << at % 64;
  }
  std::vector<Taken> steps_;
  std::vector<Word> index_;  // for each 64 steps, 64 containers
};

// Happens-before as one row of bits for each step: the steps before it. Beyond kShort steps rows
// share what they have in common.
class HappensBefore {
 public:
  bool before(size_t early, size_t late) const {
    return is_long_ ? long_.test(late, early) : test(row(late), early);
  }
  void resize(size_t steps);
  template <class A>
  void keep(A& a, size_t rows);  // the first so many: saved.cpp

  // A row with only these before it, and what is before them.
  void restart(size_t index, const std::vector<size_t>& direct) {
    resize(index + 1);
    if (is_long_)
      long_.clear(index);
    else
      std::fill_n(row(index), words_, 0);
    for (const size_t i : direct) join(index, i);
  }
  void add(size_t index, size_t early) {
    if (!before(early, index)) join(index, early);
  }

  // Appends what was taken as the step at `index`: after `direct` (program order, creation, cause)
  // and after those of the first `count` of `steps` that it depends on: `depends(i, step)`. The
  // immediate races go to `races`, which is empty, as the indices of the earlier steps.
  template <class Depends>
  void append(size_t index, size_t count, const Taken& taken, const std::vector<size_t>& direct,
              const Trail& steps, const Depends& depends, std::vector<size_t>& races);

 private:
  template <class Depends>
  void append_dependent(size_t index, size_t count, const Step& step, const Trail& steps,
                        const Depends& depends, std::vector<size_t>* races);
  using Word = uint64_t;
  static constexpr size_t kShort = 4096;  // 2 MiB of rows
  Word* row(size_t i) { return rows_.data() + i * words_; }
  const Word* row(size_t i) const { return rows_.data() + i * words_; }
  static bool test(const Word* r, size_t i) { return r[i / 64] >> (i % 64) & 1; }
  Word word(size_t i, size_t w) const { return is_long_ ? long_.word(i, w) : row(i)[w]; }
  void join(size_t into, size_t from);
  // All of the first `count` steps come before it.
  void join_all(size_t into, size_t count);
  void become_long();
  size_t words_ = 1;
  std::vector<Word> rows_;
  bool is_long_ = false;
  LongRows long_;
};

inline void HappensBefore::join(size_t into, size_t from) {
  if (is_long_) {
    long_.join(into, from);
    return long_.set(into, from);
  }
  Word* a = row(into);
  const Word* b = row(from);
  for (size_t w = 0; w <= from / 64; w++) a[w] |= b[w];
  a[from / 64] |= Word{1} << (from % 64);
}

template <class Depends>
void HappensBefore::append(size_t index, size_t count, const Taken& taken,
                           const std::vector<size_t>& direct, const Trail& steps,
                           const Depends& depends, std::vector<size_t>& races) {
  const Step& step = *taken.step;
  for (const size_t cause : direct) LOCKSTEP_ASSERT(cause < index);
  restart(index, direct);
  if (step.op.flags & kAtQuiescence || step.final) {
    return join_all(index, count);
  }
  if (step.op.flags & kAcquire) {
    const size_t i = steps.latest_coenabled_acquire(step, count);
    const bool race = i < count && steps[i].actor_key != step.actor_key && !before(i, index);
    append_dependent(index, count, step, steps, depends, &races);
    // Could it come before that one, if all that follows and need not wait for that one did so,
    // too?
    const auto comes_first = [&](size_t other) {
      int64_t permits = steps.permits_before(step, other);
      for (size_t k = other + 1; k < count; k++)
        if (!before(other, k)) permits += steps.change_of_permits(k, step);
      return permits > 0;
    };
    std::erase_if(races, [&](size_t other) { return other == i || !comes_first(other); });
    if (race) races.push_back(i);
    return;
  }
  append_dependent(index, count, step, steps, depends, &races);
}

template <class Depends>
void HappensBefore::append_dependent(size_t index, size_t count, const Step& step,
                                     const Trail& steps, const Depends& depends,
                                     std::vector<size_t>* races) {
  for (size_t w = (count + 63) / 64; w-- > 0;) {
    if (is_long_) {
      const size_t open = long_.open_before(index, w + 1);
      if (open == 0) return;
      w = open - 1;
    }
    const size_t most = count - w * 64;
    Word asked = steps.touching(step.touched, w);
    if (most < 64) asked &= (Word{1} << most) - 1;
    while (const Word open = asked & ~word(index, w)) {
      const auto bit = static_cast<size_t>(63 - __builtin_clzll(open));
      asked &= (Word{1} << bit) - 1;
      const size_t i = w * 64 + bit;
      if (!depends(i, step)) continue;
      if (races) races->push_back(i);
      join(index, i);
    }
  }
}

}  // namespace lockstep
