#include "vm/guest/watchdog.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "vm/guest/file_level.h"
#include "vm/guest/guest.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

constexpr uint64_t kSuspectNs = 45'000'000;  // of CPU time, without an operation

uint64_t cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

void count_hook(lua_State* L, lua_Debug*) { machine_of(L).watchdog().on_count(L); }

}  // namespace

void count_instructions(lua_State* L, int period) {
  lua_sethook(L, count_hook, LUA_MASKCOUNT, period);
}

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
  return std::binary_search(library_functions_.begin(), library_functions_.end(), f);
}

void Watchdog::know_library(std::vector<lua_CFunction> functions) {
  library_functions_ = std::move(functions);
  std::sort(library_functions_.begin(), library_functions_.end());
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

bool Watchdog::cut_if_asked() {
  if (!m_.scheduler().cut() && asked_to_stop()) m_.scheduler().cut(true);
  return m_.scheduler().cut();
}

// 100 million instructions, the default, take Lua more than 75 ms on any machine, so what would be
// judged a runaway is always noticed. Of CPU time: on a busy machine anybody may wait for long.
bool Watchdog::on_tick() {
  if ((m_.scheduler().running() || m_.guest().at_file_level()) && asked_to_stop()) {
    m_.scheduler().cut(true);
    m_.scheduler().hurry();  // at its next choice, if it comes to one
  }
  if (!m_.guest().may_run() || ending_) return false;
  if (tick_runs_ != m_.scheduler().execution() || tick_steps_ != world_->steps) {
    tick_runs_ = m_.scheduler().execution();
    tick_steps_ = world_->steps;
    tick_cpu_ = cpu_ns();
    hooked_ticks_ = 0;
    return false;
  }
  lua_State* L = m_.guest().state();
  if (!L) return false;
  const uint64_t cpu = cpu_ns() - tick_cpu_;
  late_ = late_ || static_cast<double>(cpu) > options_.limits.max_compute * 1e9;
  const bool enough = late_ || m_.scheduler().cut();
  if (enough) cut_or_late_ = true;
  hooked_ticks_ = enough ? hooked_ticks_ + 1 : 0;
  if (enough && !noting_ && (compiling_ || in_library_call(L) || in_one_instruction(L))) {
    ending_ = true;
    return true;
  }
  if (!enough && (m_.guest().at_file_level() || counts() || cpu < kSuspectNs)) return false;
  // Safe in a handler: it is what lua.c does for ^C.
  lua_sethook(L, count_hook, LUA_MASKCOUNT, enough ? 1 : 1000);
  return false;
}

// A model that goes on regardless, inside a pcall of its own, is ended at last, at the price of
// what the check had allocated.
bool Watchdog::ask_to_end(lua_State* L) {
  if (!m_.guest().computing() || ++asked_to_end_ > 1000) return false;
  luaL_error(L, "the model computes for too long");
  return true;
}

void Watchdog::end_if_asked(lua_State* L) {
  if (asked_for_memory_) out_of_memory();
  if (asked_to_end_ == 0) return;
  if (m_.scheduler().cut()) m_.scheduler().stop(Verdict::stopped);
  if (!counts() && !late_) m_.scheduler().stop(Verdict::suspect);
  runaway(L);
}

void Watchdog::end_if_wanted(lua_State* L) {
  if (m_.scheduler().cut()) m_.scheduler().stop(Verdict::stopped);
  if (late_) runaway(L);
}

void Watchdog::runaway(lua_State* L) {
  const Process& p = *m_.guest().process();
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
  if (m_.guest().at_file_level()) {
    if (m_.scheduler().cut()) m_.file_level().fail({});
    throw Error(ExitCode::scenario,
                guest_site(L) + fmt::format(": file-level code runs for more than {:g} s",
                                            options_.limits.max_compute));
  }
  if (m_.scheduler().cut()) {
    if (ask_to_end(L)) return;
    m_.scheduler().stop(Verdict::stopped);
  }
  if (late_) {
    if (ask_to_end(L)) return;
    runaway(L);
  }
  if (!counts()) {
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
  m_.scheduler().cut(false);
  cut_or_late_ = false;
}

void Watchdog::begin_anew() {
  asked_to_end_ = 0;
  asked_for_memory_ = false;
  counted_ = 0;
  counted_steps_ = 0;
}

}  // namespace lockstep::vm
