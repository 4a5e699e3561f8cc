#include "vm/machine/fault.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>

#include "vm/machine/machine.h"
#include "vm/machine/watchdog.h"

#ifdef LOCKSTEP_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace lockstep::vm {

void fault_entry() {
  entered();
  current_machine()->watchdog().end_at_fault();
}

namespace {

struct sigaction g_before;

void handler(int, siginfo_t* info, void* interrupted) {
  Machine* m = current_machine();
  if (!m || !m->watchdog().is_expected_fault(info->si_addr)) {
    sigaction(SIGSEGV, &g_before, nullptr);  // and the instruction once more
    return;
  }
  leave_interrupted(*m, interrupted);
}

// The sanitizer is told of each switch of stacks: this is the first half of one, and entered() the
// second. Frames that were abandoned on that stack before have left their marks.
void about_to_enter([[maybe_unused]] char* top) {
#ifdef LOCKSTEP_ASAN
  __asan_unpoison_memory_region(top - kStackBytes, kStackBytes);
  void* fake = nullptr;  // what is left is never come back to
  __sanitizer_start_switch_fiber(&fake, top - kStackBytes, kStackBytes);
#endif
}

// Handlers run here: at the end of a stack there is no room for them.
struct SignalStack {
  static constexpr size_t kBytes = 64 << 10;
  stack_t before{};
  void* memory = MAP_FAILED;
  SignalStack() {
    static const bool installed = [] {
      struct sigaction action {};
      action.sa_sigaction = handler;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      sigfillset(&action.sa_mask);  // the watchdog must not find us here
      return sigaction(SIGSEGV, &action, &g_before) == 0;
    }();
    if (!installed) return;
    memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = kBytes;
    sigaltstack(&stack, &before);
  }
  ~SignalStack() {
    if (memory == MAP_FAILED) return;
    sigaltstack(&before, nullptr);
    munmap(memory, kBytes);
  }
};

}  // namespace

void leave_interrupted(Machine& m, void* ucontext) {
  constexpr greg_t kDirection = 0x400;
  about_to_enter(m.arena().stack_top(Arena::Own::fault));
  auto& registers = static_cast<ucontext_t*>(ucontext)->uc_mcontext.gregs;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&fault_entry);
  registers[REG_RSP] =
      reinterpret_cast<greg_t>(m.arena().stack_top(Arena::Own::fault)) - 8;  // as after a call
  registers[REG_EFL] &= ~kDirection;
}

void catch_faults_on_this_thread() { thread_local SignalStack stack; }

}  // namespace lockstep::vm
