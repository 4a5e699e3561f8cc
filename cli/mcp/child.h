// One command of this binary as a process of its own: no scenario takes the server with it.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace lockstep::cli {

class Child {
 public:
  using Clock = std::chrono::steady_clock;

  // Runs `lockstep ARGS` in the folder `root`, which it cannot leave. `seconds` from now it is
  // asked to end, and soon after that it is killed. Throws Error(ExitCode::internal) if there can
  // be no process.
  Child(const std::vector<std::string>& args, const std::string& root, double seconds);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int out() const { return out_; }  // to be read from; -1 at their end
  int err() const { return err_; }
  void read();             // what there is; call when poll() says so
  bool finished();         // it has ended, and all is read
  void stop();             // as ^C: what there is by then is its result
  void tick();             // looks at the clock
  double seconds() const;  // since it began

  const std::string& output() const { return output_; }
  const std::string& errors() const { return errors_; }
  int code() const { return code_; }             // as a shell would say it: 128 + signal
  bool timed_out() const { return timed_out_; }  // it was told to end by the clock
  bool too_much() const { return too_much_; }    // output, and so it was killed

 private:
  void kill_it();

  int pid_ = -1, out_ = -1, err_ = -1, code_ = 0;
  bool ended_ = false, timed_out_ = false, too_much_ = false, killed_ = false;
  Clock::time_point begun_, deadline_, last_;  // of its begin, and when to ask and to kill
  std::string output_, errors_;
};

}  // namespace lockstep::cli
