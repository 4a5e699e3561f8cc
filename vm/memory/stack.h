// C stacks for processes and the switch between them (D4b). A process that is suspended is nothing
// but its stack.
#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define LOCKSTEP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOCKSTEP_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define LOCKSTEP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LOCKSTEP_TSAN 1
#endif
#endif

namespace lockstep::vm {

// Where a suspended computation goes on. Plain data: saved and restored with the arena.
struct Context {
  void* sp = nullptr;
  const void* bottom = nullptr;  // lowest address of its stack, for the sanitizers
  size_t size = 0;
};

// Suspends the running computation into `from` and goes on with `to`.
void switch_stack(Context& from, const Context& to);

// Prepares a context that will call entry() on a fresh stack ending below `top`. entry must never
// return.
Context make_context(char* top, size_t size, void (*entry)());

// Context of the thread's own stack, before the first switch away from it.
Context thread_context();

// The first thing to do on a stack that was entered by switch_stack for the first time. `from`:
// what was suspended, if that has no bounds yet: a sanitizer that is told wrong ones when it goes
// on does not see where errors leave frames on that stack.
void entered(Context* from = nullptr);

}  // namespace lockstep::vm
