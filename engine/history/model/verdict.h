// What a check can say, and what it may cost.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lockstep::history {

enum class Verdict : uint8_t { valid, invalid, unknown };

// Bounds of one check. A bound that is hit makes the verdict unknown, never wrong.
struct Budget {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  size_t bytes_max = size_t{2} << 30;
  uint64_t nodes_max = UINT64_MAX;
  const std::atomic<bool>* interrupted = nullptr;  // may be null
  static Budget seconds(double seconds);
  bool ended() const {  // but for what bytes and nodes allow
    return (interrupted && *interrupted) || std::chrono::steady_clock::now() > deadline;
  }
};

}  // namespace lockstep::history
