#include "vm/guest/fault.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <string>
#include <utility>

#include "vm/guest/file_level.h"
#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/guest/watchdog.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

#ifdef LOCKSTEP_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace lockstep::vm {

void fault_entry() {
  entered();
  current_machine()->guest_faults().end();
}

namespace {

struct sigaction g_before;

// The sanitizer is told of each switch of stacks: this is the first half of one, and entered() the
// second. Frames that were abandoned on that stack before have left their marks.
void about_to_enter([[maybe_unused]] char* top) {
#ifdef LOCKSTEP_ASAN
  __asan_unpoison_memory_region(top - kStackBytes, kStackBytes);
  void* fake = nullptr;  // what is left is never come back to
  __sanitizer_start_switch_fiber(&fake, top - kStackBytes, kStackBytes);
#endif
}

// The interrupted computation is left where it is, and GuestFaults::end() is called instead when
// the handler returns, on the stack that is kept for it.
void leave_interrupted(Machine& m, void* ucontext) {
  constexpr greg_t kDirection = 0x400;
  about_to_enter(m.arena().stack_top(Arena::Own::fault));
  auto& registers = static_cast<ucontext_t*>(ucontext)->uc_mcontext.gregs;
  registers[REG_RIP] = reinterpret_cast<greg_t>(&fault_entry);
  registers[REG_RSP] =
      reinterpret_cast<greg_t>(m.arena().stack_top(Arena::Own::fault)) - 8;  // as after a call
  registers[REG_EFL] &= ~kDirection;
}

void handler(int, siginfo_t* info, void* interrupted) {
  Machine* m = current_machine();
  if (!m || !m->guest_faults().is_expected(info->si_addr)) {
    sigaction(SIGSEGV, &g_before, nullptr);  // and the instruction once more
    return;
  }
  leave_interrupted(*m, interrupted);
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

void catch_faults_on_this_thread() { thread_local SignalStack stack; }

// ---- the watchdog's signal ----

namespace {

constexpr int kSignalOffset = 7;  // SIGRTMIN + 7: unlikely to be anyone else's
constexpr long kPeriodNs = 25'000'000;

void tick_handler(int, siginfo_t*, void* interrupted) {
  Machine* m = current_machine();
  if (m && m->watchdog().on_tick()) leave_interrupted(*m, interrupted);
}

// One periodic timer a thread, aimed at that thread, so that the handler touches only its own
// machine.
struct ThreadTimer {
  timer_t timer{};
  bool armed = false;
  ThreadTimer() {
    struct sigaction action {};
    action.sa_sigaction = tick_handler;
    action.sa_flags = SA_RESTART | SA_ONSTACK | SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGRTMIN + kSignalOffset, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN + kSignalOffset;
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return;
    armed = true;
    const itimerspec spec{{0, kPeriodNs}, {0, kPeriodNs}};
    timer_settime(timer, 0, &spec, nullptr);
  }
  ~ThreadTimer() {
    if (armed) timer_delete(timer);
  }
};

}  // namespace

void watch_this_thread() { thread_local ThreadTimer timer; }

// ---- how an execution ends there ----

bool GuestFaults::is_expected(const void* address) {
  if (!m_.guest().may_run() || fault_) return false;
  if (!arena_.in_guard(address) && !m_.is_shared(address)) return false;
  fault_ = address;
  m_.watchdog().leave_alone();
  return true;
}

void GuestFaults::end() {
  m_.watchdog().leave_alone();
  lua_State* L = m_.guest().state();
  const void* address = std::exchange(fault_, nullptr);
  if (m_.guest().at_file_level()) {
    if (!address && m_.scheduler().cut()) m_.file_level().fail({});
    const std::string where = m_.watchdog().compiling() ? std::string() : guest_site(L);
    m_.file_level().fail((where.empty() ? m_.file_level().file() : where) +
                         (m_.watchdog().compiling() ? ": takes too long to compile"
                          : !address
                              ? ": file-level code runs for too long in one call of a function "
                                "of the library"
                              : ": file-level code nests calls of C functions too deep"));
  }
  if (!address && m_.scheduler().cut()) m_.scheduler().stop(Verdict::stopped);
  if (!address) m_.watchdog().runaway(L);
  if (m_.is_shared(address)) m_.frozen().shared_write(address);
  const Process* p = m_.guest().process();
  Outcome o;
  o.verdict = Verdict::memory_bound;
  o.reason =
      "C stack overflow: more than " + std::to_string((kStackBytes - kGuardBytes) >> 10) + " KiB";
  if (p) o.process = m_.recorder().label(*p), o.reason += " (" + o.process + ")";
  if (L) o.site = guest_site(L);
  m_.scheduler().finish(std::move(o));
}

}  // namespace lockstep::vm
