// A bound on the memory of this process while something runs: what would exceed it throws
// std::bad_alloc.
#pragma once
#include <sys/resource.h>

#include <cstdint>

namespace lockstep::cli {

class MemoryLimit {
 public:
  // Of all that the process holds, with its code. `threads`: how many more will be started.
  MemoryLimit(uint64_t bytes, unsigned threads);
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit();

 private:
  rlimit before_{};
  bool set_ = false;
};

}  // namespace lockstep::cli
