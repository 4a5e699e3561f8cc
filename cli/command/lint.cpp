// lockstep lint: what would misbehave in scenario files, without running them.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/command/commands.h"
#include "cli/selection/lint_notes.h"
#include "cli/selection/scenario_files.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

std::string read(const std::string& path) {
  std::string text, problem;
  if (!vm::read_source(path, &text, &problem))
    throw Error(ExitCode::usage, path + ": cannot be read: " + problem);
  return text;
}

std::string ndjson_of(const vm::LintFinding& f) {
  return json_line({{"type", "finding"},
                    {"file", f.file},
                    {"line", f.line},
                    {"rule", f.rule},
                    {"message", f.message},
                    {"hint", f.hint}});
}

// What is known of the files that were looked at so far. Each file's is put out when it is known,
// since whatever is under way then may be ended at any moment.
class LintReport {
 public:
  LintReport(const Options& options, size_t all) : options_(options), all_(all) {}

  void add(const std::vector<vm::LintFinding>& findings) {
    const std::lock_guard lock(mutex_);
    files_++;
    findings_ += findings.size();
    std::string out;
    for (const auto& finding : findings) {
      out += ndjson_ ? ndjson_of(finding) : lint_text(finding);
      if (!ndjson_ && !finding.hint.empty()) out += "  hint: " + one_line(finding.hint) + "\n";
    }
    put(out);
  }
  ExitCode end() {
    const std::lock_guard lock(mutex_);
    const auto exit = broken_ ? broken_->code() : findings_ == 0 ? ExitCode::ok : ExitCode::failure;
    summary(exit);
    return exit;
  }
  // A file that is not Lua keeps nobody from looking at the others.
  void broken(const Error& error) {
    const std::lock_guard lock(mutex_);
    complain(error);
    if (!broken_) broken_ = error;
    broken_files_++;
  }
  // From another thread: whoever looks at a file asks nobody.
  [[noreturn]] void time_is_up() noexcept {
    const std::lock_guard lock(mutex_);
    try {
      summary(ExitCode::incomplete);
    } catch (const Error& e) {  // nobody takes it
      _exit(static_cast<int>(e.code()));
    }
    const size_t left = all_ - files_ - broken_files_;
    const auto text = fmt::format("lockstep: the time was up before {} file{} had been looked at\n",
                                  left, left == 1 ? "" : "s");
    std::fputs(text.c_str(), stderr);
    _exit(static_cast<int>(ExitCode::incomplete));
  }

 private:
  void summary(ExitCode exit) {
    if (ndjson_)
      put(json_line({{"type", "summary"},
                     {"files", files_},
                     {"findings", findings_},
                     {"exit_code", static_cast<int>(exit)}}));
    else if (options_.verbosity >= 0)
      put(fmt::format("{} finding{} in {} file{}\n", findings_, findings_ == 1 ? "" : "s", files_,
                      files_ == 1 ? "" : "s"));
  }

  const Options& options_;
  const bool ndjson_ = options_.format == "ndjson";
  std::mutex mutex_;
  const size_t all_;
  size_t files_ = 0, findings_ = 0, broken_files_ = 0;
  std::optional<Error> broken_;  // the first
};

}  // namespace

ExitCode lint_command(const Options& options) {
  const NothingToReport nothing;  // that has not been put out
  const auto files = scenario_files(options.args, "lockstep lint scenarios/tour/lost_update.lua");
  LintReport report(options, files.size());
  std::jthread timer;
  if (options.total_seconds > 0)
    timer = std::jthread([&](const std::stop_token& stop) {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any never;
      const auto all = std::chrono::duration<double>(std::min(options.total_seconds, 1e9));
      never.wait_for(lock, stop, all, [] { return false; });
      if (!stop.stop_requested()) report.time_is_up();
    });
  for (const auto& file : files) try {
      report.add(vm::lint(file.path, read(file.path)));
    } catch (const Error& e) {
      if (e.code() == ExitCode::usage && !file.found) throw;
      report.broken(e);
    }
  timer.request_stop();
  return report.end();
}

}  // namespace lockstep::cli
