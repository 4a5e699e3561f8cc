// State that the footprints of pending operations are computed from (footprints.cpp, effects.cpp).
//
// It is read like what it holds. Only SyncPoint::change() gives it away to be changed, and notes
// that those footprints are stale: they are made anew before anybody looks at the alternatives
// again (Performer::renew_footprints). So a change that a footprint does not follow cannot be
// written.
#pragma once
#include "vm/memory/arena.h"

namespace lockstep::vm {

// Whose footprints look at it.
enum class Readers : uint8_t {
  signals,  // those of whatever passes between processes, or is on its way
  ends,     // those of processes that have announced their end
  targets,  // those of operations with a deferred target, and of ends
};

template <class T, Readers kReaders = Readers::signals>
class Watched {
 public:
  Watched() = default;
  explicit constexpr Watched(const T& value) : value_(value) {}
  operator const T&() const { return value_; }
  const T& get() const { return value_; }
  const T* operator->() const { return &value_; }

 private:
  friend class SyncPoint;
  T value_{};
};

template <class T, Readers kReaders>
class Watched<Vec<T>, kReaders> {
 public:
  operator const Vec<T>&() const { return value_; }
  uint32_t size() const { return value_.size; }
  bool empty() const { return value_.size == 0; }
  const T& operator[](size_t i) const { return value_.data[i]; }
  const T* begin() const { return value_.data; }
  const T* end() const { return value_.data + value_.size; }

 private:
  friend class SyncPoint;
  Vec<T> value_;
};

}  // namespace lockstep::vm
