// Memory of one machine: everything that an execution can change lives here, so that copying the
// used bytes back is a restart (D4), and copying them in the middle is a saved state.
//
// 1. The base is a multiple of 4 GiB: only the low 32 bits of an address ever reach a Lua hash, so
// all machines of all
//    workers order their tables alike.
// 2. Nothing in the arena owns anything outside it, so dropping the contents needs no destructor.
// 3. The allocator's own state is inside, so it is restored with the rest and addresses repeat.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vm/memory/stack.h"

namespace lockstep::vm {

// Lua allows 200 nested C calls; the worst of them, gsub, needs about 2 KiB each. Half is left for
// what an operation needs on top, which is more without optimization and with a sanitizer's red
// zones. Should that ever not do, the end that a stack grows to cannot be touched (fault.h).
#if defined(LOCKSTEP_ASAN) || !defined(NDEBUG)
inline constexpr size_t kStackBytes = 2048 << 10;
#else
inline constexpr size_t kStackBytes = 768 << 10;
#endif
inline constexpr size_t kGuardBytes = 16 << 10;

class Arena {
 public:
  // Stacks beside those of processes: for what is run in somebody's name on nobody's stack, and for
  // what is left to do after a fault.
  enum class Own : uint32_t { aside, fault };
  static constexpr uint32_t kOwnStacks = 2;
  // 16-byte steps up to 512 bytes, powers of two above: no class wastes more than half, and a block
  // never moves class without the caller's realloc.
  static constexpr int kClasses = 33 + 23;
  struct Head {
    char* top;
    char* limit;  // `top` may not pass it
    char* floor;  // blocks below are never reused: an address below it is part of the loaded image
                  // for good
    void* free[kClasses];
    bool full;  // an allocation was refused since the flag was last cleared
  };

  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void reset();
  void* get(size_t size) {
    const int c = size_class(size);
    if (__builtin_expect(c >= kClasses, 0)) return bump(size);  // more than there is
    if (void* p = head_->free[c]) {
      std::memcpy(&head_->free[c], p, sizeof(void*));
      return p;
    }
    return bump(class_size(c));
  }
  // False: it is a block that is never reused.
  bool put(void* p, size_t size) {
    if (static_cast<char*>(p) < head_->floor) return false;
    const int c = size_class(size);
    std::memcpy(p, &head_->free[c], sizeof(void*));
    head_->free[c] = p;
    return true;
  }
  // From here on new blocks are above everything that is there now.
  void seal() {
    std::memset(static_cast<void*>(head_->free), 0, sizeof head_->free);
    head_->floor = head_->top;
  }
  static int size_class(size_t n) {
    return n <= 512 ? static_cast<int>((n + 15) >> 4) : 33 + (63 - __builtin_clzll(n - 1)) - 8 - 1;
  }
  static size_t class_size(int c) {
    return c <= 32 ? (c ? static_cast<size_t>(c) << 4 : 16) : static_cast<size_t>(1024) << (c - 33);
  }

  char* base() const { return base_; }
  size_t used() const { return static_cast<size_t>(head_->top - base_); }
  size_t heap_bytes() const { return heap_bytes_; }
  Head& head() { return *head_; }
  // Bytes that may be in use; at most heap_bytes().
  size_t limit() const { return static_cast<size_t>(head_->limit - base_); }
  void set_limit(size_t bytes) {
    head_->limit = base_ + (bytes < heap_bytes_ ? bytes : heap_bytes_);
  }
  bool contains(const void* p) const {
    return static_cast<const char*>(p) >= base_ && static_cast<const char*>(p) < head_->top;
  }

  uint32_t stacks() const { return stacks_; }
  char* stack_top(uint32_t index) const { return base_ + heap_bytes_ + (index + 1) * kStackBytes; }
  char* stack_top(Own which) const { return stack_top(stacks_ + static_cast<uint32_t>(which)); }
  // To be called before a process's stack is used: from then on the end of it is guarded.
  void guard(uint32_t index) {
    if (__builtin_expect(index >= guarded_, 0)) guard_up_to(index);
  }
  bool in_guard(const void* p) const {
    const auto* end = base_ + heap_bytes_;
    const auto* at = static_cast<const char*>(p);
    return at >= end && at < base_ + mapped_ &&
           static_cast<size_t>(at - end) % kStackBytes < kGuardBytes;
  }
  // The bytes between, whole pages, can be read only from here on.
  void make_read_only(char* from, char* to);

 private:
  void* bump(size_t size) {
    char* p = head_->top;
    if (size > static_cast<size_t>(head_->limit - p)) {
      head_->full = true;
      return nullptr;
    }
    head_->top = p + size;
    return p;
  }
  void guard_up_to(uint32_t index);
  void guard_one(uint32_t index);
  char* base_ = nullptr;
  Head* head_ = nullptr;
  size_t heap_bytes_ = 0;
  uint32_t stacks_ = 0;
  uint32_t guarded_ = 0;  // stacks below this one are
  size_t mapped_ = 0;
};

// A growing array in an arena. Trivially copyable: restored with the arena, never destroyed.
template <class T>
struct Vec {
  static_assert(std::is_trivially_copyable_v<T>);
  T* data = nullptr;
  uint32_t size = 0;
  uint32_t capacity = 0;

  T& operator[](size_t i) { return data[i]; }
  const T& operator[](size_t i) const { return data[i]; }
  T* begin() { return data; }
  T* end() { return data + size; }
  const T* begin() const { return data; }
  const T* end() const { return data + size; }
  T& back() { return data[size - 1]; }
  bool empty() const { return size == 0; }
};

}  // namespace lockstep::vm
