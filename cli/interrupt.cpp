#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "engine/error.h"

namespace lockstep::cli {
namespace {

std::atomic<bool> g_interrupted{false};

void on_signal(int) {
  if (g_interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::interrupted));
}

}  // namespace

void install_signal_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE,
              SIG_IGN);  // a reader that leaves must not cost the traces still to be written
}

const std::atomic<bool>& interrupted() { return g_interrupted; }

}  // namespace lockstep::cli
