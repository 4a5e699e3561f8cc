#include "vm/memory/arena.h"

#include <sys/mman.h>

#include "engine/base/error.h"

namespace lockstep::vm {
namespace {

constexpr uint64_t kAlign = 1ull << 32;

// Finds where the kernel maps, then tries the multiples of 4 GiB around it. Reserving twice the
// size and trimming would be simpler, but fails under `ulimit -v`.
char* reserve(size_t bytes) {
  void* probe = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return nullptr;
  const uint64_t at = reinterpret_cast<uint64_t>(probe) & ~(kAlign - 1);
  munmap(probe, 4096);
  for (uint64_t i = 0; i < 8192; i++) {
    const uint64_t want = i % 2 ? at + kAlign * (i / 2 + 1) : at - kAlign * (i / 2);
    if (want == 0 || want >= 0x7fff00000000ull) continue;
    void* p = mmap(reinterpret_cast<void*>(want), bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == reinterpret_cast<void*>(want)) return static_cast<char*>(p);
    if (p != MAP_FAILED) munmap(p, bytes);
  }
  return nullptr;
}

}  // namespace

Arena::Arena() {
  // Address space, not memory: pages are touched as they are needed. Smaller under a limit on
  // address space.
  for (int shrink = 0; shrink < 4 && !base_; shrink++) {
    heap_bytes_ = size_t{1} << (30 - shrink);
    stacks_ = 4096u >> (shrink * 2);
    mapped_ = heap_bytes_ + static_cast<size_t>(stacks_ + kOwnStacks) * kStackBytes;
    base_ = reserve(mapped_);
  }
  if (!base_)
    throw Error(ExitCode::internal, "cannot reserve address space for a machine (192 MiB at least)",
                "raise the limit on address space (ulimit -v), or use fewer workers (-j)");
  LOCKSTEP_ASSERT(reinterpret_cast<uint64_t>(base_) % kAlign == 0);
  head_ = reinterpret_cast<Head*>(base_);
  for (uint32_t i = 0; i < kOwnStacks; i++) guard_one(stacks_ + i);
  reset();
}

Arena::~Arena() { munmap(base_, mapped_); }

// Kernels from 6.13 on guard pages without splitting the mapping, whose number of pieces a system
// limits (vm.max_map_count). Where neither works, what is left over of a stack has to do.
void Arena::guard_one(uint32_t index) {
  constexpr int kGuardInstall = 102;  // MADV_GUARD_INSTALL
  char* end = stack_top(index) - kStackBytes;
  if (madvise(end, kGuardBytes, kGuardInstall) != 0) mprotect(end, kGuardBytes, PROT_NONE);
}

void Arena::guard_up_to(uint32_t index) {
  for (; guarded_ <= index && guarded_ < stacks_; guarded_++) guard_one(guarded_);
}

void Arena::make_read_only(char* from, char* to) {
  if (from < to && mprotect(from, static_cast<size_t>(to - from), PROT_READ) != 0)
    throw Error(ExitCode::internal, "cannot protect what processes share from being written");
}

void Arena::reset() {
  std::memset(static_cast<void*>(head_), 0, sizeof *head_);
  head_->top = base_ + ((sizeof(Head) + 63) & ~size_t{63});
  head_->limit = base_ + heap_bytes_;
}

}  // namespace lockstep::vm
