// ^C and SIGTERM: the first asks the running execution to be the last one, the second ends the
// process at once.
#pragma once
#include <atomic>

namespace lockstep::cli {

void install_signal_handlers();
const std::atomic<bool>& interrupted();

}  // namespace lockstep::cli
