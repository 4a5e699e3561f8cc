// Where things are for others than this process: from the root of the repository, so that it is the
// same on every machine.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engine/boundary/outcome.h"
#include "engine/trace/trace.h"

namespace lockstep::cli {

// The nearest folder upwards with a .git in it; else the one of the project file; else the current
// one.
std::string repository_root(const std::string& project_file);

// Relative to the root, with slashes; absolute if it is not below it.
std::string from_root(const std::string& root, const std::string& path);

struct Place {
  std::string file;  // from the root
  uint32_t line = 0;
};

// Where it failed: the site of the outcome, else of the last step of the process it failed in, else
// the scenario's own place. `path` is the scenario file's, whose folder the trace's names are of.
Place failing_place(const std::string& root, const std::string& path, int scenario_line,
                    const Trace& trace);
// ... of "lost_update.lua:22"; line 0 if it is in none of the trace's files.
Place place_of(const std::string& root, const std::string& path, const std::string& site,
               const Trace& trace);

// Which failure this is, for baselines and for services that tell new ones from old ones: 16
// hexadecimal digits of the file, the scenario's name, verdict, object and the text of the failing
// line. Not of the line's number: other edits of the file move it.
std::string fingerprint(const std::string& file, const std::string& scenario,
                        const Outcome& outcome, const std::string& line_text);

// The text of the line of a site, without the blanks around it; empty if there is none.
template <class Files>
std::string site_text(const Files& files, const std::string& site) {
  const size_t colon = site.rfind(':');
  if (colon == std::string::npos) return "";
  for (const auto& file : files) {
    if (file.name != site.substr(0, colon)) continue;
    const long line = std::strtol(site.c_str() + colon + 1, nullptr, 10);
    size_t at = 0;
    for (long i = 1; i < line && at != std::string::npos; i++) {
      at = file.text.find('\n', at);
      if (at != std::string::npos) at++;
    }
    if (at == std::string::npos) return "";
    const std::string text = file.text.substr(at, file.text.find('\n', at) - at);
    const size_t first = text.find_first_not_of(" \t\r");
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  }
  return "";
}

}  // namespace lockstep::cli
