#include "vm/watchdog.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "vm/machine.h"

namespace lockstep::vm {
namespace {

constexpr int kSignalOffset = 7;  // SIGRTMIN + 7: unlikely to be anyone else's
constexpr long kPeriodNs = 25'000'000;

void handler(int) {
  if (Machine* m = current_machine()) m->on_tick();
}

// One periodic timer a thread, aimed at that thread, so that the handler touches only its own
// machine.
struct ThreadTimer {
  timer_t timer{};
  bool armed = false;
  ThreadTimer() {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
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

// 100 million instructions take Lua more than 50 ms on any machine, so what would be judged a
// runaway is always noticed.
void Machine::on_tick() {
  if (!running_ || on_main_ || options_.limits.count_instructions) return;
  if (tick_runs_ != runs_ || tick_steps_ != world_->steps) {
    tick_runs_ = runs_;
    tick_steps_ = world_->steps;
    ticks_ = 0;
    return;
  }
  if (++ticks_ < 2) return;
  lua_State* L = guest();
  if (!L) return;
  lua_sethook(L, count_hook, LUA_MASKCOUNT,
              1000);  // safe in a handler: it is what lua.c does for ^C
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
  if (!options_.limits.count_instructions) stop(Verdict::suspect);
  runaway(L);
}

void Machine::runaway(lua_State* L) {
  const Process& p = *guest_process();
  fail(Verdict::runaway, p,
       "runaway: " + label(p) + " performed no operation within " +
           std::to_string(options_.limits.max_instructions) + " instructions",
       guest_site(L));
}

void Machine::on_count(lua_State* L) {
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
