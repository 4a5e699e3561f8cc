#include "engine/dpor/trail.h"

namespace lockstep {

Taken& Trail::set(size_t at, const Taken& taken) {
  if (at == steps_.size()) {
    steps_.emplace_back();
    if (at % 64 == 0) index_.resize(index_.size() + 64);
  } else {
    mark(at, steps_[at].step->touched);
  }
  mark(at, taken.step->touched);
  return steps_[at] = taken;
}

namespace {
// What the operation does to the permits of a lock.
int permits_changed_by(const Operation& op, ObjectId lock) {
  if (op.access != Access::write || !overlap(op.object, lock)) return 0;
  return op.flags & kAcquire ? -1 : 1;
}
}  // namespace

size_t Trail::latest_coenabled_acquire(const Step& acquire, size_t count) const {
  size_t found = count;
  int64_t permits = acquire.permits;
  for (size_t i = 0; i < count; i++) {
    const int change = permits_changed_by(steps_[i].step->op, acquire.op.object);
    if (change != 0 && permits > 0) found = i;
    permits += change;
  }
  return found;
}

int64_t Trail::change_of_permits(size_t at, const Step& acquire) const {
  return permits_changed_by(steps_[at].step->op, acquire.op.object);
}

int64_t Trail::permits_before(const Step& acquire, size_t count) const {
  int64_t permits = acquire.permits;
  for (size_t i = 0; i < count; i++)
    permits += permits_changed_by(steps_[i].step->op, acquire.op.object);
  return permits;
}

void HappensBefore::resize(size_t steps) {
  if (is_long_) {
    if (steps + 1 > long_.size()) long_.resize(steps * 2 + 1);
    return;
  }
  if (steps > kShort) {
    become_long();
    return resize(steps);
  }
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

void HappensBefore::join_all(size_t into, size_t count) {
  if (is_long_) return long_.fill(into, count);
  std::fill_n(row(into), count / 64, ~Word{0});
  if (count % 64) row(into)[count / 64] |= (Word{1} << count % 64) - 1;
}

void HappensBefore::become_long() {
  const size_t rows = rows_.size() / words_;
  long_.resize(rows);
  for (size_t i = 0; i < rows; i++) long_.assign(i, {row(i), words_});
  std::vector<Word>().swap(rows_);
  is_long_ = true;
}

}  // namespace lockstep
