#include "engine/schedule/rff_corpus.h"

#include <algorithm>
#include <bit>

namespace lockstep {

uint32_t RffCorpus::weight(const Parent& parent) const {
  const auto it = seen_.find(parent.signature);
  const uint64_t times = it == seen_.end() ? 1 : std::max<uint64_t>(it->second, 1);
  return 32u >> std::min(5, static_cast<int>(std::bit_width(times)) - 1);
}

AbstractSchedule RffCorpus::child(Prng& rng) const {
  uint64_t sum = 0;
  for (const Parent& p : parents_) sum += weight(p);
  uint64_t at = rng.below64(sum);
  size_t i = 0;
  while (at >= weight(parents_[i])) at -= weight(parents_[i++]);
  AbstractSchedule schedule = parents_[i].schedule;
  if (pool_.empty()) return schedule;
  const auto draw = [&] {
    const auto& [read, write] = pool_[rng.below64(pool_.size())];
    return Constraint{read, write, rng.below(9) == 0};
  };
  switch (rng.below(4)) {
    case 0:
      schedule.push_back(draw());
      break;
    case 1:
      if (schedule.empty())
        schedule.push_back(draw());
      else
        schedule[rng.below64(schedule.size())] = draw();
      break;
    case 2:
      if (!schedule.empty()) {
        Constraint& c = schedule[rng.below64(schedule.size())];
        c.positive = !c.positive;
      }
      break;
    default:
      break;  // the same again under other priorities
  }
  return schedule;
}

void RffCorpus::learn(const RffLesson& lesson) {
  bool fresh = false;
  for (const auto& pair : lesson.pairs) fresh |= pairs_.insert(pair).second;
  for (const Constraint& c : lesson.satisfied) fresh |= satisfied_.insert(c).second;
  if (fresh) parents_.push_back({lesson.schedule, lesson.signature});
  const auto it =
      fresh ? seen_.try_emplace(lesson.signature, 0).first : seen_.find(lesson.signature);
  if (it != seen_.end()) it->second++;
  for (const auto& [object, place, write] : lesson.accesses) {
    if (!accesses_.insert({object, place, write}).second) continue;
    // Against all accesses of the other kind to the same object.
    for (auto it = accesses_.lower_bound({object, 0, false});
         it != accesses_.end() && std::get<0>(*it) == object; ++it) {
      const auto& [o, other, other_writes] = *it;
      if (write == other_writes) continue;
      const auto pair = write ? std::pair(other, place) : std::pair(place, other);
      if (in_pool_.insert(pair).second) pool_.push_back(pair);
    }
  }
}

uint64_t rff_round(uint64_t ordinal) {
  uint64_t start = 0, round = 0;
  for (;; round++) {
    const uint64_t size = start < 2    ? 1
                          : start < 18 ? 2
                          : start < 58 ? 4
                                       : std::min<uint64_t>(start / 4, start < 4096 ? 64 : 256);
    if (start >= 8192) return round + (ordinal - start) / 256;
    if (ordinal < start + size) return round;
    start += size;
  }
}

}  // namespace lockstep
