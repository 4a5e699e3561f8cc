// --check-determinism: a System that runs every execution twice and compares what came out.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "engine/boundary/system.h"

namespace lockstep::cli {

// Shared by all workers. Keeps the difference of the lowest iteration, so the report does not
// depend on their number.
class DeterminismCheck {
 public:
  void note(uint64_t iteration, std::string difference);
  void count() { checked_++; }
  uint64_t checked() const { return checked_; }
  std::string difference() const;  // empty if none was seen

 private:
  mutable std::mutex mutex_;
  std::atomic<uint64_t> checked_{0};
  uint64_t iteration_ = 0;
  std::string difference_;
};

std::unique_ptr<System> checked_system(std::unique_ptr<System> inner, DeterminismCheck* check);

}  // namespace lockstep::cli
