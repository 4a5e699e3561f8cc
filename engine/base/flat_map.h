// A map from 64-bit keys that is emptied in no time: what every execution fills anew. The
// order of for_each means nothing.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/probe.h"

namespace lockstep {

template <class Value>
class FlatMap {
 public:
  FlatMap() : slots_(64) {}
  void clear() {
    generation_++;
    size_ = 0;
  }
  // The value of that key, a fresh one if there was none.
  Value& operator[](uint64_t key) {
    if (size_ * 2 >= slots_.size()) grow();
    Slot& slot = find(key);
    if (slot.generation != generation_) {
      slot = {key, generation_, Value{}};
      size_++;
    }
    return slot.value;
  }
  size_t size() const { return size_; }
  template <class Function>
  void for_each(Function&& function) const {
    for (const Slot& s : slots_)
      if (s.generation == generation_) function(s.value);
  }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t generation = 0;
    Value value{};
  };
  Slot& find(uint64_t key) {
    return slots_[probe(slots_, mix64(key, 1), [&](const Slot& s) {
      return s.generation != generation_ || s.key == key;
    })];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (Slot& s : old)
      if (s.generation == generation_) find(s.key) = std::move(s);
  }
  std::vector<Slot> slots_;
  uint32_t generation_ = 1;
  size_t size_ = 0;
};

}  // namespace lockstep
