#include "engine/dpor_trace.h"

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

size_t Trail::overtaken(const Step& acquire, size_t count) const {
  const ObjectId lock = acquire.op.object;
  size_t found = count;
  int64_t room = acquire.room;
  for (size_t i = 0; i < count; i++) {
    const Operation& op = steps_[i].step->op;
    if (op.access != Access::write || !overlap(op.object, lock)) continue;
    if (room > 0) found = i;
    room += op.flags & kAcquire ? -1 : 1;
  }
  return found;
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
