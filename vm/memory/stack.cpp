#include "vm/memory/stack.h"

#include <pthread.h>

#ifdef LOCKSTEP_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#error "the stack switch is written for x86-64 only; add one for this processor here"
#endif

// Saves the six registers that the System V ABI lets a callee keep, swaps stacks, and leaves by
// ret: all processes are suspended at this one place, so the return-address predictor is right
// (leaving by jmp costs 9 ns a step more).
extern "C" void lockstep_switch_stack(void** from_sp, void* to_sp);
asm(".text\n"
    ".globl lockstep_switch_stack\n"
    ".type lockstep_switch_stack,@function\n"
    "lockstep_switch_stack:\n"
    "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  movq %rsp,(%rdi)\n"
    "  movq %rsi,%rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
    "  ret\n"
    ".size lockstep_switch_stack,.-lockstep_switch_stack\n"
    ".section .note.GNU-stack,\"\",@progbits\n"
    ".text\n");

namespace lockstep::vm {

void switch_stack(Context& from, const Context& to) {
#ifdef LOCKSTEP_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, to.bottom, to.size);
  lockstep_switch_stack(&from.sp, to.sp);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  lockstep_switch_stack(&from.sp, to.sp);
#endif
}

Context make_context(char* top, size_t size, void (*entry)()) {
#ifdef LOCKSTEP_ASAN
  __asan_unpoison_memory_region(top - size,
                                size);  // frames that were abandoned here left their marks
#endif
  void** p = reinterpret_cast<void**>(top);
  *--p = nullptr;  // entry's return address: it never returns, and the stack is aligned as after a
                   // call
  *--p = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; i++) *--p = nullptr;
  return {p, top - size, size};
}

Context thread_context() {
  Context c;
  pthread_attr_t attr;
  void* bottom = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    pthread_attr_getstack(&attr, &bottom, &size);
    pthread_attr_destroy(&attr);
  }
  c.bottom = bottom;
  c.size = size;
  return c;
}

void entered([[maybe_unused]] Context* from) {
#ifdef LOCKSTEP_ASAN
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
  if (!from) return;
  from->bottom = bottom;
  from->size = size;
#endif
}

}  // namespace lockstep::vm
