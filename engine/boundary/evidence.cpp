#include "engine/boundary/evidence.h"

#include <algorithm>

namespace lockstep {

void RacingPairs::saw(uint64_t first, uint64_t second) {
  if (first < second)
    add(first, second, 1);
  else
    add(second, first, 2);
}

void RacingPairs::add(uint64_t low, uint64_t high, uint8_t bits) {
  if (full()) return;
  Orders& orders = orders_[mix64(low, high)];
  if (orders.bits == 0) {
    orders.low = low;
    orders.high = high;
    pairs_++;
  }
  if (orders.bits != 3 && (orders.bits | bits) == 3) both_++;
  orders.bits |= bits;
}

std::vector<RacingPairs::Orders> RacingPairs::all() const {
  std::vector<Orders> pairs;
  orders_.for_each([&pairs](const Orders& o) { pairs.push_back(o); });
  std::sort(pairs.begin(), pairs.end(), [](const Orders& a, const Orders& b) {
    return std::pair(a.low, a.high) < std::pair(b.low, b.high);
  });
  return pairs;
}

void RacingPairs::add(const std::vector<Orders>& pairs) {
  for (const Orders& o : pairs) add(o.low, o.high, o.bits);
}

void RacingPairs::merge(const RacingPairs& other) {
  other.orders_.for_each([this](const Orders& o) { add(o.low, o.high, o.bits); });
}

uint64_t Evidence::idle() const {
  return static_cast<uint64_t>(std::count_if(processes.begin(), processes.end(),
                                             [](const auto& p) { return !p.second.ran; }));
}

void Evidence::merge(const Evidence& later) {
  executions += later.executions;
  longest = std::max(longest, later.longest);
  assertions += later.assertions;
  asserting += later.asserting;
  drew += later.drew;
  unread += later.unread;
  states += later.states;
  untold += later.untold;
  for (const auto& [key, p] : later.processes) {
    const auto [it, fresh] = processes.try_emplace(key, p);
    if (!fresh) it->second.ran |= p.ran;
  }
  for (const auto& [key, u] : later.paths) {
    const auto [it, fresh] = paths.try_emplace(key, u);
    if (fresh) continue;
    it->second.executions += u.executions;
    it->second.messages += u.messages;
  }
  races.merge(later.races);
}

}  // namespace lockstep
