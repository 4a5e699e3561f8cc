#include "cli/terminal/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <ctime>

#include "engine/base/error.h"
#include "engine/boundary/system.h"

namespace lockstep::cli {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<bool> g_nothing_to_report{false};
std::atomic<int64_t> g_first{0};  // milliseconds of the monotonic clock

// timeout(1), and whoever else signals a process and its group, does so twice at once. That is one
// request.
constexpr int64_t kOneRequest = 200;

void on_signal(int) {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  const int64_t now = t.tv_sec * int64_t{1000} + t.tv_nsec / 1'000'000;
  int64_t first = 0;
  if (g_nothing_to_report) {
    constexpr char kText[] = "lockstep: interrupted\n";
    if (::write(STDERR_FILENO, kText, sizeof kText - 1) < 0) {
    }
    _exit(static_cast<int>(ExitCode::interrupted));
  }
  if (!g_first.compare_exchange_strong(first, now) && now - first > kOneRequest)
    _exit(static_cast<int>(ExitCode::interrupted));
  g_interrupted = true;
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before {};  // under nohup a terminal may go
  if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE,
              SIG_IGN);  // a reader that leaves must not cost the traces still to be written
}

const std::atomic<bool>& interrupted() { return g_interrupted; }

NothingToReport::NothingToReport() {
  g_nothing_to_report = true;
  if (g_interrupted) _exit(static_cast<int>(ExitCode::interrupted));
}
NothingToReport::~NothingToReport() { g_nothing_to_report = false; }

const StopToken& stop_if_interrupted() {
  static const StopToken token = stop_after(0);
  return token;
}

StopToken stop_after(double seconds) {
  constexpr double kMoment = 0.06, kForEver = 1e9;
  StopToken token;
  token.interrupted = &g_interrupted;
  if (seconds > 0 && seconds < kForEver)
    token.deadline =
        std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                               std::chrono::duration<double>(seconds + kMoment));
  return token;
}

}  // namespace lockstep::cli
