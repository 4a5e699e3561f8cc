// ^C, SIGTERM and SIGHUP: the first ends what is under way, and what there is by then is reported;
// the second ends the process at once.
#pragma once
#include <atomic>

namespace lockstep {
struct StopToken;
}

namespace lockstep::cli {

void install_signal_handlers();
const std::atomic<bool>& interrupted();

// While one lives the first signal ends the process, too: there is nothing to report yet, and what
// is under way asks nobody.
class NothingToReport {
 public:
  NothingToReport();
  ~NothingToReport();
  NothingToReport(const NothingToReport&) = delete;
  NothingToReport& operator=(const NothingToReport&) = delete;
};
const StopToken& stop_if_interrupted();  // for what has no time limit of its own

// That, and a limit: `seconds` from now, 0 for none, and a moment more for what is left to say.
StopToken stop_after(double seconds);

}  // namespace lockstep::cli
