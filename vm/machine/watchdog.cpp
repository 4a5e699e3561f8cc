#include "vm/machine/watchdog.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>

#include "vm/machine/fault.h"
#include "vm/machine/machine.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

constexpr int kSignalOffset = 7;  // SIGRTMIN + 7: unlikely to be anyone else's
constexpr long kPeriodNs = 25'000'000;

void handler(int, siginfo_t*, void* interrupted) {
  Machine* m = current_machine();
  if (m && m->on_tick()) leave_interrupted(*m, interrupted);
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

void count_hook(lua_State* L, lua_Debug*) { machine_of(L).on_count(L); }

}  // namespace

void count_instructions(lua_State* L, int period) {
  lua_sethook(L, count_hook, LUA_MASKCOUNT, period);
}

void watch_this_thread() { thread_local ThreadTimer timer; }

// Functions of Lua's own libraries keep nothing outside the arena while they run, and hold no lock:
// one that does not come back can be left where it is.
bool Machine::in_library_call(lua_State* L) const {
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
  return std::binary_search(library_functions_.begin(), library_functions_.end(), f);
}

// 100 million instructions take Lua more than 50 ms on any machine, so what would be judged a
// runaway is always noticed.
bool Machine::on_tick() {
  if (const StopToken* token = stop_token_; token && running_ && token->asks()) {
    cut_ = true;
    alarm_ = 0;  // at its next choice, if it comes to one
  }
  if ((!running_ && !file_level_) || on_main_ || fault_ || ending_) return false;
  if (tick_runs_ != runs_ || tick_steps_ != world_->steps) {
    tick_runs_ = runs_;
    tick_steps_ = world_->steps;
    ticks_ = 0;
    tick_cpu_ = cpu_ns();
    return false;
  }
  lua_State* L = guest();
  if (!L) return false;
  late_ = late_ || static_cast<double>(cpu_ns() - tick_cpu_) > options_.limits.max_compute * 1e9;
  const bool enough = late_ || cut_;
  if (enough && in_library_call(L)) {
    ending_ = true;
    return true;
  }
  if (!enough && (file_level_ || options_.limits.count_instructions || ++ticks_ < 2)) return false;
  // Safe in a handler: it is what lua.c does for ^C.
  lua_sethook(L, count_hook, LUA_MASKCOUNT, enough ? 1 : 1000);
  return false;
}

// A model that goes on regardless, inside a pcall of its own, is ended at last, at the price of
// what the check had allocated.
bool Machine::ask_to_end(lua_State* L) {
  if (!checking_ || ++asked_to_end_ > 1000) return false;
  luaL_error(L, "the model computes for too long");
  return true;
}

void Machine::end_if_asked(lua_State* L) {
  if (asked_for_memory_) out_of_memory();
  if (asked_to_end_ == 0) return;
  if (cut_) stop(Verdict::stopped);
  if (!options_.limits.count_instructions && !late_) stop(Verdict::suspect);
  runaway(L);
}

void Machine::runaway(lua_State* L) {
  const Process& p = *guest_process();
  const std::string who = "runaway: " + recorder().label(p) + " performed no operation within ";
  if (late_)
    fail(Verdict::runaway, p,
         fmt::format("{}{:g} s of CPU time (--max-compute; by the clock, so not the same on every "
                     "machine)",
                     who, options_.limits.max_compute),
         guest_site(L));
  fail(Verdict::runaway, p,
       who + std::to_string(options_.limits.max_instructions) + " instructions", guest_site(L));
}

void Machine::on_count(lua_State* L) {
  if (file_level_) end_loading(L);
  if (cut_) {
    if (ask_to_end(L)) return;
    stop(Verdict::stopped);
  }
  if (late_) {
    if (ask_to_end(L)) return;
    runaway(L);
  }
  if (!options_.limits.count_instructions) {
    if (tick_steps_ != world_->steps || tick_runs_ != runs_) {
      lua_sethook(L, nullptr, 0, 0);
      return;  // it has performed an operation since
    }
    if (ask_to_end(L)) return;
    lua_sethook(L, nullptr, 0, 0);
    stop(Verdict::suspect);
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

}  // namespace lockstep::vm
