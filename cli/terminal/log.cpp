#include "cli/terminal/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cli/settings/values.h"
#include "cli/terminal/words.h"
#include "engine/base/error.h"

namespace lockstep::cli {
namespace {

constexpr const char* kNames[] = {"load", "search", "shrink", "trace", "replay"};
using Loggers = std::array<std::shared_ptr<spdlog::logger>, std::size(kNames)>;
using Level = spdlog::level::level_enum;

Loggers& loggers() {
  static Loggers all;
  return all;
}

Level level_of(const std::string& text) {
  const auto level = spdlog::level::from_str(text);  // off for what it does not know
  if (level == spdlog::level::off && text != "off")
    throw Error(ExitCode::usage, fmt::format("LOCKSTEP_LOG: '{}' is no level", text),
                "debug, info, warn or off; or for one part: LOCKSTEP_LOG=info,search=debug");
  return level;
}

// "info,search=debug": one for all, and for each part that is named.
void set_levels(const std::string& text) {
  for (const auto& item : split(text, ',')) {
    const auto equals = item.find('=');
    const auto level = level_of(item.substr(equals == std::string::npos ? 0 : equals + 1));
    const auto name = equals == std::string::npos ? "" : item.substr(0, equals);
    bool known = name.empty();
    for (size_t i = 0; i < std::size(kNames); i++)
      if (name.empty() || name == kNames[i]) loggers()[i]->set_level(level), known = true;
    if (!known)
      throw Error(ExitCode::usage, fmt::format("LOCKSTEP_LOG: there is no part '{}'", name),
                  "load, search, shrink, trace or replay");
  }
}

// The disk may fill up on the way: said once, since a log is nobody's verdict.
void on_log_error(const std::string& what) {
  static std::atomic<bool> said{false};
  if (!said.exchange(true))
    std::fprintf(stderr, "lockstep: --log-file: %s\n", one_line(what).c_str());
}

}  // namespace

void init_log(int verbosity, const std::string& file) {
  const auto shown = verbosity >= 2   ? spdlog::level::debug
                     : verbosity == 1 ? spdlog::level::info
                                      : spdlog::level::off;
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  sinks[0]->set_pattern("lockstep: %n: %v");
  if (!file.empty()) {
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, true));
      sinks[1]->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %n: %v");
      // A file that takes nothing is found out before anything is done.
      sinks[1]->log(
          spdlog::details::log_msg("log", spdlog::level::info, "lockstep " LOCKSTEP_VERSION));
      sinks[1]->flush();
    } catch (const spdlog::spdlog_ex& e) {
      throw Error(ExitCode::trace, fmt::format("--log-file {}: {}", file, e.what()),
                  "name a file in a folder that can be written to");
    }
  }
  const char* env = std::getenv("LOCKSTEP_LOG");
  if (env && !*env) env = nullptr;
  if (!env) sinks[0]->set_level(shown);
  for (size_t i = 0; i < std::size(kNames); i++) {
    auto& logger = loggers()[i];
    logger = std::make_shared<spdlog::logger>(kNames[i], sinks.begin(), sinks.end());
    logger->set_level(file.empty() ? shown : spdlog::level::debug);
    logger->set_error_handler(on_log_error);
    logger->flush_on(spdlog::level::debug);  // whoever reads it meanwhile, or after a crash
  }
  if (env) set_levels(env);
}

void log_info(Part part, const std::string& text) {
  if (const auto& logger = loggers()[static_cast<size_t>(part)]) logger->info(one_line(text));
}
void log_debug(Part part, const std::string& text) {
  if (const auto& logger = loggers()[static_cast<size_t>(part)]) logger->debug(one_line(text));
}

}  // namespace lockstep::cli
