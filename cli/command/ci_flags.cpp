#include "cli/command/ci_flags.h"

#include "cli/ci/report_files.h"

namespace lockstep::cli {
namespace {

const Flag kMemory[] = {
    {"--store", nullptr, "DIR",
     "remember failures here, shrunk, each once, and run those of earlier runs again first: still "
     "fails, fixed, cannot tell. For a folder that a team commits or caches",
     [](Options& o, const std::string& t) { o.store = t; }},
    {"--baseline", nullptr, "FILE",
     "failures that are listed here are known: they are told, and change no exit code",
     [](Options& o, const std::string& t) { o.baseline = t; }},
    {"--write-baseline", nullptr, "FILE",
     "list all failures of this run there, with --keep-going, and exit with 0 for them; what the "
     "file says of other scenarios stays",
     [](Options& o, const std::string& t) {
       o.write_baseline = t;
       o.max_failures = 0;
     }},
};

const Flag kReports[] = {
    {"--report", nullptr, "KIND[=FILE]",
     "write another report for CI services: junit=FILE, sarif=FILE, tap=FILE, markdown=FILE, or "
     "github for annotations on stderr; may be repeated",
     [](Options& o, const std::string& t) {
       check_report(t);
       o.reports.push_back(t);
     },
     true},
};

// Flags that say which file holds flags.
const Flag kProject[] = {
    {"--config", nullptr, "FILE",
     "the project file, none for none (default: the nearest lockstep.toml, from here upwards)",
     [](Options&, const std::string&) {}},
    {"--show-config", nullptr, nullptr, "say where each setting came from, and do nothing else",
     [](Options& o, const std::string&) { o.show_config = true; }},
};

}  // namespace

std::span<const Flag> memory_flags() { return kMemory; }
std::span<const Flag> report_flags() { return kReports; }
std::span<const Flag> project_flags() { return kProject; }

}  // namespace lockstep::cli
