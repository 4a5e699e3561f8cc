// Open addressing with linear probing: what every table of ours looks with. How full it may be and
// what its slots hold is its own affair.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep {

// The first slot from `hash` on, one after the other and round the end, of which `found` is true.
// The number of slots is a power of two, and one of them is free.
template <class Slot, class Found>
size_t probe(const std::vector<Slot>& slots, uint64_t hash, Found&& found) {
  const size_t mask = slots.size() - 1;
  size_t at = hash & mask;
  while (!found(slots[at])) at = (at + 1) & mask;
  return at;
}

}  // namespace lockstep
