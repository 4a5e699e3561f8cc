#include "vm/machine/watchdog.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "vm/loading/frozen.h"
#include "vm/loading/loading.h"
#include "vm/machine/calls.h"
#include "vm/machine/fault.h"
#include "vm/machine/machine.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

constexpr int kSignalOffset = 7;  // SIGRTMIN + 7: unlikely to be anyone else's
constexpr long kPeriodNs = 25'000'000;
constexpr uint64_t kSuspectNs = 45'000'000;  // of CPU time, without an operation

void handler(int, siginfo_t*, void* interrupted) {
  Machine* m = current_machine();
  if (m && m->watchdog().on_tick()) leave_interrupted(*m, interrupted);
}

uint64_t cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

// One periodic timer a thread, aimed at that thread, so that the handler touches only its own
// machine.
struct ThreadTimer {
  timer_t timer{};
  bool armed = false;
  ThreadTimer() {
    struct sigaction action {};
    action.sa_sigaction = handler;
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

void count_hook(lua_State* L, lua_Debug*) { machine_of(L).watchdog().on_count(L); }

}  // namespace

void count_instructions(lua_State* L, int period) {
  lua_sethook(L, count_hook, LUA_MASKCOUNT, period);
}

void watch_this_thread() { thread_local ThreadTimer timer; }

// Functions of Lua's own libraries keep nothing outside the arena while they run, and hold no lock:
// one that does not come back can be left where it is.
bool Watchdog::in_library_call(lua_State* L) const {
  const auto* call = layout::load<const void*>(L, layout::kStateCallInfo);
  if (layout::runs_lua(call)) return false;
  const auto* slot = layout::load<const char*>(call, 0);
  lua_CFunction f = nullptr;
  switch (static_cast<uint8_t>(slot[8])) {
    case layout::kLightFunctionTag:
      f = layout::load<lua_CFunction>(slot, 0);
      break;
    case layout::kCClosureTag | 0x40:
      f = layout::load<lua_CFunction>(layout::load<const void*>(slot, 0),
                                      layout::kCClosureFunction);
      break;
    default:
      return false;
  }
  return m_.frozen().of_library(f);
}

// A Lua function runs, and for two periods did not come to its next instruction: it calls a value
// whose __call is that value, or compares strings of the size of the heap. The interpreter is left
// like a library's function.
bool Watchdog::in_one_instruction(lua_State* L) const {
  return hooked_ticks_ > 2 &&
         layout::runs_lua(layout::load<const void*>(L, layout::kStateCallInfo));
}

bool Watchdog::asked_to_stop() const {
  const StopToken* token = stop_token_;
  if (!token) token = options_.stop;
  return token && token->asks();
}

// 100 million instructions take Lua more than 75 ms on any machine, so what would be judged a
// runaway is always noticed. Of CPU time: on a busy machine anybody may wait for long.
bool Watchdog::on_tick() {
  if ((m_.scheduler().running() || m_.loading().at_file_level()) && asked_to_stop()) {
    cut_ = true;
    m_.scheduler().hurry();  // at its next choice, if it comes to one
  }
  if (!m_.calls().guest_may_run() || fault_ || ending_) return false;
  if (tick_runs_ != m_.scheduler().execution() || tick_steps_ != world_->steps) {
    tick_runs_ = m_.scheduler().execution();
    tick_steps_ = world_->steps;
    tick_cpu_ = cpu_ns();
    hooked_ticks_ = 0;
    return false;
  }
  lua_State* L = m_.calls().guest();
  if (!L) return false;
  const uint64_t cpu = cpu_ns() - tick_cpu_;
  late_ = late_ || static_cast<double>(cpu) > options_.limits.max_compute * 1e9;
  const bool enough = late_ || cut_;
  hooked_ticks_ = enough ? hooked_ticks_ + 1 : 0;
  if (enough && !noting_ && (compiling_ || in_library_call(L) || in_one_instruction(L))) {
    ending_ = true;
    return true;
  }
  if (!enough &&
      (m_.loading().at_file_level() || options_.limits.count_instructions || cpu < kSuspectNs))
    return false;
  // Safe in a handler: it is what lua.c does for ^C.
  lua_sethook(L, count_hook, LUA_MASKCOUNT, enough ? 1 : 1000);
  return false;
}

// A model that goes on regardless, inside a pcall of its own, is ended at last, at the price of
// what the check had allocated.
bool Watchdog::ask_to_end(lua_State* L) {
  if (!m_.calls().checking() || ++asked_to_end_ > 1000) return false;
  luaL_error(L, "the model computes for too long");
  return true;
}

void Watchdog::end_if_asked(lua_State* L) {
  if (asked_for_memory_) out_of_memory();
  if (asked_to_end_ == 0) return;
  if (cut_) m_.scheduler().stop(Verdict::stopped);
  if (!options_.limits.count_instructions && !late_) m_.scheduler().stop(Verdict::suspect);
  runaway(L);
}

void Watchdog::runaway(lua_State* L) {
  const Process& p = *m_.calls().guest_process();
  const std::string who = "runaway: " + m_.recorder().label(p) + " performed no operation within ";
  if (late_)
    m_.scheduler().fail(
        Verdict::runaway, p,
        fmt::format("{}{:g} s of CPU time (--max-compute; by the clock, so not the same on every "
                    "machine)",
                    who, options_.limits.max_compute),
        guest_site(L));
  m_.scheduler().fail(Verdict::runaway, p,
                      who + std::to_string(options_.limits.max_instructions) + " instructions",
                      guest_site(L));
}

void Watchdog::on_count(lua_State* L) {
  hooked_ticks_ = 0;
  if (m_.loading().at_file_level()) m_.loading().end(L);
  if (cut_) {
    if (ask_to_end(L)) return;
    m_.scheduler().stop(Verdict::stopped);
  }
  if (late_) {
    if (ask_to_end(L)) return;
    runaway(L);
  }
  if (!options_.limits.count_instructions) {
    if (tick_steps_ != world_->steps || tick_runs_ != m_.scheduler().execution()) {
      lua_sethook(L, nullptr, 0, 0);
      return;  // it has performed an operation since
    }
    if (ask_to_end(L)) return;
    lua_sethook(L, nullptr, 0, 0);
    m_.scheduler().stop(Verdict::suspect);
  }
  if (counted_steps_ != world_->steps) {
    counted_steps_ = world_->steps;
    counted_ = 0;
  }
  counted_ += static_cast<uint64_t>(lua_gethookcount(L));
  if (counted_ < options_.limits.max_instructions) return;
  if (ask_to_end(L)) return;
  runaway(L);
}

void Watchdog::begin() {
  late_ = ending_ = false;
  cut_ = false;
  fault_ = nullptr;
}

void Watchdog::begin_anew() {
  asked_to_end_ = 0;
  asked_for_memory_ = false;
  counted_ = 0;
  counted_steps_ = 0;
}

// ---- faults ----

bool Watchdog::is_expected_fault(const void* address) {
  if (!m_.calls().guest_may_run() || fault_) return false;
  if (!arena_.in_guard(address) && !m_.frozen().contains(address)) return false;
  fault_ = address;
  return true;
}

void Watchdog::end_at_fault() {
  ending_ = true;
  lua_State* L = m_.calls().guest();
  const void* address = std::exchange(fault_, nullptr);
  if (m_.loading().at_file_level()) {
    if (!address && cut_) m_.loading().fail({});
    const std::string where = compiling_ ? std::string() : guest_site(L);
    m_.loading().fail((where.empty() ? m_.loading().context().files->front().name : where) +
                      (compiling_ ? ": takes too long to compile"
                       : !address ? ": file-level code runs for too long in one call of a function "
                                    "of the library"
                                  : ": file-level code nests calls of C functions too deep"));
  }
  if (!address && cut_) m_.scheduler().stop(Verdict::stopped);
  if (!address) runaway(L);
  if (m_.frozen().contains(address)) m_.frozen().shared_write(address);
  const Process* p = m_.calls().guest_process();
  Outcome o;
  o.verdict = Verdict::memory_bound;
  o.reason =
      "C stack overflow: more than " + std::to_string((kStackBytes - kGuardBytes) >> 10) + " KiB";
  if (p) o.process = m_.recorder().label(*p), o.reason += " (" + o.process + ")";
  if (L) o.site = guest_site(L);
  m_.scheduler().finish(std::move(o));
}

}  // namespace lockstep::vm
