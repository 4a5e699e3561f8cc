#include "cli/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace lockstep::cli {

void init_log(int verbosity) {
  auto logger = std::make_shared<spdlog::logger>("lockstep",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("lockstep: %v");
  auto level = verbosity >= 2   ? spdlog::level::debug
               : verbosity == 1 ? spdlog::level::info
                                : spdlog::level::off;
  if (const char* env = std::getenv("LOCKSTEP_LOG"); env && *env)
    level = spdlog::level::from_str(env);
  logger->set_level(level);
  spdlog::set_default_logger(std::move(logger));
}

void log_info(const std::string& text) { spdlog::info(text); }
void log_debug(const std::string& text) { spdlog::debug(text); }

}  // namespace lockstep::cli
