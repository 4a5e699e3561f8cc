#include "cli/ci/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/fold/schedule_view.h"
#include "engine/base/digest.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

fs::path whole(const fs::path& path) {
  std::error_code error;
  const auto absolute = fs::weakly_canonical(path, error);
  return error ? path : absolute;
}

}  // namespace

std::string repository_root(const std::string& project_file) {
  std::error_code error;
  const auto here = fs::current_path(error);
  for (auto folder = here; !error; folder = folder.parent_path()) {
    std::error_code ignored;
    if (fs::exists(folder / ".git", ignored)) return folder.string();
    if (folder == folder.parent_path()) break;
  }
  if (!project_file.empty()) return whole(fs::absolute(project_file)).parent_path().string();
  return here.string();
}

std::string from_root(const std::string& root, const std::string& path) {
  const auto absolute = whole(path);
  const auto relative = absolute.lexically_relative(whole(root));
  if (relative.empty() || *relative.begin() == "..") return absolute.generic_string();
  return relative.generic_string();
}

Place place_of(const std::string& root, const std::string& path, const std::string& site,
               const Trace& trace) {
  std::string file;
  Place place;
  if (!split_site(site, &file, &place.line)) return {};
  const bool there = std::any_of(trace.files.begin(), trace.files.end(),
                                 [&](const TraceFile& f) { return f.name == file; });
  if (!there) return {};
  place.file = from_root(root, (fs::path(path).parent_path() / file).string());
  return place;
}

Place failing_place(const std::string& root, const std::string& path, int scenario_line,
                    const Trace& trace) {
  if (auto at = place_of(root, path, trace.outcome.site, trace); at.line) return at;
  for (auto event = trace.events.rbegin(); event != trace.events.rend(); ++event)
    if (event->who == trace.outcome.process)
      if (auto at = place_of(root, path, event->site, trace); at.line) return at;
  return {from_root(root, path), static_cast<uint32_t>(std::max(scenario_line, 1))};
}

std::string fingerprint(const std::string& file, const std::string& scenario,
                        const Outcome& outcome, const std::string& line_text) {
  uint64_t h = 0;
  const std::string site = line_text.empty() ? outcome.site : line_text;
  for (const std::string& part :
       {file, scenario, std::string(verdict_name(outcome.verdict)), outcome.object, site})
    h = digest_text(part, h);
  return fmt::format("{:016x}", h);
}

}  // namespace lockstep::cli
